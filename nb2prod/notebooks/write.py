"""Writing tags or lines into cells of a notebook's file: nothing else of it changes, and it is replaced as a whole."""

import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nb2prod.errors import NotebookNotReadable
from nb2prod.notebooks.read import TEXT_FORMATS, notebook_data, text_format

__all__ = ["write_sources", "write_tags"]

Change = Callable[[Any], None]


def write_tags(path: Path, tags: Mapping[int, tuple[str, ...]]) -> None:
    """Add tags to cells, by number from 1, in the file. Raises NotebookNotReadable when nothing could be written."""

    def add(data: Any) -> None:
        _add(data, tags)
        if path.suffix in TEXT_FORMATS:
            data["metadata"].setdefault("jupytext", {})["cell_metadata_filter"] = "all"

    _write(path, add, "the tags")


def write_sources(path: Path, sources: Mapping[int, str]) -> None:
    """Give cells other lines, by number from 1, that end as the cell's did. Raises NotebookNotReadable when nothing
    could be written."""

    def change(data: Any) -> None:
        for number, text in sources.items():
            cell = data["cells"][number - 1]
            before = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
            if "\r\n" in before:
                text = text.replace("\n", "\r\n")
            cell["source"] = text if isinstance(cell["source"], str) else text.splitlines(keepends=True)

    _write(path, change, "these cells")


def _write(path: Path, change: Change, what: str) -> None:
    text = path.read_bytes().decode("utf-8")
    changed = _changed_text if path.suffix in TEXT_FORMATS else _changed_json
    _replace(path, changed(path, text, change, what))


def _changed_json(path: Path, text: str, change: Change, what: str) -> str:
    data = json.loads(text.removeprefix("\ufeff"))
    if data.get("nbformat") != 4:
        raise NotebookNotReadable(path, f"{what} need nbformat 4; open and save it once in JupyterLab")
    change(data)
    indent = re.match(r"\ufeff?\{\r?\n([ \t]+)\S", text)
    return (
        ("\ufeff" if text.startswith("\ufeff") else "")
        + json.dumps(
            data,
            indent=indent.group(1) if indent else (1 if "\n" in text.strip() else None),
            separators=(",", ":") if '":"' in text[:200] and '": "' not in text[:200] else None,
            ensure_ascii=text.isascii(),
        ).replace("\n", "\r\n" if "\r\n" in text else "\n")
        + text[len(text.rstrip()) :]
    )


def _changed_text(path: Path, text: str, change: Change, what: str) -> str:
    import jupytext

    options = text_format(path, text)
    notebook = jupytext.reads(text, fmt=options)
    if len(notebook["cells"]) != len(notebook_data(path, text)["cells"]):
        raise NotebookNotReadable(path, f"its cells cannot be told apart; write {what} by hand")
    if jupytext.writes(notebook, fmt=options).strip() != text.strip():
        raise NotebookNotReadable(path, f"jupytext would change more than {what}; write {what} by hand")
    change(notebook)
    return str(jupytext.writes(notebook, fmt=options))


def _add(data: Any, tags: Mapping[int, tuple[str, ...]]) -> None:
    for number, new in tags.items():
        cell = data["cells"][number - 1]
        if not isinstance(cell.get("metadata"), dict):  # it is read as if there were none
            cell["metadata"] = {}
        metadata = cell["metadata"]
        present = metadata.get("tags", [])
        metadata["tags"] = [*present, *(tag for tag in new if tag not in present)]


def _replace(path: Path, text: str) -> None:
    """Write beside the file and rename, so that it is never half written; its mode and owner's links stay."""
    target = path.resolve()
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(target.stat().st_mode)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
