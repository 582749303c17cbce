"""Processes that work on one store at once. `python worker.py URL GO ROLE …` waits for the file GO, then plays ROLE."""

import json
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from nb2prod.model.job import RunStatus
from nb2prod.store import Occurrence, Store, open_store


def claims(store: Store, name: str) -> object:
    """Claims and finishes runs until all have ended."""
    done: list[str] = []
    while store.runs(status=[RunStatus.QUEUED, RunStatus.RUNNING], limit=1):
        for run in store.claim(name, lease=60, limit=3):
            store.beat(run.id, run.attempt, lease=60)
            store.finish(run.id, run.attempt, RunStatus.COMPLETED)
            done.append(run.id)
    return done


def submits(store: Store, threads: str) -> object:
    """The same submission from each thread at once."""
    definition = store.latest_definition("churn")
    ready, answers = threading.Barrier(int(threads)), []

    def submit() -> None:
        ready.wait()
        run, is_new = store.submit(definition_id=definition.id, parameters={"a": 1}, idempotency_key="once")
        answers.append((run.id, is_new))

    crowd = [threading.Thread(target=submit) for _ in range(int(threads))]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    return answers


def ticks(store: Store, until: str) -> object:
    """Takes every due time of the schedule, as a daemon would, in steps that others may have taken already."""
    end, made = int(until), 0
    while schedules := store.due():
        schedule = schedules[0]
        due = schedule.next_due
        assert due is not None
        step = (due - schedule.created_at) // timedelta(minutes=1)
        following = due + timedelta(minutes=1) if step + 1 < end else None
        made += len(store.advance(schedule, [Occurrence(due_at=due)], following))
        store.advance(replace(schedule, next_due=due), [Occurrence(due_at=due)], following)  # once more, too late
    return made


ROLES: dict[str, Callable[[Store, str], object]] = {"claims": claims, "submits": submits, "ticks": ticks}


def main(url: str, go: str, role: str, argument: str) -> None:
    with open_store(url) as store:
        while not Path(go).exists():
            time.sleep(0.005)
        print(json.dumps(ROLES[role](store, argument)))


if __name__ == "__main__":
    main(*sys.argv[1:])
