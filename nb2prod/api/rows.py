"""The rows of a batch, from a file: CSV, JSON, JSON lines or YAML, each row the values of parameters by name."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any  # JSON and YAML

from nb2prod.errors import InvalidOption
from nb2prod.execution.job_parameters import Text

__all__ = ["Row", "read_rows"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """`number` counts from 1, as a reader counts rows below the heading; texts of a CSV file are read by their type."""

    number: int
    values: Mapping[str, object]


def read_rows(path: Path) -> tuple[Row, ...]:
    """Raises InvalidOption, which says where the file is wrong. An empty cell of a CSV file gives no value."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InvalidOption("--over", f"{path} is none of {', '.join(sorted(_READERS))}")
    try:
        found = reader(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise InvalidOption("--over", f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InvalidOption("--over", f"{path} is not UTF-8 text (byte {error.start})") from error
    except ValueError as error:
        raise InvalidOption("--over", f"{path}: {error}") from error
    if not found:
        raise InvalidOption("--over", f"{path} has no rows")
    return tuple(Row(number=number, values=values) for number, values in enumerate(found, 1))


def _csv(text: str) -> Sequence[Mapping[str, object]]:
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        heading = next(reader, [])
        twice = [name for name in heading if heading.count(name) > 1]
        if twice or "" in heading:
            raise ValueError(f"its heading has {f'{twice[0]!r} twice' if twice else 'a column without a name'}")
        return [_csv_row(heading, row, reader.line_num) for row in reader if row]
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from error


def _csv_row(heading: Sequence[str], row: Sequence[str], line: int) -> dict[str, object]:
    if len(row) != len(heading):
        raise ValueError(f"line {line} has {len(row)} cells, and the heading has {len(heading)}")
    return {name: Text(text) for name, text in zip(heading, row, strict=True) if text != ""}


def _json(text: str) -> Sequence[Mapping[str, object]]:
    return _objects(json.loads(text))


def _lines(text: str) -> Sequence[Mapping[str, object]]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append(json.loads(line))
            except ValueError as error:
                raise ValueError(f"line {number} is not JSON: {error}") from error
    return _objects(found)


def _yaml(text: str) -> Sequence[Mapping[str, object]]:
    import yaml

    try:
        return _objects(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise ValueError(f"it is not YAML: {error}") from error


def _objects(data: Any) -> Sequence[Mapping[str, object]]:
    if not isinstance(data, list):
        raise ValueError(f"it must be a list of rows, and is a {type(data).__name__}")
    for number, row in enumerate(data, 1):
        if not isinstance(row, dict) or not all(isinstance(name, str) for name in row):
            raise ValueError(f"row {number} is not an object with the names of parameters")
    return data


_READERS: dict[str, Callable[[str], Sequence[Mapping[str, object]]]] = {
    ".csv": _csv,
    ".json": _json,
    ".jsonl": _lines,
    ".ndjson": _lines,
    ".yaml": _yaml,
    ".yml": _yaml,
}
