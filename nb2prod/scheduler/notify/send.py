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
from nb2prod.scheduler.notify.notifier import MOST_SECONDS, Message, NotSent, notifier
from nb2prod.scheduler.notify.secret import hide, references, revealed, value_of

__all__ = ["Answer", "send_apart"]

_GRACE = 10.0  # for the process to start and to end, beyond the notifier's own timeout


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`again`: another try is worth it, in `after` seconds when the other side said so."""

    sent: bool
    why: str = ""
    again: bool = True
    after: float = 0.0


def send_apart(
    kind: str, settings: Mapping[str, object], message: Message, *, secrets: Sequence[str] = (), seconds: float = 0.0
) -> Answer:
    """`secrets` are references whose values must not be in the message, whoever wrote it."""
    order = {"kind": kind, "settings": settings, "message": asdict(message), "secrets": list(secrets)}
    process = subprocess.Popen(
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # it may tell of secrets
        start_new_session=True,
    )
    given = settings.get("timeout")
    limit = seconds or (float(given) if isinstance(given, int | float) else min(10.0, MOST_SECONDS)) + _GRACE
    try:
        told, _ = process.communicate(json.dumps(order).encode(), timeout=limit)
        return Answer(**json.loads(told))
    except subprocess.TimeoutExpired:
        return Answer(sent=False, why=f"the notifier did not end within {limit:g} s and was killed")
    except (ValueError, TypeError):
        return Answer(sent=False, why=f"the notifier's process ended with {process.wait()} and no answer")
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kills it with all below it; a command's own group is found by its parents."""
    if process.poll() is None:
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
    process.communicate()


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
