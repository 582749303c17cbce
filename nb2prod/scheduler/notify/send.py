"""The process that sends one message: `python -m nb2prod.scheduler.notify.send`, an order in, an answer out, as JSON.

It is apart from the daemon so that a notifier that hangs, leaks or crashes can be killed and costs nobody anything.
Secrets are read here: they are never in the daemon's memory, nor in what this process says.
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, replace

from nb2prod.errors import Nb2ProdError
from nb2prod.scheduler.notify.notifier import Answer, Message, NotSent, notifier
from nb2prod.scheduler.notify.secret import hide, references, revealed, value_of


def main() -> None:
    answers = os.dup(1)
    os.dup2(2, 1)  # what a notifier prints is no answer
    order = json.load(sys.stdin)
    values: dict[str, str] = {}
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


def _send(order: Mapping[str, object], values: dict[str, str]) -> Answer:
    """Fills `values` with those of all secrets before anything can fail that might tell them."""
    settings, kind = order["settings"], notifier(str(order["kind"]))
    assert isinstance(settings, dict)
    values |= {reference: value_of(reference) for reference in references(settings)}
    shown = revealed(settings, values)
    assert isinstance(shown, dict)
    remark = kind.send(_message(order, values), shown)
    return Answer(sent=True, why=remark)


def _message(order: Mapping[str, object], values: dict[str, str]) -> Message:
    given, secrets = order["message"], order["secrets"]
    assert isinstance(given, dict)
    assert isinstance(secrets, list)
    for reference in secrets:
        try:
            values[reference] = value_of(reference)
        except Nb2ProdError:
            continue  # what cannot be read here cannot be looked for; the run's own redaction has gone before
    texts = {name: hide(str(given[name]), values) for name in ("id", "event", "subject", "body", "at")}
    return Message(**texts, fields={name: hide(str(value), values) for name, value in given["fields"].items()})


if __name__ == "__main__":
    main()
