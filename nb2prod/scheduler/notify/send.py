"""The process that sends one message: `python -m nb2prod.scheduler.notify.send`, an order in, an answer out, as JSON.

It is apart from the daemon so that a notifier that hangs, leaks or crashes can be killed and costs nobody anything.
Secrets are read here: they are never in the daemon's memory, nor in what this process says.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import psutil

from nb2prod.errors import Nb2ProdError
from nb2prod.scheduler.notify.notifier import Message, NotSent, notifier
from nb2prod.scheduler.notify.secret import hide, references, revealed, value_of

__all__ = ["GRACE", "Answer", "Sender"]

GRACE = 10.0  # for the process to start and to end, beyond the notifier's own timeout


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`again`: another try is worth it, in `after` seconds when the other side said so."""

    sent: bool
    why: str = ""
    again: bool = True
    after: float = 0.0


class Sender:
    """Threads may share one. `close` breaks off what is being sent."""

    def __init__(self) -> None:
        self._going: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def send(
        self,
        kind: str,
        settings: Mapping[str, object],
        message: Message,
        *,
        secrets: Sequence[str] = (),
        seconds: float = 0.0,
    ) -> Answer:
        """`secrets` are references whose values must not be in the message, whoever wrote it."""
        order = {"kind": kind, "settings": settings, "message": asdict(message), "secrets": list(secrets)}
        if self._closed:
            return Answer(sent=False, why="no more is sent")
        process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it may tell of secrets
            start_new_session=True,
        )
        self._going.add(process)
        try:
            return _answer(process, json.dumps(order).encode(), seconds or _limit(settings))
        finally:
            _end(process)
            self._going.discard(process)

    def close(self) -> None:
        self._closed = True
        for process in list(self._going):
            _kill(process)


def _limit(settings: Mapping[str, object]) -> float:
    given = settings.get("timeout")
    return (float(given) if isinstance(given, int | float) else 10.0) + GRACE


def _answer(process: subprocess.Popen[bytes], order: bytes, limit: float) -> Answer:
    try:
        told, _ = process.communicate(order, timeout=limit)
        return Answer(**json.loads(told))
    except subprocess.TimeoutExpired:
        return Answer(sent=False, why=f"the notifier did not end within {limit:g} s and was killed")
    except (ValueError, TypeError):
        return Answer(sent=False, why=f"the notifier's process ended with {process.wait()} and no answer")


def _end(process: subprocess.Popen[bytes]) -> None:
    _kill(process)
    process.communicate()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """With all below it; a command's own group is found by its parents."""
    if process.poll() is not None:
        return
    try:
        below = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        below = []
    process.kill()
    for child in below:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue


def main() -> None:
    answers = os.dup(1)
    os.dup2(2, 1)  # what a notifier prints is no answer
    order = json.load(sys.stdin)
    values: list[str] = []
    try:
        answer = _send(order, values)
    except NotSent as error:
        answer = Answer(sent=False, why=error.why, again=error.again, after=error.after)
    except Nb2ProdError as error:
        answer = Answer(sent=False, why=str(error))
    except Exception as error:  # of a notifier that somebody else wrote
        answer = Answer(sent=False, why=f"{type(error).__name__}: {error}")
    told = json.dumps(asdict(replace(answer, why=hide(answer.why, values)[:2000])))
    with os.fdopen(answers, "w", encoding="utf-8") as stream:
        stream.write(told)


def _send(order: Mapping[str, object], values: list[str]) -> Answer:
    """Fills `values` with those of all secrets before anything can fail that might tell them."""
    settings, kind = order["settings"], notifier(str(order["kind"]))
    assert isinstance(settings, dict)
    values += [value_of(reference) for reference in references(settings)]
    shown = revealed(settings)
    assert isinstance(shown, dict)
    remark = kind.send(_message(order, values), shown)
    return Answer(sent=True, why=remark)


def _message(order: Mapping[str, object], values: list[str]) -> Message:
    given, secrets = order["message"], order["secrets"]
    assert isinstance(given, dict)
    assert isinstance(secrets, list)
    for reference in secrets:
        try:
            values.append(value_of(reference))
        except Nb2ProdError:
            continue  # what cannot be read here cannot be looked for; the run's own redaction has gone before
    texts = {name: hide(str(given[name]), values) for name in ("id", "event", "subject", "body", "at")}
    return Message(**texts, fields={name: hide(str(value), values) for name, value in given["fields"].items()})


if __name__ == "__main__":
    main()
