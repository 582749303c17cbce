"""Lengths of time, sizes and moments as a person writes them: 90s, 15m, 2h, 1d; 500MB, 2GB; 2026-01-31T06:00."""

import re
from datetime import UTC, datetime
from typing import Any  # what click gives to be converted

import click

from nb2prod.errors import InvalidOption

__all__ = ["DURATION", "SIZE", "clock", "in_zone", "moment"]

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_BYTES = {
    "": 1,
    "b": 1,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "tb": 1000**4,
    "k": 2**10,
    "m": 2**20,
    "g": 2**30,
    "t": 2**40,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?i?b?)")


class _Duration(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # generic since click 8.2
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, int | float):
            return float(value)
        text = value.strip().lower()
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return float(text)
        parts = _PART.findall(text)
        if "".join(number + unit for number, unit in parts) != text or not parts:
            self.fail(f"{value!r} is no length of time; write 90 or 90s, 15m, 2h, 1d or 1h30m", param, ctx)
        return sum(float(number) * _SECONDS[unit] for number, unit in parts)


class _Size(click.ParamType):  # type: ignore[type-arg,unused-ignore]
    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = _SIZE.fullmatch(value.strip().lower())
        if found is None or found[2] not in _BYTES:
            self.fail(f"{value!r} is no size; write 500MB, 2GB or 1.5GiB", param, ctx)
        return int(float(found[1]) * _BYTES[found[2]])


DURATION, SIZE = _Duration(), _Size()


def moment(text: str, zone: str, option: str) -> datetime:
    """A time in ISO form, in UTC; one without a zone of its own is in `zone`. Raises InvalidOption, BadTrigger."""
    from nb2prod.scheduler.cron import zone_named

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidOption(option, f"{text!r} is no time; write 2026-01-31T06:00 or 2026-01-31T06:00+01:00") from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone_named(zone))
    return found.astimezone(UTC)


def in_zone(when: datetime | None, zone: str = "UTC", *, seconds: bool = False) -> str:
    """ "Thu 2026-11-26 06:00 CET", with seconds where there are any, or always."""
    from nb2prod.scheduler.cron import zone_named

    if when is None:
        return "-"
    local = when.astimezone(zone_named(zone))
    return f"{local:%a %Y-%m-%d %H:%M:%S %Z}" if seconds or local.second else f"{local:%a %Y-%m-%d %H:%M %Z}"


def clock(when: datetime, zone: str = "UTC") -> str:
    """ "2026-11-26 06:00:00.123"."""
    from nb2prod.scheduler.cron import zone_named

    return f"{when.astimezone(zone_named(zone)):%Y-%m-%d %H:%M:%S.%f}"[:-3]
