"""Notification channels: added, listed, tried and removed."""

import json
from collections.abc import Mapping

from nb2prod.api.names import check_name
from nb2prod.errors import InvalidOption, Nb2ProdError
from nb2prod.model.notification import Channel
from nb2prod.scheduler.notify.channel import check_channel, from_stored, to_stored
from nb2prod.scheduler.notify.notifier import notifier
from nb2prod.scheduler.notify.sender import Sender
from nb2prod.scheduler.notify.words import sample
from nb2prod.store import Store

__all__ = ["MessageNotSent", "add_channel", "channels", "read_settings", "remove_channel", "send_test_message"]


class MessageNotSent(Nb2ProdError):
    exit_code = 1

    def __init__(self, channel: str, why: str) -> None:
        super().__init__(f"nothing went out by {channel!r}: {why}")


def add_channel(store: Store, channel: Channel, *, replace: bool = False) -> Channel:
    """Raises InvalidName, ChannelRefused, and InvalidOption for a name that is used, unless it is to be replaced."""
    check_name(channel.name)
    checked = check_channel(channel)
    if not replace and channel.name in {known.name for known in store.channels()}:
        raise InvalidOption(channel.name, "there is such a channel already; choose another name, or give --replace")
    store.add_channel(name=checked.name, kind=checked.kind, settings=to_stored(checked))
    return checked


def read_settings(kind: str, texts: Mapping[str, str]) -> dict[str, object]:
    """Settings from a shell: numbers and JSON where the notifier wants them, and texts. Raises ChannelRefused."""
    wanted = {setting.name: setting.kind for setting in notifier(kind).settings}
    return {name: _value(text, wanted.get(name, str)) for name, text in texts.items()}


def _value(text: str, kind: type | tuple[type, ...]) -> object:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    if str in kinds or text.startswith("secret:"):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text  # refused with the others, with its place


def channels(store: Store) -> list[Channel]:
    """Raises ChannelRefused for one that cannot be read."""
    return [from_stored(row.name, row.kind, row.settings) for row in store.channels()]


def remove_channel(store: Store, name: str) -> None:
    """Definitions that name it tell nobody by it from now on. Raises NotInStore."""
    store.remove_channel(name)


def send_test_message(store: Store, name: str) -> str:
    """Send a message now; what the channel remarks on it. Raises NotInStore and MessageNotSent."""
    row = store.channel(name)
    channel = from_stored(row.name, row.kind, row.settings)
    answer = Sender().send(channel.kind, channel.settings, sample(channel, store.now()))
    if not answer.sent:
        raise MessageNotSent(name, answer.why)
    return answer.why
