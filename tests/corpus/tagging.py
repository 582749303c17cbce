"""Tags for notebooks that have none: by their headings, or each code cell a step of its own."""

import json
from pathlib import Path
from typing import Any

from nb2prod.api.tag import tag


def tag_sample(path: Path, how: str) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    if how == "headings" and has_headings(notebook):
        tag(path, write=True)
    else:
        path.write_text(json.dumps(with_a_step_for_each_cell(notebook), indent=1), encoding="utf-8")


def has_headings(notebook: dict[str, Any]) -> bool:
    """Two headings below the title at least: fewer make no pipeline."""
    texts = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    lines = [line for text in texts for line in text.splitlines()]
    return sum(line.startswith(("## ", "### ")) for line in lines) >= 2


def with_a_step_for_each_cell(notebook: dict[str, Any]) -> dict[str, Any]:
    for number, cell in enumerate(notebook["cells"], start=1):
        if cell["cell_type"] == "code":
            cell["metadata"]["tags"] = [f"step:cell_{number}"]
    return notebook
