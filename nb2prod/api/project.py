"""A generated project as files: which there are, which were edited by hand, and what a conversion did to them."""

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nb2prod.analysis.parameters import Declaration
from nb2prod.api.look import look_parameter
from nb2prod.execution.projects import project_settings, project_specs
from nb2prod.model.look import LookParameter
from nb2prod.runtime.files import read_json
from nb2prod.targets.write import LOCK
from nb2prod.verify.project import open_project

__all__ = [
    "GeneratedFile",
    "ProjectTree",
    "changed_files",
    "digests_of",
    "generated_files",
    "project_parameters",
    "project_tree",
    "texts_of",
]

_LARGEST, _IN_ALL = 2**20, 8 * 2**20  # bytes of texts that are kept


@dataclass(frozen=True, kw_only=True)
class GeneratedFile:
    """`state`: generated, or edited since."""

    file: str
    size: int
    state: str


@dataclass(frozen=True, kw_only=True)
class ProjectTree:
    """`notebook` is where the user works on it, whether it is there still or not."""

    folder: Path
    package: str
    notebook: Path
    converted_at: datetime
    files: tuple[GeneratedFile, ...]


def project_tree(folder: Path) -> ProjectTree:
    """Raises NotAProject."""
    opened = open_project(folder)
    known = _digests(opened.lock)
    files = tuple(_file(name, place, known.get(name)) for name, place in _generated(folder, opened.lock))
    at = datetime.fromtimestamp((folder / LOCK).stat().st_mtime, UTC)  # each conversion writes it
    name = str(opened.lock["notebook"].get("name", opened.notebook.name))
    return ProjectTree(
        folder=folder, package=opened.package, notebook=opened.workdir / name, converted_at=at, files=files
    )


def project_parameters(folder: Path) -> tuple[LookParameter, ...]:
    """Those of its own parameters.py, which may have been edited. Raises NotAProject, SettingsWrong."""
    return tuple(
        look_parameter(
            Declaration(
                name=spec.name,
                annotation=spec.annotation,
                default=repr(spec.default),
                comment=spec.comment,
                cell=0,
                line=0,
            )
        )
        for spec in project_specs(project_settings(folder))
    )


def generated_files(folder: Path) -> dict[str, Path]:
    """Those that are there. Raises NotAProject."""
    return dict(_generated(folder, open_project(folder).lock))


def texts_of(folder: Path) -> dict[str, str]:
    """Of the generated files, of a size that people read; none of a folder that is no project."""
    texts, size = {}, 0
    for name, place in _generated(folder, _lock_of(folder)):
        size += place.stat().st_size
        if place.stat().st_size <= _LARGEST and size <= _IN_ALL:
            texts[name] = place.read_bytes().decode(errors="replace")
    return texts


def digests_of(folder: Path) -> dict[str, str]:
    """Of all generated files as they are; none of a folder that is no project."""
    return {name: _digest(place) for name, place in _generated(folder, _lock_of(folder))}


def changed_files(folder: Path, before: Mapping[str, str], conflicts: Collection[str]) -> dict[str, str]:
    """What a conversion did to each file: conflict, new, changed, edited (by hand, and left so) or unchanged.

    `before` are the digests that the files had.
    """
    known = _digests(_lock_of(folder))
    return {name: _change(name, now, before, known, conflicts) for name, now in digests_of(folder).items()}


def _change(
    name: str, now: str, before: Mapping[str, str], known: Mapping[str, str], conflicts: Collection[str]
) -> str:
    if name in conflicts:
        return "conflict"
    if name not in before:
        return "new"
    if before[name] != now:
        return "changed"
    return "edited" if known.get(name, now) != now else "unchanged"


def _file(name: str, place: Path, known: str | None) -> GeneratedFile:
    is_edited = known is not None and _digest(place) != known
    return GeneratedFile(file=name, size=place.stat().st_size, state="edited" if is_edited else "generated")


def _digest(place: Path) -> str:
    return hashlib.sha256(place.read_bytes()).hexdigest()


def _lock_of(folder: Path) -> Mapping[str, object]:
    lock = read_json(folder / LOCK, dict)
    return lock if isinstance(lock, dict) else {}


def _digests(lock: Mapping[str, object]) -> dict[str, str]:
    files = lock.get("files")
    return {str(name): str(known) for name, known in files.items()} if isinstance(files, dict) else {}


def _generated(folder: Path, lock: Mapping[str, object]) -> Iterator[tuple[str, Path]]:
    """Those that are there. A lock from elsewhere may name what is not in the folder: that is left out."""
    root = Path(os.path.realpath(folder))
    for name in sorted({*_digests(lock), LOCK}):
        place = root / name
        if "\0" not in name and place.is_file() and Path(os.path.realpath(place)).is_relative_to(root):
            yield name, place
