"""Files that are whole or not there at all."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any  # JSON

__all__ = ["read_json", "write_bytes", "write_json"]


def write_bytes(path: Path, content: bytes, *, durable: bool = True) -> None:
    """`durable` waits for the disk; without it a kill is survived all the same, a power cut is not."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_json(path: Path, value: object, *, durable: bool = True) -> None:
    text = json.dumps(value, indent=1, ensure_ascii=False, default=repr)
    write_bytes(path, f"{text}\n".encode("utf-8", "backslashreplace"), durable=durable)


def read_json(path: Path, otherwise: Callable[[], Any]) -> Any:
    """What the file holds; `otherwise()` when it is not there or not JSON."""
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError):
        return otherwise()
