"""What a notifier is: how a message leaves the house, by one kind of channel.

    PLUGIN = Notifier(name="webhook", settings=(Setting("url", ...), ...), check=..., send=...)

`send` runs in a process of its own that is killed at its deadline; it may block, and it may fail.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from nb2prod.errors import Nb2ProdError
from nb2prod.plugins import find_plugins
from nb2prod.scheduler.notify import kinds
from nb2prod.scheduler.notify.secret import is_reference

__all__ = [
    "Answer",
    "ChannelRefused",
    "Message",
    "NotSent",
    "Notifier",
    "Setting",
    "check_settings",
    "notifier",
    "notifiers",
]

Settings = Mapping[str, object]
MOST_SECONDS = 60  # that a channel may set as its timeout


class ChannelRefused(Nb2ProdError):
    """A channel that cannot work; it was not stored. `path` is the field that is at fault, as "settings.url"."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"the channel was not stored: {path}: {reason}")
        self.path, self.reason = path, reason


class NotSent(Exception):
    """A message did not go out. `again`: it is worth another try, in `after` seconds when the other side said so."""

    def __init__(self, why: str, *, again: bool = True, after: float = 0.0) -> None:
        super().__init__(why)
        self.why, self.again, self.after = why, again, after


@dataclass(frozen=True, kw_only=True)
class Message:
    """`id` is the same at each try, so that the other side can tell a message that came twice."""

    id: str
    event: str
    subject: str
    body: str
    at: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`again`: another try is worth it, in `after` seconds when the other side said so."""

    sent: bool
    why: str = ""
    again: bool = True
    after: float = 0.0


@dataclass(frozen=True)
class Setting:
    """`secret`: "must": it is given by reference only; "may": by reference or as it stands; "" never a reference."""

    name: str
    kind: type | tuple[type, ...] = str
    required: bool = False
    secret: str = ""


@dataclass(frozen=True, kw_only=True)
class Notifier:
    """`check` sees the settings with their references, and refuses; `send` sees the values and says "" or a remark."""

    name: str
    settings: Sequence[Setting]
    send: Callable[[Message, Settings], str]
    check: Callable[[Settings], None] = lambda _: None


@cache
def notifiers() -> Mapping[str, Notifier]:
    found = find_plugins(kinds, "nb2prod.notifiers")
    return {plugin.name: plugin for plugin in found if isinstance(plugin, Notifier)}


def notifier(kind: str) -> Notifier:
    """Imports that one alone, when it is ours: a process that sends one message has no time for the others."""
    if kind in {module.name for module in pkgutil.iter_modules(kinds.__path__)}:
        plugin = importlib.import_module(f"{kinds.__name__}.{kind}").PLUGIN
        assert isinstance(plugin, Notifier)
        return plugin
    known = notifiers()
    if kind not in known:
        raise ChannelRefused("kind", f"there is no kind {kind!r}; {_near(kind, list(known))}")
    return known[kind]


def check_settings(kind: Notifier, settings: Settings) -> None:
    names = [setting.name for setting in kind.settings]
    for name in settings:
        if name not in names:
            raise ChannelRefused(f"settings.{name}", f"a {kind.name} has no such setting; {_near(name, names)}")
    for setting in kind.settings:
        _check(kind, setting, settings)
    kind.check(settings)


def _check(kind: Notifier, setting: Setting, settings: Settings) -> None:
    path, value = f"settings.{setting.name}", settings.get(setting.name)
    if value is None:
        if setting.required:
            raise ChannelRefused(path, f"a {kind.name} needs it")
        return
    if is_reference(value):
        if not setting.secret:
            raise ChannelRefused(path, "it cannot be a secret: it is shown")
        return
    if setting.secret == "must":
        raise ChannelRefused(path, 'it is stored by reference only: {"secret": "env:NAME"}, "file:PATH" or "keyring:…"')
    if not isinstance(value, setting.kind) or (isinstance(value, bool) and setting.kind is not bool):
        kinds = setting.kind if isinstance(setting.kind, tuple) else (setting.kind,)
        raise ChannelRefused(path, f"it must be {' or '.join(dict.fromkeys(_KINDS[k] for k in kinds))}, not {value!r}")
    if setting.name == "timeout" and isinstance(value, int | float) and not 0 < value <= MOST_SECONDS:
        raise ChannelRefused(path, f"it must be over 0 and at most {MOST_SECONDS} seconds")


_KINDS = {str: "a text", int: "a number", float: "a number", bool: "true or false", list: "a list", dict: "an object"}


def _near(text: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(text, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
