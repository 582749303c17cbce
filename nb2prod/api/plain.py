"""The data of jobs as JSON: times in ISO form, a trigger with its kind, no field left out."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any  # JSON

from nb2prod.model.job import Cron, Every, Once, RunAfter, WhenThere

__all__ = ["plain"]

_KINDS = {Cron: "cron", Every: "every", Once: "once", RunAfter: "after", WhenThere: "when"}


def plain(value: object) -> Any:
    """A dataclass of the model, or containers of them, as what `json.dumps` takes."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        kind = {"kind": _KINDS[type(value)]} if type(value) in _KINDS else {}
        return kind | {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value
