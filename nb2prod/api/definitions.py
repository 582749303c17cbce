"""A definition: what runs, as it is now, with its settings. A new version comes only when something has changed."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nb2prod.api.settings import check_settings
from nb2prod.api.snapshot import snapshot
from nb2prod.errors import InvalidName
from nb2prod.model.job import Definition, JobKind, JobSettings
from nb2prod.store import Store

__all__ = ["check_name", "define", "name_of"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DEFAULT = JobSettings()


def define(
    store: Store, path: Path, *, name: str = "", settings: JobSettings = _DEFAULT, files: Sequence[str] = ()
) -> Definition:
    """The definition of a notebook or a project's folder. `files` are patterns of more files beside a notebook.

    Raises NotebookNotReadable, NotAProject, InvalidName and InvalidOption, and stores nothing then.
    """
    name = check_name(name or name_of(path))
    taken = snapshot(path, files)
    settings = replace(settings, workdir=settings.workdir or taken.workdir)
    check_settings(store, settings, [parameter[0] for parameter in taken.parameters])
    return store.save_definition(
        name=name,
        kind=JobKind.PIPELINE if taken.entry == "." else JobKind.NOTEBOOK,
        path=str(path.resolve()),
        entry=taken.entry,
        files=taken.files,
        parameters=taken.parameters,
        settings=settings,
    )


def check_name(name: str) -> str:
    """The name of a definition, schedule, batch, pool or channel: it stands in paths, URLs and shell lines."""
    if not _NAME.fullmatch(name):
        raise InvalidName(name, "use up to 100 letters, digits, '.', '_' and '-', with a letter or a digit first")
    return name


def name_of(path: Path) -> str:
    """The name that a path suggests: 'Daily report.ipynb' is Daily-report."""
    stem = path.resolve().name if path.is_dir() else path.name.removesuffix(path.suffix)
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._]+", "-", plain).strip("-._")[:100] or "job"
