"""What leaves a pipeline: the results that pipeline.toml gives a place with [outputs.NAME], written when it completed.

    check(settings, names)       before the run: each output is a result. Raises ProjectError
    publish(results, settings)   after it: → what was written where, in words. Raises the library's error, with a note

A file appears whole; a table of a database is one transaction. Several outputs are written one after the other.
"""

import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from nb2prod.runtime.data.formats import frame_of, write_value
from nb2prod.runtime.data.places import Opened, open_place
from nb2prod.runtime.data.references import hide
from nb2prod.runtime.data.tables import Data, format_by_name, is_database, outputs_of
from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.project import Settings

__all__ = ["check", "publish"]


def check(settings: Settings, names: Iterable[str]) -> None:
    """`names` are those of the Results."""
    wanted = outputs_of(settings.tables) if settings.tables.get("outputs") else {}
    known = list(names)
    for name in wanted.keys() - set(known):
        there = f"there are {', '.join(known)}" if known else "the pipeline gives none"
        raise ProjectError(f"pipeline.toml: [outputs.{name}] is no result of the pipeline; {there}")


def publish(results: Mapping[str, object], settings: Settings) -> dict[str, str]:
    """Name → where it was written to, as pipeline.toml has it."""
    if not settings.tables.get("outputs"):
        return {}
    check(settings, results)
    wanted = outputs_of(settings.tables)
    for name, output in wanted.items():
        _publish(results[name], output, settings.workdir)
    return {name: output.shown for name, output in wanted.items()}


def _publish(value: object, output: Data, workdir: Path) -> None:
    opened = open_place(output, workdir)
    try:
        if is_database(opened.address.text):
            _put_rows(value, output, opened)
        else:
            _put_file(value, output, opened)
    except ProjectError:
        raise
    except Exception as error:
        error.args = tuple(hide(a, opened.address.secrets) if isinstance(a, str) else a for a in error.args)
        error.add_note(f"output '{output.name}' could not be published to {output.shown}")
        raise


def _put_rows(value: object, output: Data, opened: Opened) -> None:
    from nb2prod.runtime.data.database import DatabasePlace

    frame = frame_of(value)
    if frame is None:
        where = f"pipeline.toml: [outputs.{output.name}]"
        raise ProjectError(f"{where} goes to a database, and a {type(value).__name__} is no table")
    assert isinstance(opened.place, DatabasePlace)
    opened.place.publish_frame(frame)


def _put_file(value: object, output: Data, opened: Opened) -> None:
    address = output.url or output.path
    form = output.format or format_by_name(address)
    name = re.sub(r"[^\w.-]", "_", PurePosixPath(address.partition("?")[0]).name)
    with tempfile.TemporaryDirectory(prefix="nb2prod-") as folder:
        path = Path(folder) / (name or "output")
        write_value(value, path, form, f"outputs.{output.name}")
        opened.place.publish(path)
