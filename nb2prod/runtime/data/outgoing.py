"""What leaves a pipeline: the results that pipeline.toml gives a place with [outputs.NAME], written when it completed.

    check(settings, pipeline)    before the run, of the package's module: each output is a result. Raises ProjectError
    publish(results, settings)   after it, what `pipeline.run` gave. Raises OutputNotWritten

A file appears whole; a table of a database is one transaction. Several outputs are written one after the other.
"""

import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any  # a package's module, and what it gives

from nb2prod.runtime.data.formats import frame_of, write_value
from nb2prod.runtime.data.places import Opened, open_place
from nb2prod.runtime.data.references import hide
from nb2prod.runtime.data.tables import Data, format_by_name, is_database, outputs_of
from nb2prod.runtime.errors import OutputNotWritten, ProjectError
from nb2prod.runtime.failures.failure import reason_of
from nb2prod.runtime.project import Settings
from nb2prod.runtime.running.pending import settled

__all__ = ["check", "publish"]


def check(settings: Settings, pipeline: Any) -> None:
    if settings.tables.get("outputs"):
        _check(settings, getattr(getattr(pipeline, "Results", None), "_fields", ()))


def publish(results: Any, settings: Settings) -> dict[str, str]:
    """Name → where it was written to, as pipeline.toml has it."""
    if not settings.tables.get("outputs"):
        return {}
    given = results if isinstance(results, Mapping) else getattr(results, "_asdict", dict)()
    wanted = _check(settings, given)
    for name, output in wanted.items():
        _publish(settled(given[name]), output, settings)
    return {name: output.shown for name, output in wanted.items()}


def _check(settings: Settings, known: Iterable[str]) -> dict[str, Data]:
    wanted, names = outputs_of(settings.tables), list(known)
    for name in wanted.keys() - set(names):
        there = f"there are {', '.join(names)}" if names else "the pipeline gives none"
        raise ProjectError(f"pipeline.toml: [outputs.{name}] is no result of the pipeline; {there}")
    return wanted


def _publish(value: object, output: Data, settings: Settings) -> None:
    secrets: tuple[str, ...] = ()
    try:
        opened = open_place(output, settings.workdir)
        secrets = opened.address.secrets
        if is_database(opened.address.text):
            _put_rows(value, output, opened)
        else:
            _put_file(value, output, opened)
    except Exception as error:  # whatever a library raises
        reason = str(error) if isinstance(error, ProjectError) else hide(reason_of(error), secrets)
        raise OutputNotWritten(pipeline=settings.name, output=output.name, place=output.shown, reason=reason) from None


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
