"""Lengths of time, sizes and moments as a person writes them: 90s, 15m, 2h, 1d; 500MB, 2GB; 2026-01-31T06:00."""

import re
from datetime import UTC, datetime
from typing import Any  # what click gives to be converted
from zoneinfo import ZoneInfo

import click

from nb2prod.errors import InvalidOption

__all__ = ["DURATION", "SIZE", "in_zone", "moment", "zone"]

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_BYTES = {
    **{"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "tb": 1000**4},
    **{"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40},
}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?i?b?)")


class _Duration(click.ParamType):
    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, int | float):
            return float(value)
        text = value.strip().lower()
        parts = _PART.findall(text)
        if "".join(number + unit for number, unit in parts) != text or not parts:
            self.fail(f"{value!r} is no length of time; write 90s, 15m, 2h, 1d or 1h30m", param, ctx)
        return sum(float(number) * _SECONDS[unit] for number, unit in parts)


class _Size(click.ParamType):
    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = _SIZE.fullmatch(value.strip().lower())
        if found is None or found[2] not in _BYTES:
            self.fail(f"{value!r} is no size; write 500MB, 2GB or 1.5GiB", param, ctx)
        return int(float(found[1]) * _BYTES[found[2]])


DURATION, SIZE = _Duration(), _Size()


def zone(name: str) -> ZoneInfo:
    """Raises InvalidOption, with the zones whose names are near."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        import difflib
        from zoneinfo import available_timezones

        known = sorted(available_timezones())
        by_city = [full for full in known if full.rpartition("/")[2].lower() == name.replace(" ", "_").lower()]
        close = by_city or difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]}?" if close else "write it as Europe/Berlin"
        raise InvalidOption("--tz", f"there is no time zone {name!r}; {hint}") from None


def moment(text: str, zone_name: str, option: str) -> datetime:
    """A time in ISO form, in UTC; one without a zone of its own is in `zone_name`. Raises InvalidOption."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidOption(option, f"{text!r} is no time; write 2026-01-31T06:00 or 2026-01-31T06:00+01:00") from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone(zone_name))
    return found.astimezone(UTC)


def in_zone(when: datetime | None, zone_name: str = "UTC") -> str:
    """ "Thu 2026-11-26 06:00 CET", with seconds where there are any."""
    if when is None:
        return "-"
    local = when.astimezone(zone(zone_name))
    return f"{local:%a %Y-%m-%d %H:%M:%S %Z}" if local.second else f"{local:%a %Y-%m-%d %H:%M %Z}"
