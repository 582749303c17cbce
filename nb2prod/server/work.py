"""One operation, in a process of its own: python -m nb2prod.server.work ORDER

It tells lines of JSON: {"event": TEXT} and at the end {"result": …} or {"error": PROBLEM}. They go where stdout was;
what is printed, by us or by others, goes to stderr.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any  # JSON

from nb2prod.errors import ConversionRefused, Nb2ProdError
from nb2prod.server.errors import problem_of, refusal_of

__all__ = ["main"]

Order = Mapping[str, Any]
Tell = Callable[[str], None]


def main() -> int:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a cancel also ends kernels, and nothing is to be made of that
    channel, order = _channel(), json.loads(sys.argv[1])

    def say(message: Mapping[str, Any]) -> None:
        channel.write(json.dumps(message, default=str) + "\n")
        channel.flush()

    try:
        say(_VERBS[order["verb"]](order, lambda text: say({"event": text})))
    except Nb2ProdError as error:
        say({"error": problem_of(refusal_of(error)), "result": _known(error)})
        return 1
    return 0


def _channel() -> IO[str]:
    kept = os.dup(1)  # what is started from here does not inherit it
    os.dup2(2, 1)
    return os.fdopen(kept, "w", encoding="utf-8")


def _known(error: Nb2ProdError) -> Any:
    from nb2prod.api.check import to_json

    return {"findings": to_json(error.findings)} if isinstance(error, ConversionRefused) else None  # type: ignore[arg-type]


def _convert(order: Order, tell: Tell) -> Mapping[str, Any]:
    from nb2prod.api.convert import convert
    from nb2prod.api.project import digests_of, texts_of
    from nb2prod.api.taking_back import is_replay, take_back

    path, output = Path(order["path"]), Path(order["output"])
    texts, before = texts_of(output), digests_of(output)
    options = {"record": order["record"], "trace": order["trace"], "progress": tell}
    if not is_replay(path):
        done, more = convert(path, output, **options), dict[str, Any]()
    else:
        taken = take_back(path, output, **options)
        done = taken.conversion
        more = {"taken_back": {"notebook": _shown(order, taken.notebook), "cells": taken.cells, "resume": taken.resume}}
        more["notices"] = [_told(order, notice) for notice in (*taken.notices, *done.notices)]
    return {"result": _converted(order, done, before) | more, "before": texts}


def _converted(order: Order, done: Any, before: Mapping[str, str]) -> dict[str, Any]:
    from nb2prod.api.check import to_json
    from nb2prod.api.project import changed_files

    return {
        "folder": _shown(order, done.folder),
        "findings": to_json(done.findings),
        "conflicts": done.conflicts,
        "notices": [_told(order, notice) for notice in done.notices],
        "recorded": done.recorded,
        "files": [
            {"file": file, "state": state} for file, state in changed_files(done.folder, before, done.conflicts).items()
        ],
    }


def _verify(order: Order, tell: Tell) -> Mapping[str, Any]:
    from nb2prod.api.verify import verify

    found = verify(
        Path(order["path"]),
        twice=order["twice"],
        timeout=order["timeout"],
        isolated=order["isolated"],
        progress=tell,
    )
    rows = [
        {"step": row.step, "name": row.name, "cell": row.cell, "status": row.status.value, "detail": row.reason}
        for row in found.rows
    ]
    summary = _told(order, found.verdict)
    notices = [_told(order, found.failure)] if found.failure else []
    return {"result": {"equal": found.equal, "rows": rows, "summary": summary, "notices": notices}}


def _replay(order: Order, tell: Tell) -> Mapping[str, Any]:
    from nb2prod.api.replay import replay

    tell(f"looking for step {order['step']} of run {order['run']}")
    project = Path(order["project"]) if order["project"] else None
    done = replay(order["run"], order["step"], Path(order["path"]), project=project)
    return {
        "result": {
            "path": _shown(order, done.path),
            "notices": [_told(order, notice) for notice in done.notices],
            "failure": done.failure,
        }
    }


def _shown(order: Order, place: Path) -> str:
    """The contents path."""
    return Path(os.path.relpath(os.path.realpath(place), order["root"])).as_posix()


def _told(order: Order, text: str) -> str:
    """With contents paths: a reader knows JupyterLab's folder by no other name."""
    return text.replace(f"{order['root']}/", "")


_VERBS: Mapping[str, Callable[[Order, Tell], Mapping[str, Any]]] = {
    "convert": _convert,
    "verify": _verify,
    "replay": _replay,
}

if __name__ == "__main__":
    sys.exit(main())
