"""Tables and values as files: csv, parquet, feather, json, pickle."""

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any  # a user's values

from nb2prod.runtime.errors import ProjectError

__all__ = ["read_table", "write_table", "write_value"]

_PARQUET = "parquet and feather need pyarrow: pip install nb2prod[parquet]"


def read_table(path: Path, form: str, as_text: frozenset[str] = frozenset()) -> Any:
    """A DataFrame. `as_text` are columns of a csv that stay as they are written."""
    pandas = _pandas()
    if form == "csv":
        return pandas.read_csv(path, dtype=dict.fromkeys(as_text, str))
    if form == "json":
        return pandas.read_json(path)
    if form == "pickle":
        return pandas.read_pickle(path)
    _need_pyarrow()
    return pandas.read_parquet(path) if form == "parquet" else pandas.read_feather(path)


def write_table(frame: Any, path: Path, form: str) -> None:
    """Its index is left out where it only counts the rows."""
    counts = type(frame.index).__name__ == "RangeIndex" and frame.index.name is None
    if form == "csv":
        frame.to_csv(path, index=not counts)
    elif form == "json":
        frame.to_json(path, orient="records" if counts else "split")
    elif form == "pickle":
        frame.to_pickle(path)
    elif form == "parquet":
        _need_pyarrow()
        frame.to_parquet(path, index=None if counts else True)
    else:
        _need_pyarrow()
        (frame if counts else frame.reset_index()).to_feather(path)


def write_value(value: object, path: Path, form: str, where: str) -> None:
    """Any value as pickle, what JSON knows as json, and a table or a Series in each format. Raises ProjectError."""
    frame = frame_of(value)
    if frame is not None:
        return write_table(frame, path, form)
    if form == "pickle":
        return _pickle(value, path)
    if form == "json":
        return _json(value, path, where)
    raise ProjectError(f"pipeline.toml: [{where}] {form} holds a table, and this is {type(value).__name__}: use pickle")


def frame_of(value: object) -> Any:
    """The value as a DataFrame; None when it is no table."""
    modules = type(value).__module__.split(".")[0]
    if modules == "pandas" and type(value).__name__ == "DataFrame":
        return value
    if modules == "pandas" and type(value).__name__ == "Series":
        series: Any = value
        return series.to_frame() if series.name is not None else series.to_frame(name="value")
    if modules == "numpy" and getattr(value, "ndim", 0) in (1, 2):
        frame = _pandas().DataFrame(value)
        frame.columns = [f"column_{number}" for number in range(frame.shape[1])]
        return frame
    if modules in ("polars", "pyarrow") and hasattr(value, "to_pandas"):
        return value.to_pandas()
    return None


def _pickle(value: object, path: Path) -> None:
    with path.open("wb") as file:
        pickle.dump(value, file, protocol=5)


def _json(value: object, path: Path, where: str) -> None:
    try:
        path.write_text(json.dumps(value, ensure_ascii=False, default=_plain) + "\n", encoding="utf-8")
    except TypeError as error:
        raise ProjectError(f"pipeline.toml: [{where}] is no JSON ({error}): use pickle") from None


def _plain(value: Any) -> object:
    """Numbers of numpy, and what can say its fields."""
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} is in it")


def _pandas() -> Any:
    try:
        import pandas
    except ImportError:
        raise ProjectError("tables need pandas: pip install pandas") from None
    return pandas


def _need_pyarrow() -> None:
    try:
        import pyarrow  # noqa: F401 - pandas uses it
    except ImportError:
        raise ProjectError(_PARQUET) from None
