"""The change that was made in a replay, taken back into the notebook of the project: all of it, or nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # JSON

from nb2prod.api.convert import Conversion, convert
from nb2prod.api.replay_cells import KEY, digest_of, lines_of
from nb2prod.errors import Nb2ProdError, NotReplayable
from nb2prod.notebooks.read import TEXT_FORMATS, notebook_data
from nb2prod.notebooks.write import write_sources
from nb2prod.runtime.files import write_bytes

__all__ = ["TakenBack", "is_replay", "take_back"]


@dataclass(frozen=True, kw_only=True)
class TakenBack:
    """`cells` are the numbers of those that changed; `resume` is the command that goes on with them."""

    notebook: Path
    cells: tuple[int, ...]
    resume: str
    conversion: Conversion
    notices: tuple[str, ...] = ()


def is_replay(path: Path) -> bool:
    try:
        return path.suffix == ".ipynb" and KEY in json.loads(path.read_bytes()).get("metadata", {})
    except (OSError, ValueError, AttributeError, TypeError):
        return False  # whoever reads it as a notebook says what is wrong with it


def take_back(path: Path, output: Path | None = None, **options: Any) -> TakenBack:
    """`options` are convert's; `output` stands for the project's folder that the replay names.

    Raises NotReplayable, and what convert raises; then the notebook is as it was.
    """
    data = notebook_data(path, path.read_text(encoding="utf-8"))
    head = data["metadata"][KEY]
    notebook, project = Path(head["notebook"]), output or Path(head["project"])
    if not notebook.is_file():
        raise NotReplayable(f"{notebook} is not there, and its cells have changed in {path}; put it back first")
    origins, notices = _origins(path, data)
    now = _cells(notebook)
    changed = {}
    for origin, text in origins.items():
        number = _place(now, origin, notebook)
        before = lines_of(now[number])
        if digest_of(text) == origin.sha256 or before == text:
            continue
        if digest_of(before) != origin.sha256:
            raise NotReplayable(
                f"cell {number} of {notebook} was changed since {path} was made; put your change there by hand and "
                f"convert: nb2prod convert {notebook} -o {project}"
            )
        changed[number] = text
    return _written(path, notebook, project, head["resume"], changed, notices, options)


def _written(
    path: Path,
    notebook: Path,
    project: Path,
    resume: str,
    changed: Mapping[int, str],
    notices: tuple[str, ...],
    options: Mapping[str, Any],
) -> TakenBack:
    before = notebook.read_bytes()
    if changed:
        write_sources(notebook, changed)
    try:
        conversion = convert(notebook, project, **options)
    except Nb2ProdError:
        write_bytes(notebook, before)
        raise
    if not changed:
        notices = (f"no cell of {path} differs from {notebook}: nothing was taken back", *notices)
    return TakenBack(
        notebook=notebook,
        cells=tuple(sorted(changed)),
        resume=resume,
        conversion=conversion,
        notices=notices,
    )


@dataclass(frozen=True)
class _Origin:
    number: int
    id: str
    sha256: str


def _origins(path: Path, data: Mapping[str, Any]) -> tuple[dict[_Origin, str], tuple[str, ...]]:
    """What the cells of the notebook are now. A cell that was split in two is one still."""
    found: dict[_Origin, list[str]] = {}
    added = 0
    for cell in data["cells"]:
        about = cell.get("metadata", {}).get(KEY)
        if about is None:
            added += cell.get("cell_type") == "code" and bool(lines_of(cell).strip())
        elif "cell" in about:
            origin = _Origin(about["cell"], about["id"], about["sha256"])
            found.setdefault(origin, []).append(lines_of(cell))
        elif about["part"] in ("support", "definitions") and digest_of(lines_of(cell)) != about["sha256"]:
            raise NotReplayable(
                f"the cell with imports and definitions of {path} was changed, and stands for lines of other cells: "
                "change them in the notebook, or put what you need into a cell of the step"
            )
    told = (f"{added} new cell{'s' if added > 1 else ''} of {path} stay there: only changed cells are taken back",)
    return {origin: "\n".join(texts) for origin, texts in found.items()}, told if added else ()


def _cells(notebook: Path) -> dict[int, Mapping[str, Any]]:
    text = notebook.read_bytes().decode("utf-8-sig")
    return dict(enumerate(notebook_data(notebook, text)["cells"], 1))


def _place(now: Mapping[int, Mapping[str, Any]], origin: _Origin, notebook: Path) -> int:
    """By its id, for cells may have been added before it; by its number where there are no ids."""
    by_id = [number for number, cell in now.items() if origin.id and cell.get("id") == origin.id]
    has_ids = notebook.suffix not in TEXT_FORMATS and any(cell.get("id") for cell in now.values())
    number = by_id[0] if len(by_id) == 1 else origin.number
    if number not in now or (origin.id and has_ids and not by_id):
        raise NotReplayable(
            f"cell {origin.number} is not in {notebook} any more; put your change there by hand and convert it"
        )
    return number
