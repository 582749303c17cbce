"""Tables, files and models that cells have logged, out of the notebook's outputs into files of the run."""

import base64
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any  # JSON

from nb2prod.execution.attempt import Product
from nb2prod.execution.whole_files import write_whole

__all__ = ["noted_files"]

_KINDS = {"table": "table", "artifact": "file", "model": "file"}
_SUFFIX = re.compile(r"(\.\w+)*")


def noted_files(folder: Path, noted: Iterable[Mapping[str, Any]]) -> tuple[Product, ...]:
    """One that was too large for an output is told of there, and is not among them. Raises NotWritten."""
    return tuple(product for each in noted if (product := _product(folder, each)) is not None)


def _product(folder: Path, noted: Mapping[str, Any]) -> Product | None:
    content = _content(noted)
    if content is None:
        return None
    suffix = str(noted.get("suffix", ""))
    name = re.sub(r"[^\w.-]+", "-", str(noted.get("name", ""))).strip("-.") or str(noted["kind"])
    file = f"{name}{suffix if _SUFFIX.fullmatch(suffix) else ''}"
    path = folder / f"{noted['kind']}s" / file
    path.parent.mkdir(exist_ok=True)
    write_whole(str(path), content)
    return Product(kind=_KINDS[noted["kind"]], path=path, suffix=f".{file}")


def _content(noted: Mapping[str, Any]) -> bytes | None:
    text, encoded = noted.get("text"), noted.get("base64")
    if isinstance(text, str):
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(encoded, validate=True) if isinstance(encoded, str) else None
    except ValueError:  # what else somebody writes into an output of that type
        return None
