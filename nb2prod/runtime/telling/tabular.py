"""Tables as CSV, and what counts as one."""

import csv
import io
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, zip_longest
from typing import Any  # a table of any library

__all__ = ["csv_of", "html_of", "is_table"]


def is_table(value: Any) -> bool:
    pandas: Any = sys.modules.get("pandas")
    return pandas is not None and isinstance(value, (pandas.DataFrame, pandas.Series))


def csv_of(table: Any, rows: int | None = None) -> bytes:
    """The first `rows` of it. Raises TypeError for what is no table."""
    if is_table(table):
        return _of_frame(table if rows is None else table.iloc[:rows])
    heading, lines = _rows(table)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if heading:
        writer.writerow(heading)
    writer.writerows(islice(lines, rows))
    return text.getvalue().encode("utf-8", "backslashreplace")


def html_of(table: Any) -> str:
    """As a notebook shows it."""
    if is_table(table):
        return str((table.to_frame() if table.ndim == 1 else table).to_html(max_rows=60))
    return ""


def _of_frame(table: Any) -> bytes:
    pandas: Any = sys.modules["pandas"]
    plain = type(table.index) is pandas.RangeIndex and table.index.name is None
    text: str = table.to_csv(index=not plain, lineterminator="\n")
    return text.encode("utf-8", "backslashreplace")


def _rows(table: Any) -> tuple[list[str], Iterable[Sequence[object]]]:
    if isinstance(table, Mapping):
        columns = [list(column) if _is_column(column) else [column] for column in table.values()]
        return [str(name) for name in table], zip_longest(*columns, fillvalue="")
    if hasattr(type(table), "tolist"):  # an array
        table = table.tolist()
    if not isinstance(table, Iterable) or isinstance(table, (str, bytes)):
        raise TypeError(f"a {type(table).__name__} is no table: give a frame, a mapping of columns or a list of rows")
    found = list(table)
    if found and all(isinstance(row, Mapping) for row in found):
        heading = list(dict.fromkeys(str(name) for row in found for name in row))
        return heading, ([row.get(name, "") for name in heading] for row in found)
    return [], ([*row] if _is_column(row) else [row] for row in found)


def _is_column(value: object) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))
