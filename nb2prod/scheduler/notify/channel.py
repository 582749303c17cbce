"""Channels checked before they are stored, and their form in the store."""

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any  # what a row or a request holds, before it is checked

from nb2prod.model.notification import Channel, Happening
from nb2prod.scheduler.notify.notifier import ChannelRefused, check_settings, notifier
from nb2prod.scheduler.notify.secret import FORMS, by_reference, is_known_form, references
from nb2prod.scheduler.notify.template import check_template

__all__ = ["EVENTS", "check_channel", "from_stored", "to_stored"]


def check_channel(channel: Channel) -> Channel:
    """The channel with its secrets by reference. Raises ChannelRefused, with the field that is at fault."""
    name = channel.name
    if not name or not name.isprintable() or "/" in name or name != name.strip() or len(name) > 100:
        raise ChannelRefused("name", f"{name!r} is no name: it is printable, without / and without space at its ends")
    settings = by_reference(dict(channel.settings))
    assert isinstance(settings, dict)
    for reference in references(settings):
        if not is_known_form(reference):
            raise ChannelRefused("settings", f"{reference!r} is no secret's place; {FORMS}")
    check_settings(notifier(channel.kind), settings)
    read = {part: reader(part, getattr(channel, part)) for part, reader in _POLICY.items()}
    return replace(channel, settings=settings, **read)


def to_stored(channel: Channel) -> dict[str, object]:
    """The settings of the store's row: those of its kind, and all that is ours."""
    return {part: getattr(channel, part) for part in ("settings", *_POLICY)} | {"events": list(channel.events)}


def from_stored(name: str, kind: str, stored: Mapping[str, Any]) -> Channel:
    """Raises ChannelRefused for a row that was edited by hand and cannot be read."""
    known = {field.name for field in fields(Channel)} - {"name", "kind"}
    if unknown := stored.keys() - known:
        raise ChannelRefused(min(unknown), f"a channel has no such field; there are {', '.join(sorted(known))}")
    return check_channel(Channel(**{"name": name, "kind": kind, **stored}))


def _events(path: str, value: object) -> tuple[Happening, ...]:
    """Takes "failed" for "run.failed", and "disabled" for "schedule.disabled"."""
    if not isinstance(value, list | tuple) or not value:
        raise ChannelRefused(path, f"it must be a list of some of {', '.join(EVENTS)}")
    found = []
    for index, part in enumerate(value):
        text = str(part)
        if text not in EVENTS and text not in set(Happening):
            close = difflib.get_close_matches(text, EVENTS, n=1, cutoff=0.5)
            near = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(EVENTS)}"
            raise ChannelRefused(f"{path}.{index}", f"there is no event {text!r}; {near}")
        found.append(EVENTS.get(text) or Happening(text))
    return tuple(dict.fromkeys(found))


EVENTS: Mapping[str, Happening] = {happening.partition(".")[2]: happening for happening in Happening}


def _template(path: str, value: object) -> str:
    if not isinstance(value, str):
        raise ChannelRefused(path, "it must be a text")
    check_template(path, value)
    return value


def _rate(path: str, value: object) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ChannelRefused(path, "it must be a whole number of at least 1, or null for no limit")
    return value


def _seconds(path: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ChannelRefused(path, "it must be a number over 0")
    return float(value)


def _seconds_or_none(path: str, value: object) -> float | None:
    return None if value is None else _seconds(path, value)


_POLICY: Mapping[str, Callable[[str, object], Any]] = {
    "events": _events,
    "subject": _template,
    "body": _template,
    "hourly": _rate,
    "hourly_per_schedule": _rate,
    "late_after": _seconds,
    "long_after": _seconds_or_none,
    "long_factor": _seconds_or_none,
}
