"""Frozen dataclasses to JSON texts and back, each value checked against its annotation."""

import json
import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TypeVar

__all__ = ["EPOCH", "dumps", "from_json", "loads", "micros", "moment", "moment_or_none", "to_json"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HINTS: dict[type, dict[str, object]] = {}
_MICRO = timedelta(microseconds=1)
T = TypeVar("T")
_SIMPLE = (str, int, float, bool)


def micros(at: datetime | None) -> int | None:
    return None if at is None else (at - EPOCH) // _MICRO


def moment(value: object) -> datetime:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is not a time in microseconds")
    return EPOCH + timedelta(microseconds=value)


def moment_or_none(value: object) -> datetime | None:
    return None if value is None else moment(value)


def dumps(value: object) -> str:
    return json.dumps(to_json(value), separators=(",", ":"))


def loads(text: str) -> object:
    return json.loads(text)


def to_json(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: to_json(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return value


def from_json(kind: type[T], data: object) -> T:
    """A dataclass from what JSON gave; TypeError or ValueError says which field is wrong."""
    if not isinstance(data, Mapping):
        raise TypeError(f"{kind.__name__} cannot be {data!r}")
    hints = _hints(kind)
    if unknown := sorted(set(data) - set(hints)):
        raise ValueError(f"{kind.__name__} has no {', '.join(unknown)}")
    return kind(**{name: _value(hints[name], item, name) for name, item in data.items()})


def _hints(kind: type) -> dict[str, object]:
    if kind not in _HINTS:
        _HINTS[kind] = typing.get_type_hints(kind)
    return _HINTS[kind]


def _value(hint: object, value: object, name: str) -> object:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return (
            None if value is None else _value(next(part for part in parts if part is not types.NoneType), value, name)
        )
    if origin is tuple and isinstance(value, list):
        repeated = parts[-1] is Ellipsis
        if not repeated and len(parts) != len(value):
            raise ValueError(f"{name} has {len(value)} items instead of {len(parts)}")
        return tuple(_value(parts[0] if repeated else parts[at], item, name) for at, item in enumerate(value))
    if isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, Mapping):
        return {key: _value(parts[1], item, name) for key, item in value.items()}
    return _plain(hint, value, name)


def _plain(hint: object, value: object, name: str) -> object:
    if hint is object:
        return value
    if isinstance(hint, type):
        if is_dataclass(hint):
            return from_json(hint, value)
        if issubclass(hint, Enum):
            return hint(value)
        if hint is datetime and isinstance(value, str):
            return datetime.fromisoformat(value)
        if hint is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if hint in _SIMPLE and isinstance(value, hint) and (hint is bool or not isinstance(value, bool)):
            return value
    raise TypeError(f"{name} cannot be {value!r}")
