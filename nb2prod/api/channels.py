"""Notification channels: added, listed, tried and removed."""

from nb2prod.api.definitions import check_name
from nb2prod.model.notification import Channel
from nb2prod.scheduler.notify.channel import check_channel, send_test
from nb2prod.store import Store

__all__ = ["add_channel", "channels", "remove_channel", "test_channel"]


def add_channel(store: Store, channel: Channel) -> Channel:
    """Raises InvalidName, and what the notifier of its kind says of settings that are wrong. A name is used once."""
    check_name(channel.name)
    check_channel(channel)
    return store.add_channel(channel)


def channels(store: Store) -> list[Channel]:
    return store.channels()


def remove_channel(store: Store, name: str) -> None:
    store.remove_channel(name)


def test_channel(store: Store, name: str) -> str:
    """Send a message now, and say where it went. Raises what stopped it."""
    return send_test(store, name)
