"""Files that appear: looked for in threads of their own, since a remote may take its time or not answer at all."""

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any  # what fsspec says of a file differs from one file system to the next

from fsspec.core import url_to_fs

from nb2prod.model.job import Schedule, WhenThere
from nb2prod.scheduler.untimed import Untimed, start_once
from nb2prod.store import NotInStore, Store

_LOG = logging.getLogger("nb2prod.scheduler")
_TELLS = ("type", "size", "mtime", "LastModified", "last_modified", "updated", "ETag", "etag", "checksum", "created")
_SOONEST, _LATEST, _LONGEST = 0.5, 30.0, 300.0  # seconds between looks; the last one at a place out of reach
_AT_ONCE = 8  # looks; one that hangs keeps its place


@dataclass(frozen=True)
class Seen:
    """A file as it was when it was first seen to be so."""

    fingerprint: str
    since: float


@dataclass
class Post:
    """What is remembered of one schedule between looks."""

    url: str
    seen: dict[str, Seen] = field(default_factory=dict)
    next_look: float = 0.0
    failures: int = 0
    is_looking: bool = False


def settled(
    there: Mapping[str, str], seen: Mapping[str, Seen], done: Mapping[str, str], now: float, settle: float
) -> tuple[list[str], dict[str, Seen]]:
    """Files that are new or changed and have been the same for `settle` seconds, and what to remember of the others."""
    kept: dict[str, Seen] = {}
    ready: list[str] = []
    for path, fingerprint in sorted(there.items()):
        if done.get(path) == fingerprint:
            continue
        before = seen.get(path)
        if before is None or before.fingerprint != fingerprint:
            kept[path] = Seen(fingerprint, now)
        elif now - before.since >= settle:
            ready.append(path)
        else:
            kept[path] = before
    return ready, kept


def files_at(url: str) -> dict[str, str]:
    """What is there now, by path or URL: a fingerprint of each."""
    files, path = url_to_fs(url)
    files.invalidate_cache()
    if any(mark in path for mark in "*?["):
        found = files.glob(path, detail=True)
    else:
        try:
            found = {path: files.info(path)}
        except FileNotFoundError:
            return {}
    is_local = "file" in (files.protocol if isinstance(files.protocol, tuple) else (files.protocol,))
    return {
        name if is_local else files.unstrip_protocol(name): _fingerprint(files, info) for name, info in found.items()
    }


def _is_time(schedule: Schedule, now: datetime) -> bool:
    return not (schedule.start_at and now < schedule.start_at) and not (schedule.end_at and now >= schedule.end_at)


def _fingerprint(files: Any, info: Mapping[str, Any]) -> str:
    told = [str(info.get(key, "")) for key in _TELLS]
    if info.get("type") == "directory":  # it has settled when nothing in it changes any more
        told += sorted(_fingerprint_of_file(entry) for entry in files.ls(info["name"], detail=True))
    return hashlib.sha256("\0".join(told).encode()).hexdigest()[:32]


def _fingerprint_of_file(info: Mapping[str, Any]) -> str:
    return "\0".join([str(info["name"]), *(str(info.get(key, "")) for key in _TELLS)])


class Watch:
    def __init__(self, store: Store, untimed: Untimed, started: Callable[[], None]) -> None:
        self._store, self._untimed, self._started = store, untimed, started
        self._posts: dict[int, Post] = {}
        self._places = threading.Semaphore(_AT_ONCE)

    def look(self) -> None:
        """Begin the looks that it is time for."""
        when = {schedule.id: (schedule, trigger) for schedule, trigger in self._untimed.when()}
        if when:
            now = self._store.now()
            when = {number: pair for number, pair in when.items() if _is_time(pair[0], now)}
        self._posts = {number: post for number, post in self._posts.items() if number in when or post.is_looking}
        for schedule, trigger in when.values():
            post = self._posts.setdefault(schedule.id, Post(trigger.url))
            if post.url != trigger.url and not post.is_looking:
                post = self._posts[schedule.id] = Post(trigger.url)
            if not post.is_looking and time.monotonic() >= post.next_look and self._places.acquire(blocking=False):
                post.is_looking = True
                arguments = (schedule, trigger, post)
                threading.Thread(
                    target=self._look_at, args=arguments, name=f"watch-{schedule.name}", daemon=True
                ).start()

    def _look_at(self, schedule: Schedule, trigger: WhenThere, post: Post) -> None:
        pause = min(max(trigger.settle / 2, _SOONEST), _LATEST)
        try:
            there = files_at(trigger.url)
            if post.failures:
                self._store.add_event("schedule.reachable", schedule_id=schedule.id, data={"url": trigger.url})
            post.failures = 0
            self._compare(schedule, trigger, post, there)
        except NotInStore:
            return
        except Exception as error:  # whatever a file system of others raises is its place out of reach
            pause = min(pause * 2 ** min(post.failures + 1, 10), _LONGEST)
            self._note_failure(schedule, trigger, post, error)
        finally:
            post.next_look = time.monotonic() + pause
            post.is_looking = False
            self._places.release()

    def _compare(self, schedule: Schedule, trigger: WhenThere, post: Post, there: dict[str, str]) -> None:
        done = self._store.watched(schedule.id)
        if gone := sorted(done.keys() - there.keys()):
            self._store.forget_watched(schedule.id, gone)
        ready, post.seen = settled(there, post.seen, done, time.monotonic(), trigger.settle)
        for path in ready:
            self._start(schedule, trigger, path, there[path], self._store.now())
            self._store.mark_watched(schedule.id, {path: there[path]})
        if ready:
            self._started()

    def _start(self, schedule: Schedule, trigger: WhenThere, path: str, fingerprint: str, now: datetime) -> None:
        # the same file, as it is, starts one run whoever sees it; one that was gone and came again differs by time
        digest = hashlib.sha256(f"{path}\0{fingerprint}".encode()).hexdigest()[:24]
        given = {trigger.parameter: path} if trigger.parameter else {}
        key = f"when:{schedule.id}:{digest}"
        start_once(self._store, schedule, now, reason="when", key=key, cause=path, parameters=given)

    def _note_failure(self, schedule: Schedule, trigger: WhenThere, post: Post, error: Exception) -> None:
        post.failures += 1
        _LOG.warning("schedule %s cannot look at %s: %s", schedule.name, trigger.url, error)
        if post.failures == 1:
            data = {"url": trigger.url, "error": f"{type(error).__name__}: {error}"}
            self._store.add_event("schedule.unreachable", schedule_id=schedule.id, data=data)
