"""Notebooks from files: `.ipynb` of nbformat 3 and 4, and the texts that jupytext reads (`.py`, `.md`).

An nbformat 4 file is read by `json` alone: nbformat and jupytext take longer to import than a notebook takes to
analyse, and are imported for the files that need them.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from nb2prod.errors import NotebookNotReadable
from nb2prod.model.notebook import Cell, CellKind, Notebook

__all__ = [
    "TEXT_FORMATS",
    "notebook_data",
    "parse_cells",
    "parse_notebook",
    "read_notebook",
    "text_format",
    "why_unusable",
]

TEXT_FORMATS = (".py", ".md", ".markdown")
_OTHER_KERNELS = {"ir": "R", "irkernel": "R", "julia": "Julia", "scala": "Scala", "bash": "Bash", "java": "Java"}


def read_notebook(path: Path) -> Notebook:
    """The notebook in a file. Raises NotebookNotReadable, which says why and, for JSON, in which line."""
    return parse_notebook(path, _text_of(path))


def parse_notebook(path: Path, text: str) -> Notebook:
    """The notebook in a text. `path` says how it is written, and names it in messages. Raises NotebookNotReadable."""
    notebook = parse_cells(path, text)
    unusable = why_unusable(notebook)
    if unusable:
        raise NotebookNotReadable(path, unusable)
    return notebook


def why_unusable(notebook: Notebook) -> str:
    """The reason why there is nothing to analyse, or ""."""
    if notebook.language != "python":
        return f"it is written in {notebook.language}, and nb2prod converts Python"
    return "" if notebook.code_cells else "it has no code cells"


def parse_cells(path: Path, text: str) -> Notebook:
    """As `parse_notebook`, whatever language the cells are in, and if there are none."""
    data = notebook_data(path, text)
    metadata = data["metadata"]
    return Notebook(
        name=path.name,
        cells=tuple(_cell(path, number, cell) for number, cell in enumerate(data["cells"], start=1)),
        kernel=_named(metadata, "kernelspec", "name") or "python3",
        language=_language(metadata),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        text=text if path.suffix not in TEXT_FORMATS else _as_ipynb(data),
    )


def notebook_data(path: Path, text: str) -> dict[str, Any]:
    """The notebook as the dictionary of nbformat 4, with `cells` a list and `metadata` a dictionary."""
    if path.suffix in TEXT_FORMATS:
        return _data_of_text(path, text)
    data = _data_of_json(path, text)
    version = data.get("nbformat")
    if not isinstance(version, int):
        raise NotebookNotReadable(path, "it is JSON without the field 'nbformat', so not a notebook")
    if version != 4:
        data = _upgraded(path, text, version)
    if not isinstance(data.get("cells"), list):
        raise NotebookNotReadable(path, "it has no list of cells")
    if not isinstance(data.setdefault("metadata", {}), dict):
        raise NotebookNotReadable(path, "its metadata is not an object")
    return data


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise NotebookNotReadable(path, "there is no such file") from error
    except IsADirectoryError as error:
        raise NotebookNotReadable(path, "it is a folder; name the notebook in it") from error
    except UnicodeDecodeError as error:
        raise NotebookNotReadable(path, f"it is not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise NotebookNotReadable(path, str(error.strerror or error).lower()) from error


def _data_of_json(path: Path, text: str) -> dict[str, Any]:
    if not text.strip():
        raise NotebookNotReadable(path, "the file is empty")
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        end = "; the file seems cut off" if error.pos >= len(text.rstrip()) - 1 or "Unterminated" in error.msg else ""
        place = f"line {error.lineno}, column {error.colno}"
        raise NotebookNotReadable(path, f"it is not JSON ({place}: {error.msg}){end}") from error
    except RecursionError as error:
        raise NotebookNotReadable(path, "its JSON is nested too deeply") from error
    if not isinstance(data, dict):
        raise NotebookNotReadable(path, f"it is JSON, but a {type(data).__name__} and not a notebook")
    return data


def _upgraded(path: Path, text: str, version: int) -> dict[str, Any]:
    import nbformat

    if not 3 <= version <= 4:
        raise NotebookNotReadable(path, f"its format is nbformat {version}, and nb2prod reads 3 and 4")
    try:
        data: dict[str, Any] = json.loads(json.dumps(nbformat.reads(text, as_version=4)))  # type: ignore[no-untyped-call]
    except (ValueError, KeyError, TypeError, AttributeError, nbformat.ValidationError) as error:
        raise NotebookNotReadable(path, f"nbformat cannot upgrade it from version {version}: {error}") from error
    return data


def _data_of_text(path: Path, text: str) -> dict[str, Any]:
    import jupytext

    if path.suffix == ".py" and not re.search(r"^# ?(%%|jupyter:|---$|\+(?: |$))", text, re.MULTILINE):
        raise NotebookNotReadable(path, "it has no cells; start each cell with a line '# %%'")
    try:
        notebook = jupytext.reads(text, fmt=text_format(path, text))
    except Exception as error:  # jupytext's own parsers, and whatever they use, raise what they like
        raise NotebookNotReadable(path, f"jupytext cannot read it: {error}") from error
    data: dict[str, Any] = json.loads(json.dumps(notebook))
    data["nbformat_minor"] = 4  # ids are drawn at random; the same text is to give the same notebook
    for cell in data["cells"]:
        cell.pop("id", None)
    return data


def text_format(path: Path, text: str) -> dict[str, str]:
    """How jupytext would write the text: its extension and the name of its format."""
    import jupytext

    is_myst = path.suffix != ".py" and re.search(r"^(```+|~~~+) ?\{code-cell\}", text, re.MULTILINE)
    name = "myst" if is_myst else jupytext.guess_format(text, path.suffix)[0]
    return {"extension": path.suffix} | ({"format_name": name} if name else {})


def _as_ipynb(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _cell(path: Path, number: int, data: Any) -> Cell:
    if not isinstance(data, dict) or data.get("cell_type") not in ("code", "markdown", "raw", "heading"):
        raise NotebookNotReadable(path, f"cell {number} is not a code, markdown or raw cell")
    metadata = data.get("metadata")
    if not isinstance(metadata, dict):
        metadata = {}
    kind = data["cell_type"]
    count = data.get("execution_count")
    return Cell(
        number=number,
        kind=CellKind.MARKDOWN if kind == "heading" else CellKind(kind),
        source=_source(path, number, data.get("source", "")),
        tags=_tags(path, number, metadata.get("tags", [])),
        options=_options(path, number, metadata.get("nb2prod", {})),
        execution_count=count if isinstance(count, int) else None,
    )


def _source(path: Path, number: int, source: Any) -> str:
    lines = [source] if isinstance(source, str) else source
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise NotebookNotReadable(path, f"the source of cell {number} is not text")
    return "".join(lines).replace("\r\n", "\n").replace("\r", "\n")


def _tags(path: Path, number: int, tags: Any) -> tuple[str, ...]:
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise NotebookNotReadable(path, f"the tags of cell {number} are not a list of texts")
    return tuple(tags)


def _options(path: Path, number: int, options: Any) -> dict[str, Any]:
    if not isinstance(options, dict):
        raise NotebookNotReadable(path, f"the field 'nb2prod' in the metadata of cell {number} is not an object")
    return options


def _language(metadata: dict[str, Any]) -> str:
    """The language's own word for itself, "python" for all of Python's kernels, and when nothing is said."""
    written = _named(metadata, "language_info", "name") or _named(metadata, "kernelspec", "language")
    kernel = _named(metadata, "kernelspec", "name").lower().split("-")[0]
    if written:
        return "python" if "python" in written.lower() else written
    return _OTHER_KERNELS.get(kernel, "python")


def _named(metadata: dict[str, Any], section: str, key: str) -> str:
    found = metadata.get(section)
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""
