"""Where what code wants to say goes: to the step that is running, to the notebook's output, or nowhere."""

import base64
import json
import pickle
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any  # tables and models of any library; IPython's shell

from nb2prod.runtime.listening import ACTIVE, MIMETYPE, NOTED
from nb2prod.runtime.telling.tabular import csv_of, html_of

__all__ = ["note_artifact", "note_event", "note_metrics", "note_model", "note_table"]

_LARGEST = 5_000_000  # bytes of a file that an output of a notebook carries


def note_metrics(metrics: Mapping[str, float]) -> None:
    """In a notebook alone: a step's listener has been told."""
    text = "\n".join(f"{name} = {value:.6g}" for name, value in metrics.items())
    _show({"text/plain": text, MIMETYPE: dict(metrics)})


def note_table(name: str, table: object) -> None:
    if not ACTIVE and _shell() is None:
        return
    content = csv_of(table)
    _note("table", name, ".csv", content, shown=html_of(table), rows=_length(table))


def note_artifact(path: Path, content: bytes | str | None) -> None:
    if not ACTIVE and _shell() is None:
        return
    data = content.encode() if isinstance(content, str) else path.read_bytes() if content is None else content
    _note("artifact", path.stem, path.suffix, data)


def note_model(name: str, model: object, example: object) -> None:
    """One that cannot be pickled is told of, and not kept: the run is about more than its copy."""
    if not ACTIVE and _shell() is None:
        return
    about = _about(model, example)
    try:
        content = pickle.dumps(model, protocol=5)
    except Exception as error:  # an object may fail to pickle in any way of its own
        reason = f"it cannot be pickled ({type(error).__name__}: {error})"
        print(f"model {name!r} is not kept: {reason}", file=sys.stderr)
        note_event("event", "model not kept", {"data": {"model": name, "reason": reason, **about}})
        return
    _note("model", name, ".pkl", content, **about)


def note_event(kind: str, name: str, data: Mapping[str, object]) -> None:
    given = {key: value for key, value in data.items() if value not in ("", {})}
    plain = json.loads(json.dumps({"name": name, **given}, default=repr))
    if ACTIVE:
        ACTIVE[-1].event(kind, **plain)
        return
    said = " ".join(f"{key}={value}" for key, value in plain.items() if key != "name")
    _show({"text/plain": f"{kind} {name}{': ' if said else ''}{said}", NOTED: {"kind": kind, **plain}})


def _note(kind: str, name: str, suffix: str, content: bytes, shown: str = "", **more: Any) -> None:
    if ACTIVE:
        ACTIVE[-1].new_file(kind, name, suffix, **more).write_bytes(content)
        return
    about = {"kind": kind, "name": name, "suffix": suffix, "size": len(content), **more}
    text = f"{kind} {name}{suffix} ({len(content):,} bytes)"
    if len(content) <= _LARGEST:
        about |= _carried(content)
    else:
        text += ": too large for an output, so that no job keeps it"
    _show({"text/plain": text, **({"text/html": shown} if shown else {}), NOTED: about})


def _carried(content: bytes) -> dict[str, str]:
    try:
        return {"text": content.decode("utf-8")}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode("ascii")}


def _about(model: object, example: object) -> dict[str, Any]:
    from nb2prod.runtime.telling.profile import describe_value, short

    kind = type(model)
    about: dict[str, Any] = {"class": f"{kind.__module__}.{kind.__qualname__}"}
    known = describe_value("model", model).get("features")
    about |= {"features": known} if known else {}
    return about if example is None else {**about, "example": short(describe_value("example", example))}


def _length(table: Any) -> int | None:
    return len(table) if hasattr(type(table), "__len__") else None


def _shell() -> Any:
    """Of a notebook; None elsewhere, also in a terminal's IPython."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if hasattr(shell, "kernel") else None


def _show(data: Mapping[str, object]) -> None:
    shell = _shell()
    if shell is not None:
        shell.display_pub.publish(dict(data))
