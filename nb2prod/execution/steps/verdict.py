"""What became of a call: its answer, or how its process ended without one."""

import contextlib
import json
import signal
from dataclasses import dataclass

from nb2prod.execution.kernels import order as kernels
from nb2prod.runtime.steps.calls import Answer, Ending, StepCall

__all__ = ["Seen", "verdict"]

_OURS = ("deadline", "memory", "closed")


@dataclass(frozen=True, kw_only=True)
class Seen:
    """`text` is what it wrote as its answer, whole or not; `failure` says why it could not be started."""

    ending: kernels.Ending
    text: str = ""
    failure: str = ""
    is_cancelled: bool = False


def verdict(call: StepCall, seen: Seen) -> tuple[Answer | None, Ending | None]:
    """One of the two. What was completed counts, whatever happened to its process after that."""
    answer, refusal = _read(seen.text)
    stopped = seen.is_cancelled or seen.ending.reason in _OURS
    if answer is not None and (not stopped or answer.status in ("completed", "timeout")):
        return answer, None
    if seen.is_cancelled:
        return None, Ending(reason="cancelled", message="it was cancelled")
    if refusal or seen.failure:
        return None, Ending(reason="refused", message=refusal or f"its process could not be started: {seen.failure}")
    return None, _ending(call, seen.ending)


def _read(text: str) -> tuple[Answer | None, str]:
    """An answer that is not whole is none."""
    with contextlib.suppress(ValueError, KeyError, TypeError):
        found = json.loads(text)
        if "refused" in found:
            return None, str(found["refused"])
        return Answer.from_json(text), ""
    return None, ""


def _ending(call: StepCall, ending: kernels.Ending) -> Ending:
    if ending.reason == "deadline":
        return Ending(reason="timeout", message=f"it was ended after {call.timeout or 0:g} s")
    if ending.reason == "memory":
        return Ending(reason="memory", signal=ending.signal, message=_of_memory(call))
    if ending.reason == "closed":
        return Ending(reason="lost", message="whoever had asked for it was gone")
    if ending.signal:
        return Ending(reason="died", signal=ending.signal, message=f"its process was killed by {_name(ending.signal)}")
    said = f"its process ended with exit code {ending.code} before the step had"
    return Ending(reason="died", code=ending.code, message=said)


def _of_memory(call: StepCall) -> str:
    if call.memory:
        return f"it took more than its memory of {call.memory / 1e6:g} MB"
    return "the machine had no memory left, and its process was killed"


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
