"""From the store's outbox to the other side: what is told, how often, and that nothing that fails there does harm."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from notify.servers import until, webhook

from nb2prod.api.channels import MessageNotSent, add_channel, send_test_message
from nb2prod.model.job import Cron, Definition, Failure, FailureKind, JobKind, JobSettings, Run, RunStatus
from nb2prod.model.notification import Channel, Happening
from nb2prod.scheduler.notify.delivery import Backoff, Delivery
from nb2prod.store import Delivery as Outcome
from nb2prod.store import Occurrence, Store, open_store

pytestmark = pytest.mark.slow

EVERYTHING = tuple(Happening)
QUICK = Backoff(tries=3, first=0.1, longest=0.2)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


def define(store: Store, *channels: str, name: str = "churn") -> Definition:
    return store.save_definition(
        name=name,
        kind=JobKind.NOTEBOOK,
        path="churn.ipynb",
        entry="churn.ipynb",
        files={"churn.ipynb": b"{}"},
        parameters=(),
        settings=JobSettings(notify=channels),
    )


def channel(store: Store, url: str, name: str = "ops", **policy: object) -> None:
    given = {"events": EVERYTHING, "settings": {"url": url, "timeout": 1}, **policy}
    add_channel(store, Channel(**{"name": name, "kind": "webhook", **given}))  # type: ignore[arg-type]


def end(store: Store, definition: Definition, message: str = "", **wishes: object) -> Run:
    """A run that fails with the message, or completes when there is none."""
    run, _ = store.submit(definition_id=definition.id, parameters={}, **wishes)  # type: ignore[arg-type]
    (claimed,) = store.claim("test", lease=60, run_id=run.id)
    failure = Failure(kind=FailureKind.CELL_ERROR, message=message, cell=3) if message else None
    return store.finish(run.id, claimed.attempt, RunStatus.FAILED if message else RunStatus.COMPLETED, failure)


@contextlib.contextmanager
def delivering(store: Store, backoff: Backoff = QUICK) -> Iterator[Delivery]:
    with Delivery(store, poll=0.02, look=0.02, backoff=backoff) as delivery:
        yield delivery


def events(messages: Sequence[dict[str, object]]) -> list[object]:
    return [message["event"] for message in messages]


def test_a_failure_and_the_recovery_after_it_are_told_once(store: Store) -> None:
    definition = define(store, "ops")
    with webhook() as hook, delivering(store):
        channel(store, hook.url)
        end(store, definition)  # completes: nobody wants to hear that
        failed = end(store, definition, "ValueError: no rows")
        until(lambda: len(hook.bodies) == 1)
        end(store, definition)
        until(lambda: len(hook.bodies) == 2)
        end(store, definition)
        time.sleep(0.3)
        failure, recovery = hook.messages
    assert failure["subject"] == "[nb2prod] churn failed"
    assert "failure.message: ValueError: no rows" in failure["body"]
    assert (failure["fields"]["run.id"], failure["fields"]["failure.cell"]) == (failed.id, "3")
    assert (recovery["event"], recovery["subject"]) == ("run.recovered", "[nb2prod] churn completed again")
    assert recovery["fields"]["text"] == f"run {failed.id} had failed"
    assert [note.status for note in store.notifications()] == [Outcome.SENT, Outcome.SENT]


def test_a_channel_hears_what_it_asked_for_in_its_own_words(store: Store) -> None:
    definition = define(store, "ops", "other")
    with webhook() as hook, delivering(store):
        words = {"subject": "{definition.name}: {failure.message}", "body": "{{run}} {run.id}"}
        channel(store, hook.url, events=(Happening.FAILED,), **words)
        channel(store, hook.url, name="other", events=(Happening.RECOVERED,))
        failed = end(store, definition, "boom")
        end(store, definition)
        until(lambda: len(hook.bodies) == 2)
        until(lambda: all(note.status is not Outcome.PENDING for note in store.notifications()))
    said = {message["event"]: message for message in hook.messages}
    assert (said["run.failed"]["subject"], said["run.failed"]["body"]) == ("churn: boom", f"{{run}} {failed.id}")
    assert sorted((note.channel, note.kind, note.status.value) for note in store.notifications()) == [
        ("ops", "run.failed", "sent"),
        ("ops", "run.recovered", "dropped"),
        ("other", "run.failed", "dropped"),
        ("other", "run.recovered", "sent"),
    ]


def test_skipped_occurrences_and_a_disabled_schedule_are_told(store: Store) -> None:
    due = datetime(2026, 1, 1, tzinfo=UTC)
    schedule = store.add_schedule(
        name="hourly", definition_id=define(store, "ops").id, trigger=Cron(expression="0 * * * *"), next_due=due
    )
    with webhook() as hook, delivering(store):
        channel(store, hook.url)
        missed = [
            Occurrence(due_at=due + timedelta(hours=hour), status=RunStatus.SKIPPED, reason="misfire")
            for hour in (0, 1)
        ]
        store.advance(schedule, missed, due + timedelta(hours=2))
        until(lambda: len(hook.bodies) == 1)
        store.disable_schedule(schedule.id, "bad cron")
        until(lambda: len(hook.bodies) == 2)
        skipped, disabled = hook.messages
    assert skipped["subject"] == "[nb2prod] hourly was skipped"
    assert "2 occurrences were skipped, of which this is the last" in skipped["body"]
    assert skipped["fields"]["run.reason"] == "misfire"
    assert (disabled["event"], disabled["fields"]["text"]) == ("schedule.disabled", "bad cron")
    assert disabled["subject"] == "[nb2prod] the schedule hourly was disabled"


def test_a_run_that_does_not_start_and_one_that_does_not_end_are_told_once(store: Store) -> None:
    definition = define(store, "ops")
    for _ in range(5):
        end(store, definition)
    with webhook() as hook, delivering(store):
        channel(store, hook.url, late_after=0.2, long_factor=3.0)
        slow, _ = store.submit(definition_id=definition.id, parameters={})
        store.claim("test", lease=60, run_id=slow.id)
        late, _ = store.submit(definition_id=definition.id, parameters={})
        until(lambda: len(hook.bodies) == 2)
        time.sleep(0.3)
        said = {message["event"]: message["fields"]["run.id"] for message in hook.messages}
    assert len(hook.bodies) == 2
    assert said == {"run.late": late.id, "run.long": slow.id}


def test_what_is_over_the_limit_an_hour_is_folded_into_one_message(store: Store) -> None:
    definition = define(store, "ops")
    with webhook() as hook:
        channel(store, hook.url, hourly=3, hourly_per_schedule=None)
        runs = [end(store, definition, f"E{number}") for number in range(10)]
        with delivering(store):
            until(lambda: len(hook.bodies) == 3)
            end(store, definition, "one more: it waits for the next hour")
            time.sleep(0.3)
        first, second, summary = hook.messages
    assert (first["event"], second["event"], summary["event"]) == ("run.failed", "run.failed", "summary")
    assert summary["subject"] == "[nb2prod] 8 more: 8 failed"
    assert all(run.id in summary["body"] for run in runs[2:])
    statuses = [note.status.value for note in store.notifications()]
    assert {status: statuses.count(status) for status in statuses} == {"pending": 1, "sent": 3, "folded": 7}


def test_a_channel_that_fails_is_tried_again_and_given_up_in_sight(store: Store) -> None:
    definition = define(store, "ops")
    with webhook() as hook:
        channel(store, hook.url)
        hook.answers = [(500, {}), (500, {}), (204, {}), *[(500, {})] * 3]
        first = end(store, definition, "one")
        with delivering(store):
            until(lambda: len(hook.bodies) == 3)
            second = end(store, definition, "two")
            until(lambda: len(hook.bodies) == 6)
            until(lambda: store.notifications()[0].status is Outcome.FAILED)
    assert len({head["x-nb2prod-delivery"] for head in hook.headers[:3]}) == 1
    given_up, sent = store.notifications()
    assert (sent.status, sent.attempts, sent.run_id) == (Outcome.SENT, 3, first.id)
    assert (given_up.attempts, given_up.why) == (3, "HTTP 500 Internal Server Error")
    (event,) = [event for event in store.events(run_id=second.id) if event.kind == "notification.failed"]
    assert event.data["channel"] == "ops"
    assert store.run(second.id).status is RunStatus.FAILED  # and no more than that


def test_a_channel_that_hangs_holds_up_no_other_and_no_run(store: Store) -> None:
    definition = define(store, "hanging", "ops")
    with webhook() as slow, webhook() as hook, delivering(store):
        slow.hang = 20.0
        channel(store, slow.url, name="hanging", settings={"url": slow.url, "timeout": 20})
        channel(store, hook.url)
        began = time.monotonic()
        for number in range(3):
            end(store, definition, f"E{number}")
        took = time.monotonic() - began
        until(lambda: len(hook.bodies) == 3)
        assert not [note for note in store.notifications() if note.channel == "hanging" and note.status is Outcome.SENT]
    assert took < 10.0  # far less than one hanging message


def test_what_was_being_sent_when_the_daemon_ended_is_sent_by_the_next(store: Store) -> None:
    with webhook() as hook:
        channel(store, hook.url, settings={"url": hook.url, "timeout": 30})
        hook.hang = 30.0
        end(store, define(store, "ops"), "boom")
        with delivering(store):
            until(lambda: store.notifications()[0].attempts == 1)
            began = time.monotonic()
        assert time.monotonic() - began < 20
        hook.hang = 0.0
        assert store.notifications()[0].status is Outcome.PENDING
        with delivering(store):
            until(lambda: store.notifications()[0].status is Outcome.SENT)
    assert hook.messages[-1]["event"] == "run.failed"


def test_a_channel_that_is_gone_drops_what_waits_for_it(store: Store) -> None:
    end(store, define(store, "nowhere"), "boom")
    with delivering(store):
        until(lambda: store.notifications()[0].status is Outcome.DROPPED)
    assert store.notifications()[0].why == "the channel was removed"


def test_a_secret_is_in_no_message_row_or_log(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("DB_PASSWORD", "pa55-word-of-db")
    monkeypatch.setenv("HOOK_KEY", "signing-key-of-ops")
    definition = define(store, "ops", "broken")
    with webhook() as hook, delivering(store):
        channel(store, hook.url, settings={"url": hook.url, "signing_key": {"secret": "env:HOOK_KEY"}})
        leak = {"command": ["/bin/sh", "-c", "echo $K >&2; exit 1"], "env": {"K": {"secret": "env:HOOK_KEY"}}}
        add_channel(store, Channel(name="broken", kind="command", settings=leak, events=EVERYTHING))
        run, _ = store.submit(definition_id=definition.id, parameters={"password": {"secret": "env:DB_PASSWORD"}})
        (claimed,) = store.claim("test", lease=60, run_id=run.id)
        failure = Failure(kind=FailureKind.CELL_ERROR, message="login of pa55-word-of-db refused")  # one that leaked
        store.finish(run.id, claimed.attempt, RunStatus.FAILED, failure)
        until(lambda: len(hook.bodies) == 1)
        until(lambda: any(note.status is Outcome.FAILED for note in store.notifications()))
    (message,) = hook.messages
    assert "the secret env:DB_PASSWORD" in message["fields"]["run.parameters"]
    assert b"pa55-word" not in hook.bodies[0]
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("store.db*")) + caplog.text.encode()
    assert b"signing-key-of-ops" not in kept + hook.bodies[0] + repr(hook.headers).encode()


def test_a_test_of_a_channel_sends_a_sample_or_says_why_not(store: Store) -> None:
    with webhook() as hook:
        channel(store, hook.url, subject="{definition.name} {run.status}")
        assert send_test_message(store, "ops") == "HTTP 204"
        assert (hook.messages[0]["event"], hook.messages[0]["subject"]) == ("test", "churn failed")
        hook.answers = [(401, {})]
        with pytest.raises(MessageNotSent, match="nothing went out by 'ops': HTTP 401 Unauthorized"):
            send_test_message(store, "ops")
    assert store.notifications() == []
