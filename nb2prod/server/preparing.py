"""Requests for operations, as orders with real paths: confined before anything is started."""

import json
from pathlib import Path
from typing import Any  # JSON

from nb2prod.api.replay_cells import KEY
from nb2prod.api.taking_back import is_replay
from nb2prod.server.errors import Refused
from nb2prod.server.operations import Order
from nb2prod.server.orders import ConvertIn, ReplayIn, VerifyIn, read_operation
from nb2prod.server.places import Places

__all__ = ["prepare"]


def prepare(body: bytes, places: Places, store_url: str) -> Order:
    """Raises Refused, and pydantic's ValidationError."""
    match read_operation(body):
        case ConvertIn() as asked:
            return _convert(asked, places, store_url)
        case VerifyIn() as asked:
            return _verify(asked, places, store_url)
        case ReplayIn() as asked:
            return _replay(asked, places, store_url)


def _convert(asked: ConvertIn, places: Places, store_url: str) -> Order:
    path = places.file(asked.path)
    output = _output(asked, path, places)
    if output == places.root:
        raise Refused.field("output", "the server's folder itself cannot become a project; name a folder in it")
    given = {"path": str(path), "output": str(output), "record": asked.record, "trace": asked.trace}
    return _order(asked, asked.path, output, places, store_url, given)


def _output(asked: ConvertIn, path: Path, places: Places) -> Path:
    replayed = _replayed(path, places) if is_replay(path) else None
    if asked.output:
        return places.real(asked.output, "output")
    return replayed or places.real(places.shown(path.parent / "out" / path.name.split(".")[0]), "output")


def _replayed(path: Path, places: Places) -> Path:
    """The project that a replay names. What it would write, its notebook too, must be below the server's folder."""
    head = json.loads(path.read_bytes())["metadata"][KEY]
    named = [head.get(name) if isinstance(head, dict) else None for name in ("notebook", "project")]
    if not all(isinstance(each, str) and "\0" not in each and places.within(Path(each)) for each in named):
        raise Refused.field("path", "that replay is of a notebook or a project outside the server's folder", 403)
    return Path(str(named[1]))


def _verify(asked: VerifyIn, places: Places, store_url: str) -> Order:
    folder = places.folder(asked.path)
    given = {"path": str(folder), "isolated": asked.isolated, "twice": asked.twice, "timeout": asked.timeout}
    return _order(asked, asked.path, folder, places, store_url, given)


def _replay(asked: ReplayIn, places: Places, store_url: str) -> Order:
    path = places.real(asked.path, "path") if asked.path else _free(places, f"{asked.step}.replay")
    if path.suffix != ".ipynb":
        raise Refused.field("path", "a replay is a notebook: let its name end with .ipynb")
    if path.exists():
        raise Refused.field("path", f"{places.shown(path)} is there already; remove it, or choose another name", 409)
    project = str(places.folder(asked.project)) if asked.project else ""
    given = {"run": asked.run, "step": asked.step, "path": str(path), "project": project}
    return _order(asked, places.shown(path), path, places, store_url, given)


def _free(places: Places, stem: str) -> Path:
    path, number = places.real(f"{stem}.ipynb"), 1
    while path.exists():
        number += 1
        path = places.real(f"{stem}-{number}.ipynb")
    return path


def _order(
    asked: ConvertIn | VerifyIn | ReplayIn, path: str, target: Path, places: Places, store_url: str, given: Any
) -> Order:
    given = {"verb": asked.verb, "root": str(places.root), **given}
    return Order(verb=asked.verb, path=path, target=target, store_url=store_url, given=given)
