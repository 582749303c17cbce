"""The cells of a replay: those of the notebook know where they come from, the others are ours.

metadata.nb2prod_replay = {"cell": NUMBER, "id": ID, "sha256": of its lines}
                        | {"part": about | place | support | inputs | definitions, "sha256": of its lines}
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any  # JSON

__all__ = ["KEY", "ReplayCell", "code_cell", "digest_of", "lines_of", "origin_cell", "text_cell"]

KEY = "nb2prod_replay"


@dataclass(frozen=True)
class ReplayCell:
    data: Mapping[str, Any]


def text_cell(part: str, text: str) -> ReplayCell:
    about = {KEY: {"part": part}}
    return ReplayCell(
        {"cell_type": "markdown", "id": f"replay-{part}", "metadata": about, "source": text.splitlines(keepends=True)}
    )


def code_cell(part: str, text: str) -> ReplayCell:
    return ReplayCell(_code(f"replay-{part}", {KEY: {"part": part, "sha256": digest_of(text)}}, text))


def origin_cell(cell: Mapping[str, Any], number: int) -> ReplayCell:
    """With its tags and its options; what it gave is not part of it."""
    text = lines_of(cell)
    origin = {"cell": number, "id": cell.get("id", ""), "sha256": digest_of(text)}
    return ReplayCell(_code(cell.get("id") or f"cell-{number}", {**cell.get("metadata", {}), KEY: origin}, text))


def lines_of(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    text = source if isinstance(source, str) else "".join(source)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def _code(name: str, metadata: Mapping[str, Any], text: str) -> Mapping[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": metadata,
        "outputs": [],
        "source": text.splitlines(keepends=True),
    }
