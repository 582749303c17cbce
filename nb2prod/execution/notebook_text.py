"""The bytes of an output notebook, as nbformat writes them: texts in lines, so that diffs can be read."""

import json
from collections.abc import Mapping
from typing import Any  # JSON of nbformat

__all__ = ["notebook_bytes"]


def notebook_bytes(document: Mapping[str, Any]) -> bytes:
    cells = [_split_cell(cell) for cell in document["cells"]]
    text = json.dumps({**document, "cells": cells}, indent=1, ensure_ascii=False, sort_keys=True)
    return f"{text}\n".encode("utf-8", "backslashreplace")


def _split_cell(cell: Mapping[str, Any]) -> dict[str, Any]:
    split = {**cell, "source": _lines(cell["source"])}
    if "outputs" in cell:
        split["outputs"] = [_split_output(output) for output in cell["outputs"]]
    return split


def _split_output(output: Mapping[str, Any]) -> dict[str, Any]:
    split = dict(output)
    if "text" in output:
        split["text"] = _lines(output["text"])
    if "data" in output:
        split["data"] = {
            kind: value if kind.endswith("json") else _lines(value) for kind, value in output["data"].items()
        }
    return split


def _lines(text: Any) -> Any:
    return text.splitlines(keepends=True) if isinstance(text, str) else text
