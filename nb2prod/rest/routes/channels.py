"""Channels: who is told of failures, recoveries, lateness."""

from typing import Any  # what is given of a channel, by name

from fastapi import APIRouter

from nb2prod.api import channels as verbs
from nb2prod.model.notification import Channel
from nb2prod.rest.orders import ChannelIn
from nb2prod.rest.routes.common import Name, Opened, problems
from nb2prod.rest.shapes import ChannelOut, Page, Sent
from nb2prod.scheduler.notify.channel import from_stored

ROUTER = APIRouter(prefix="/channels", tags=["channels"])


@ROUTER.get("", summary="List channels", responses=problems())
def list_channels(store: Opened) -> Page[ChannelOut]:
    return Page(items=[ChannelOut.model_validate(channel) for channel in verbs.channels(store)])


@ROUTER.get("/{name}", summary="Show a channel", responses=problems(404))
def show_channel(store: Opened, name: Name) -> ChannelOut:
    row = store.channel(name)
    return ChannelOut.model_validate(from_stored(row.name, row.kind, row.settings))


@ROUTER.put("/{name}", summary="Add a channel, or put another in its place", responses=problems(422))
def put_channel(store: Opened, name: Name, order: ChannelIn) -> ChannelOut:
    given: dict[str, Any] = order.model_dump()
    channel = Channel(name=name, **given | {"events": tuple(order.events)})
    return ChannelOut.model_validate(verbs.add_channel(store, channel, replace=True))


@ROUTER.delete("/{name}", status_code=204, summary="Remove a channel", responses=problems(404))
def remove_channel(store: Opened, name: Name) -> None:
    verbs.remove_channel(store, name)


@ROUTER.post("/{name}/test", summary="Send a sample over a channel now", responses=problems(404, 502))
def test_channel(store: Opened, name: Name) -> Sent:
    return Sent(remark=verbs.send_test_message(store, name))
