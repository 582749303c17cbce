"""What a channel may be, what it says, and how much: all that is decided before anything is stored or sent."""

import pytest

from nb2prod.model.notification import Channel, Happening
from nb2prod.scheduler.notify.channel import check_channel, from_stored, to_stored
from nb2prod.scheduler.notify.notifier import ChannelRefused
from nb2prod.scheduler.notify.rate import next_message
from nb2prod.scheduler.notify.template import render
from nb2prod.store.posting import Sent, Waiting

HOOK = {"url": "https://example.com/hook"}
MAIL = {"host": "mail.example.com", "from": "jobs@example.com", "to": ["ann@example.com"]}


def refusal(kind: str = "webhook", settings: object = None, **policy: object) -> tuple[str, str]:
    given = {"name": "ops", "kind": kind, "settings": HOOK if settings is None else settings, **policy}
    with pytest.raises(ChannelRefused) as caught:
        check_channel(Channel(**given))  # type: ignore[arg-type]
    return caught.value.path, caught.value.reason


@pytest.mark.parametrize(
    ("kind", "settings", "path", "reason"),
    [
        ("webhok", {}, "kind", "there is no kind 'webhok'; did you mean 'webhook'?"),
        ("webhook", {}, "settings.url", "a webhook needs it"),
        ("webhook", {"urll": "x"}, "settings.urll", "a webhook has no such setting; did you mean 'url'?"),
        ("webhook", {"url": "ftp://example.com"}, "settings.url", "it must be http://… or https://…"),
        ("webhook", {**HOOK, "timeout": 900}, "settings.timeout", "it must be over 0 and at most 60 seconds"),
        ("webhook", {**HOOK, "timeout": "9"}, "settings.timeout", "it must be a number, not '9'"),
        (
            "webhook",
            {"url": "https://ann:word@example.com"},
            "settings.url",
            "a password in a URL is stored as it stands; give the whole url, or a header, by reference",
        ),
        (
            "webhook",
            {**HOOK, "signing_key": "plain"},
            "settings.signing_key",
            'it is stored by reference only: {"secret": "env:NAME"}, "file:PATH" or "keyring:…"',
        ),
        (
            "webhook",
            {**HOOK, "headers": {"Authorization": "Bearer plain"}},
            "settings.headers.Authorization",
            'it is stored by reference only: {"secret": "env:NAME"}',
        ),
        (
            "webhook",
            {**HOOK, "signing_key": "secret:KEY"},
            "settings",
            "'KEY' is no secret's place; write env:NAME, file:PATH or keyring:SERVICE/USER",
        ),
        ("email", {**MAIL, "to": ["ann"]}, "settings.to", "'ann' is no e-mail address"),
        ("email", {**MAIL, "from": "a@b.c\nBcc: x@y.z"}, "settings.from", "'a@b.c\\nBcc: x@y.z' is no e-mail address"),
        ("email", {**MAIL, "user": "ann"}, "settings.password", "user and password go together"),
        (
            "email",
            {**MAIL, "user": "ann", "password": "secret:env:P", "security": "none"},
            "settings.security",
            "a password goes over the network with starttls or tls only",
        ),
        (
            "command",
            {"command": []},
            "settings.command",
            'it must be a list of texts, as ["/usr/bin/page", "--team", "data"]',
        ),
        ("command", {"command": "page $(id)"}, "settings.command", "it must be a list, not 'page $(id)'"),
    ],
)
def test_settings_that_cannot_work_are_refused(kind: str, settings: object, path: str, reason: str) -> None:
    assert refusal(kind, settings) == (path, reason)


def test_a_template_with_an_unknown_field_is_refused_when_the_channel_is_added() -> None:
    assert refusal(subject="{run.ids}") == ("subject", "there is no field {run.ids}; did you mean {run.id}?")
    assert refusal(body="{run.__class__}")[0] == "body"
    assert refusal(body="50 } off") == ("body", "a single '}' at 4; write it twice")


def test_events_and_rates_are_checked_too() -> None:
    assert refusal(events=("failde",)) == ("events.0", "there is no event 'failde'; did you mean 'failed'?")
    assert refusal(hourly=0) == ("hourly", "it must be a whole number of at least 1, or null for no limit")
    assert refusal(late_after=0) == ("late_after", "it must be a number over 0")
    assert refusal(name="a", events=())[0] == "events"


def test_a_channel_comes_back_from_the_store_as_it_was() -> None:
    given = {"settings": {**MAIL, "user": "ann", "password": "secret:keyring:mail/ann"}, "hourly": None}
    events = ("failed", "disabled")
    channel = check_channel(Channel(name="ops", kind="email", events=events, **given))  # type: ignore[arg-type]
    assert channel.settings["password"] == {"secret": "keyring:mail/ann"}
    assert channel.events == (Happening.FAILED, Happening.DISABLED)
    assert from_stored("ops", "email", to_stored(channel)) == channel


def test_templates_are_no_code() -> None:
    assert render("{run.id} {{run.id}} {nothing}!", {"run.id": "7 {event}"}) == "7 {event} {run.id} !"


NONE = Sent(count=0, about={})


def waiting(*about: str) -> list[Waiting]:
    return [Waiting(id=number, about=each) for number, each in enumerate(about, 1)]


@pytest.mark.parametrize(
    ("about", "sent", "hourly", "each", "expected"),
    [
        ("aaa", NONE, None, None, (1,)),
        ("aaa", NONE, 3, None, (1,)),
        ("aaa", NONE, 2, None, (1,)),
        ("aaa", NONE, 1, None, (1, 2, 3)),
        ("aaa", Sent(count=1, about={"a": 1}), 2, None, (1, 2, 3)),
        ("aaa", Sent(count=2, about={"a": 2}), 2, None, ()),
        ("aab", NONE, None, 1, (1, 2)),
        ("aab", Sent(count=1, about={"a": 1}), None, 1, (3,)),
        ("aab", Sent(count=1, about={"a": 1}), 1, 1, ()),
        ("", NONE, 1, 1, ()),
    ],
)
def test_what_is_over_a_limit_is_folded_into_the_last_free_place(
    about: str, sent: Sent, hourly: int | None, each: int | None, expected: tuple[int, ...]
) -> None:
    assert next_message(waiting(*about), sent, hourly=hourly, hourly_per_schedule=each) == expected
