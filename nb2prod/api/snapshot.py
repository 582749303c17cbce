"""What a job needs of a folder, as bytes: a notebook with the modules it imports and the files named, or a project."""

import ast
import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nb2prod.analysis.analyse import analyse
from nb2prod.analysis.data_sources import data_sources_of
from nb2prod.analysis.magics import lower
from nb2prod.analysis.parameters import declared_parameters
from nb2prod.errors import InvalidOption
from nb2prod.execution.projects import project_settings, project_specs
from nb2prod.model.notebook import Notebook
from nb2prod.model.pipeline import DataSource
from nb2prod.notebooks.read import parse_notebook, read_notebook

__all__ = ["Described", "Snapshot", "SnapshotTooLarge", "snapshot"]

_LIMIT = 200 * 2**20  # bytes: the store keeps every version
_LEFT_OUT = frozenset({"__pycache__", "node_modules", "build", "dist", "venv", "site-packages"})

Described = tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """`entry` is the notebook's path in `files`, or "." of a project; `parameters` are as a Definition has them;
    `workdir` is the folder outside of the snapshot that its code counts on, "" when there is none; `missing` are the
    files beside the notebook that it reads by a literal path and that are not in `files`."""

    entry: str
    files: Mapping[str, bytes]
    parameters: Described
    workdir: str = ""
    missing: tuple[DataSource, ...] = ()


class SnapshotTooLarge(InvalidOption):
    def __init__(self, path: Path, size: int, limit: int, largest: str) -> None:
        super().__init__(
            str(path),
            f"its files are over the limit of {limit // 2**20} MB for a snapshot ({size // 2**20} MB were counted, the "
            f"largest is {largest}); leave data out, and name the folder in which it is with --workdir",
        )


def snapshot(path: Path, patterns: Sequence[str] = (), *, limit: int = _LIMIT, text: str | None = None) -> Snapshot:
    """`text` is a notebook's JSON that counts instead of what its file holds.

    Raises NotebookNotReadable, NotAProject, SnapshotTooLarge, and InvalidOption for a pattern that finds nothing.
    """
    return _of_project(path, patterns, limit) if path.is_dir() else _of_notebook(path, patterns, limit, text)


# ---------------------------------------------------------------------- a notebook


def _of_notebook(path: Path, patterns: Sequence[str], limit: int, text: str | None) -> Snapshot:
    notebook = read_notebook(path) if text is None else parse_notebook(path.with_suffix(".ipynb"), text)
    folder = path.resolve().parent
    extra = {*_imported(notebook, folder), *_matching(folder, patterns)} - {path.resolve()}
    entry = f"{path.name.removesuffix(path.suffix)}.ipynb"
    files = {entry: notebook.text.encode(), **_read(path, folder, extra, limit)}
    missing = tuple(_left_behind(notebook, folder, files))
    return Snapshot(entry=entry, files=files, parameters=declared_parameters(notebook), missing=missing)


def _left_behind(notebook: Notebook, folder: Path, taken: Mapping[str, bytes]) -> Iterator[DataSource]:
    for source in data_sources_of(analyse(notebook)):
        if source.writes or "://" in source.url or Path(source.url).is_absolute():
            continue
        if (folder / source.url).is_file() and posixpath.normpath(source.url) not in taken:
            yield source


def _imported(notebook: Notebook, folder: Path) -> set[Path]:
    """The modules and packages beside the notebook that it imports, and those that they import in turn."""
    found: set[Path] = set()
    waiting = [name for cell in notebook.code_cells for name in _modules(lower(cell).tree)]
    while waiting:
        for file in _files_of_module(folder, waiting.pop()):
            if file not in found:
                found.add(file)
                waiting += _modules_of_file(file)
    return found


def _modules(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def _files_of_module(folder: Path, name: str) -> list[Path]:
    module, package = folder / f"{name}.py", folder / name
    if (package / "__init__.py").is_file():
        return list(_walk(package))
    return [module] if module.is_file() else []


def _modules_of_file(file: Path) -> list[str]:
    if file.suffix != ".py":
        return []
    try:
        return list(_modules(ast.parse(file.read_bytes())))
    except (OSError, SyntaxError, ValueError):
        return []  # the run will say it, with the line


def _matching(folder: Path, patterns: Sequence[str]) -> set[Path]:
    found: set[Path] = set()
    for pattern in patterns:
        files = list(_match(folder, pattern))
        if not files:
            raise InvalidOption("--file", f"{pattern!r} matches no file in {folder}")
        found.update(files)
    return found


def _match(folder: Path, pattern: str) -> Iterator[Path]:
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        raise InvalidOption(
            "--file",
            f"{pattern!r} leads out of {folder}: a snapshot holds files of the notebook's folder; name the folder in "
            "which the job is to run with --workdir",
        )
    for found in sorted(folder.glob(pattern)):
        if found.is_dir():
            yield from _walk(found)
        elif found.is_file():
            yield found


# ---------------------------------------------------------------------- a project


def _of_project(root: Path, patterns: Sequence[str], limit: int) -> Snapshot:
    settings = project_settings(root)
    root = settings.root
    if patterns:
        raise InvalidOption("--file", f"{root} is a project, of which every file is taken; leave out --file")
    kept = [file for file in _walk(root) if settings.runs not in file.parents]
    specs = project_specs(settings)
    outside = not settings.workdir.is_relative_to(root)
    return Snapshot(
        entry=".",
        files=_read(root, root, kept, limit),
        parameters=tuple((spec.name, spec.annotation, repr(spec.default), spec.comment) for spec in specs),
        workdir=str(settings.workdir) if outside else "",
    )


# ---------------------------------------------------------------------- files


def _walk(folder: Path) -> Iterator[Path]:
    """What one would put under version control: no hidden files, environments, caches or builds."""
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_left_out(Path(here) / name))
        yield from (
            Path(here) / name
            for name in sorted(files)
            if not name.startswith(".") and not name.endswith((".pyc", ".pyo")) and (Path(here) / name).is_file()
        )


def _is_left_out(folder: Path) -> bool:
    name = folder.name
    return (
        name.startswith(".")
        or name in _LEFT_OUT
        or name.endswith(".egg-info")
        or (folder / "pyvenv.cfg").is_file()
        or (folder / "run.json").is_file()
    )


def _read(path: Path, folder: Path, files: Iterable[Path], limit: int) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    size, largest = 0, ("", 0)
    for file in sorted(files):
        try:
            length = file.stat().st_size
            size += length
            largest = max(largest, (file.relative_to(folder).as_posix(), length), key=lambda item: item[1])
            if size > limit:
                raise SnapshotTooLarge(path, size, limit, largest[0])
            found[file.relative_to(folder).as_posix()] = file.read_bytes()
        except OSError as error:
            raise InvalidOption(str(file), f"it cannot be read: {error.strerror}") from error
    return found
