"""A definition: what runs, as it is now, with its settings. A new version comes only when something has changed."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nb2prod.api.names import check_name, name_of
from nb2prod.api.settings import check_settings
from nb2prod.api.snapshot import Described, Snapshot, snapshot
from nb2prod.errors import InvalidOption
from nb2prod.model.job import Definition, JobKind, JobSettings
from nb2prod.model.pipeline import DataSource
from nb2prod.store import Store

__all__ = ["Draft", "FilesLeftBehind", "define", "draft", "redraft", "save"]

_DEFAULT = JobSettings()


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A definition that was checked and is not stored yet."""

    name: str
    path: Path
    snapshot: Snapshot
    settings: JobSettings

    @property
    def parameters(self) -> Described:
        return self.snapshot.parameters


class FilesLeftBehind(InvalidOption):
    """What the notebook reads from its folder would not be there: whether to keep it as it is now, its owner knows."""

    def __init__(self, path: Path, missing: Sequence[DataSource]) -> None:
        named = ", ".join(f"{source.url} (cell {source.cell}, line {source.line})" for source in missing)
        files = " ".join(f"--file {shlex.quote(source.url)}" for source in missing)
        super().__init__(
            str(path),
            f"it reads {named}, and a job runs in a fresh folder. Take the file along as it is now with {files}, "
            f"or run in the notebook's folder with --workdir {shlex.quote(str(path.parent))}",
        )


def define(
    store: Store, path: Path, *, name: str = "", settings: JobSettings = _DEFAULT, files: Sequence[str] = ()
) -> Definition:
    """The definition of a notebook or a project's folder. `files` are patterns of more files beside a notebook.

    Raises NotebookNotReadable, NotAProject, InvalidName and InvalidOption (FilesLeftBehind is one), and stores nothing
    then.
    """
    return save(store, draft(store, path, name=name, settings=settings, files=files))


def draft(
    store: Store,
    path: Path,
    *,
    name: str = "",
    settings: JobSettings = _DEFAULT,
    files: Sequence[str] = (),
    text: str | None = None,
) -> Draft:
    """`define` without storing anything, for what is to be checked first. Raises what `define` raises.

    `text` is a notebook's JSON that is not in its file yet.
    """
    name = check_name(name or name_of(path))
    taken = snapshot(path, files, text=text)
    settings = replace(settings, workdir=settings.workdir or taken.workdir)
    if taken.missing and not settings.workdir:
        raise FilesLeftBehind(path, taken.missing)
    check_settings(store, settings, [parameter[0] for parameter in taken.parameters])
    return Draft(name=name, path=path.resolve(), snapshot=taken, settings=settings)


def redraft(
    store: Store,
    before: Definition,
    path: Path | None = None,
    *,
    settings: JobSettings | None = None,
    files: Sequence[str] = (),
) -> Draft:
    """What a definition becomes with other settings or, with a `path`, with the files as they are now.

    Without `files`, those that went with the notebook before go with it again, as far as they are there.
    """
    settings = before.settings if settings is None else settings
    if path is not None:
        kept = [file.path for file in before.files if file.path != before.entry and (path.parent / file.path).is_file()]
        return draft(store, path, name=before.name, settings=settings, files=files or ([] if path.is_dir() else kept))
    check_settings(store, settings, [parameter[0] for parameter in before.parameters])
    taken = Snapshot(
        entry=before.entry,
        files={file.path: store.blob(file.sha256) for file in before.files},
        parameters=before.parameters,
    )
    return Draft(name=before.name, path=Path(before.path), snapshot=taken, settings=settings)


def save(store: Store, made: Draft) -> Definition:
    """The version that it is; a new one only when files, settings or parameters differ from the latest."""
    return store.save_definition(
        name=made.name,
        kind=JobKind.PIPELINE if made.snapshot.entry == "." else JobKind.NOTEBOOK,
        path=str(made.path),
        entry=made.snapshot.entry,
        files=made.snapshot.files,
        parameters=made.parameters,
        settings=made.settings,
    )
