"""Delivery: sends what waits in the store's outbox, at least once, and tells of runs that are late or long.

It has threads of its own, one for each channel that has something to send, and a process for each message. A channel
that hangs or fails costs its own thread some time, and no run, no other channel and no daemon's loop anything.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from nb2prod.model.job import Definition, Schedule
from nb2prod.model.notification import Channel, Happening
from nb2prod.scheduler.notify.channel import from_stored
from nb2prod.scheduler.notify.lookout import Lookout
from nb2prod.scheduler.notify.notifier import MOST_SECONDS, Answer, ChannelRefused
from nb2prod.scheduler.notify.rate import next_message
from nb2prod.scheduler.notify.secret import references
from nb2prod.scheduler.notify.sender import GRACE, Sender
from nb2prod.scheduler.notify.words import Told, message_of, summary_of
from nb2prod.store import Channel as Row
from nb2prod.store import Delivery as Outcome
from nb2prod.store import Notification, NotInStore, RowNotReadable, Store, StoreError

__all__ = ["Backoff", "Delivery"]

_log = logging.getLogger(__name__)
_MOST_CHANNELS = 16  # that send at once


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """Up to `tries` tries, with a pause between them that doubles from `first` to `longest` seconds."""

    tries: int = 8
    first: float = 10.0
    longest: float = 3600.0

    def pause(self, tried: int, asked: float) -> float:
        """After so many tries, when the other side asked for a pause of `asked` seconds."""
        return max(min(self.first * 2.0 ** (tried - 1), self.longest), asked)


_BACKOFF = Backoff()


class Delivery:
    """`start` and `close` it beside a daemon's loop, or `with Delivery(store):`. It shares the store, not the loop."""

    def __init__(self, store: Store, *, poll: float = 1.0, look: float = 5.0, backoff: Backoff = _BACKOFF) -> None:
        self._store, self._poll, self._backoff = store, poll, backoff
        self._lookout = Lookout(store, every=look)
        self._sender = Sender()
        self._over = threading.Event()
        self._busy: dict[str, threading.Thread] = {}
        self._thread = threading.Thread(target=self._run, name="nb2prod-delivery", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """What is being sent is broken off, and tried again by the next who delivers."""
        self._over.set()
        self._sender.close()
        for thread in (self._thread, *self._busy.values()):
            if thread.is_alive():
                thread.join(5.0)

    def __enter__(self) -> "Delivery":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def step(self) -> None:
        """Starts a thread for each channel that has something to send and none yet."""
        rows = {row.name: row for row in self._store.channels()}
        self._lookout.step([channel for channel in map(_read, rows.values()) if channel is not None])
        self._busy = {name: thread for name, thread in self._busy.items() if thread.is_alive()}
        for name in self._store.waiting_channels():
            if name not in rows:
                self._store.drop_notifications(name, "the channel was removed")
            elif name not in self._busy and len(self._busy) < _MOST_CHANNELS:
                work = partial(self._guarded, partial(self._serve, rows[name]))
                self._busy[name] = threading.Thread(target=work, name=f"nb2prod-delivery-{name}", daemon=True)
                self._busy[name].start()

    def _run(self) -> None:
        while not self._over.wait(self._poll):
            self._guarded(self.step)

    def _guarded(self, work: Callable[[], None]) -> None:
        """A store that is away comes back; whatever else goes wrong is told, and the next step is another try."""
        try:
            work()
        except StoreError as error:
            _log.warning("notifications wait: %s", error)
        except Exception:  # of a row or a template; the next ones must not wait for it
            _log.exception("a step of the delivery failed; it goes on")

    def _serve(self, row: Row) -> None:
        channel = _read(row)
        if channel is None:
            time.sleep(self._poll)  # its notifications wait until it is repaired
            return
        limits = {"hourly": channel.hourly, "hourly_per_schedule": channel.hourly_per_schedule}
        hold = MOST_SECONDS + 2 * GRACE + 30.0
        while not self._over.is_set():
            taken = self._store.take_message(
                channel.name, [*channel.events], lambda waiting, sent: next_message(waiting, sent, **limits), hold=hold
            )
            if not taken:
                return
            self._send(channel, taken)

    def _send(self, channel: Channel, taken: Sequence[Notification]) -> None:
        first = taken[0]
        told = [one for one in map(self._look_up, taken) if one is not None]
        if not told:
            self._store.settle_notification(first.id, Outcome.DROPPED, "what it tells of is gone")
            return
        message = message_of(channel, told[0]) if len(taken) == 1 else summary_of(channel, told)
        secrets = {reference for one in told if one.run for reference in references(dict(one.run.parameters))}
        answer = self._sender.send(channel.kind, channel.settings, message, secrets=sorted(secrets))
        if self._over.is_set() and not answer.sent:
            answer = Answer(sent=False, why="the daemon ended while it was sent")
        self._settle(channel, first, answer)

    def _settle(self, channel: Channel, note: Notification, answer: Answer) -> None:
        if answer.sent:
            self._store.settle_notification(note.id, Outcome.SENT, answer.why)
            return
        if answer.again and note.attempts < self._backoff.tries:
            later = timedelta(seconds=self._backoff.pause(note.attempts, answer.after))
            self._store.settle_notification(note.id, Outcome.FAILED, answer.why, retry_at=self._store.now() + later)
            return
        _log.error("channel %s: given up after %d tries: %s", channel.name, note.attempts, answer.why)
        self._store.settle_notification(note.id, Outcome.FAILED, answer.why)
        self._tell_of_failure(channel, note, answer)

    def _tell_of_failure(self, channel: Channel, note: Notification, answer: Answer) -> None:
        data = {"channel": channel.name, "notification": note.kind, "tries": note.attempts, "why": answer.why}
        number = note.data.get("schedule_id")
        if isinstance(number, int):
            self._store.add_event("notification.failed", schedule_id=number, data=data)
        else:
            self._store.add_event("notification.failed", run_id=note.run_id, data=data)

    def _look_up(self, note: Notification) -> Told | None:
        number = note.data.get("schedule_id")
        told = Told(id=note.id, happening=Happening(note.kind), at=note.created_at, text=_text(note))
        if isinstance(number, int):
            schedule = self._schedule(number)
            return Told(**{**vars(told), "schedule": schedule, "definition": self._definition(schedule)})
        try:
            run = self._store.run(note.run_id)
        except (NotInStore, RowNotReadable):
            return None
        definition = self._store.definition(run.definition_id)
        return Told(**{**vars(told), "run": run, "definition": definition, "schedule": self._schedule(run.schedule_id)})

    def _schedule(self, number: int | None) -> Schedule | None:
        try:
            return None if number is None else self._store.schedule_by_id(number)
        except NotInStore:
            return None

    def _definition(self, schedule: Schedule | None) -> Definition | None:
        try:
            return None if schedule is None else self._store.definition(schedule.definition_id)
        except (NotInStore, RowNotReadable):
            return None


def _read(row: Row) -> Channel | None:
    try:
        return from_stored(row.name, row.kind, row.settings)
    except ChannelRefused as error:
        _log.warning("the channel %s cannot be used; add it again: %s", row.name, error)
        return None


def _text(note: Notification) -> str:
    match note.data:
        case {"reason": str(reason)}:
            return reason
        case {"count": int(count)} if count > 1:
            return f"{count} occurrences were skipped, of which this is the last"
        case {"seconds": int() | float() as seconds, "limit": int() | float() as limit}:
            return f"{seconds:.0f} s so far, which is over {limit:.0f} s"
        case {"failed": str(run)}:
            return f"run {run} had failed"
    return ""
