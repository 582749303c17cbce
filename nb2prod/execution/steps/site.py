"""On a Dask worker: calls carried out in guarded processes beside it, forked from servers of its own.

A thread of the worker only waits: for the end of its call, or until Dask has taken the task back, because whoever
asked for it cancelled it or is gone. Dask runs a task again when it lost the worker: a call that was begun already is
then told as lost, and whether it is tried again is the runner's to say.
"""

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any  # distributed has no types; JSON

from nb2prod.execution.steps.guarded import Guarded
from nb2prod.execution.steps.room import Room
from nb2prod.execution.steps.warm import Wanted, WarmProject
from nb2prod.runtime.results.artifacts import NEAR
from nb2prod.runtime.steps.calls import Answer, Ending, Outcome, StepCall, Ticket

__all__ = ["cancel_here", "carry_out_here", "flag_of", "left_here", "outcome_of", "take_leave_here"]

_GRACE = 1.0
_LOOK = 0.2  # seconds between looks whether Dask has taken the task back
_IDLE = 120.0  # a server that nobody closes ends so many seconds after its last step
_REMEMBERED = 1000
_WORKING = ("running", "paused")


@dataclass
class _Session:
    """What one opened executor has here."""

    room: Room
    servers: dict[Wanted, WarmProject] = field(default_factory=dict)
    running: dict[Ticket, Guarded] = field(default_factory=dict)
    unwanted: set[Ticket] = field(default_factory=set)
    is_over: bool = False


_LOCK = threading.RLock()
_SESSIONS: dict[str, _Session] = {}


def carry_out_here(session: str, call_text: str, module: str, given: Mapping[str, str]) -> str:
    """In a thread of the worker: the outcome as JSON. `given` are variables that the runner passes on."""
    from distributed import Event, get_worker

    worker: Any = get_worker()
    key = worker.get_current_task()
    call = StepCall.from_json(call_text)
    flag: Any = Event(flag_of(session, call.ticket))  # type: ignore[no-untyped-call]
    if flag.is_set():
        return _text(Outcome(ticket=call.ticket, ending=Ending(reason="lost", message="its Dask worker is gone")))
    flag.set()
    outcome = _carried_out(_session(session, worker), call, module, given, worker, lambda: _is_wanted(worker, key))
    if not _is_wanted(worker, key):
        with contextlib.suppress(Exception):  # nobody asks for it, and the scheduler may be gone too
            flag.clear()
    return _text(outcome)


def cancel_here(session: str, ticket: Ticket, dask_worker: Any = None) -> bool:
    """Whether it runs here; its task then ends with the outcome. One that does not will not begin here."""
    with _LOCK:
        found = _session(session, dask_worker)
        running = found.running.get(ticket)
        found.unwanted.add(ticket)
    if running is not None:
        running.cancel(_GRACE)
    return running is not None


def take_leave_here(session: str) -> None:
    """Begin to end all of a session; `left_here` tells what is left."""
    with _LOCK:
        found = _SESSIONS.get(session)
        if found is None or found.is_over:
            return
        found.is_over = True
        for running in found.running.values():
            running.cancel(_GRACE)
    threading.Thread(target=_close, args=(found,), name="nb2prod-leave", daemon=True).start()


def left_here(session: str) -> int:
    with _LOCK:
        found = _SESSIONS.get(session)
        return len(found.running) + len(found.servers) if found else 0


def flag_of(session: str, ticket: Ticket) -> str:
    """A name on the scheduler, which is set when the call has begun."""
    return f"nb2prod-{session}-{ticket.step}-{ticket.attempt}"


def outcome_of(text: str) -> Outcome:
    found = json.loads(text)
    answer, ending = found.pop("answer"), found.pop("ending")
    return Outcome(
        ticket=Ticket(**found.pop("ticket")),
        answer=None if answer is None else Answer.from_json(answer),
        ending=None if ending is None else Ending(**ending),
        **found,
    )


def _text(outcome: Outcome) -> str:
    answer = None if outcome.answer is None else outcome.answer.to_json()
    ending = None if outcome.ending is None else asdict(outcome.ending)
    plain = {name: getattr(outcome, name) for name in ("host", "pid", "seconds", "memory", "cpu", "moved")}
    return json.dumps({"ticket": asdict(outcome.ticket), "answer": answer, "ending": ending, **plain})


def _session(name: str, worker: Any) -> _Session:
    with _LOCK:
        if name not in _SESSIONS:
            memory = int(getattr(worker.memory_manager, "memory_limit", None) or 0)
            _SESSIONS[name] = _Session(Room(jobs=1 << 20, memory=memory or 1 << 60))
            over = [each for each, session in _SESSIONS.items() if session.is_over]
            for each in over[:-_REMEMBERED]:
                del _SESSIONS[each]
        return _SESSIONS[name]


def _carried_out(
    session: _Session,
    call: StepCall,
    module: str,
    given: Mapping[str, str],
    worker: Any,
    is_wanted: Callable[[], bool],
) -> Outcome:
    ended = threading.Event()
    found: list[Outcome] = []

    def done(_: Guarded, outcome: Outcome) -> None:
        found.append(outcome)
        ended.set()

    near = {NEAR: str(Path(worker.local_directory) / "nb2prod-near")}
    warm = _server(session, call, module, {**os.environ, **given, **near})
    if not _wait_for_room(session, call, is_wanted):
        return Outcome(ticket=call.ticket, ending=Ending(reason="cancelled", message="it was cancelled"))
    with _LOCK:  # from here on it is found by who cancels it
        if call.ticket in session.unwanted:
            session.room.leave(call.ticket, 0)
            return Outcome(ticket=call.ticket, ending=Ending(reason="cancelled", message="it was cancelled"))
        guarded = session.running[call.ticket] = Guarded(call, warm, done, host=worker.address)
    while not ended.wait(_LOOK):
        if session.is_over or not is_wanted():
            guarded.cancel(_GRACE)
    with _LOCK:
        del session.running[call.ticket]
        session.room.leave(call.ticket, found[0].memory)
    return found[0]


def _wait_for_room(session: _Session, call: StepCall, is_wanted: Callable[[], bool]) -> bool:
    """Until the memory of this worker has room for it. False when it is not wanted any more."""
    while is_wanted() and not session.is_over:
        with _LOCK:
            if session.room.fits(call):
                session.room.take(call)
                return True
        time.sleep(_LOOK)
    return False


def _server(session: _Session, call: StepCall, module: str, environment: Mapping[str, str]) -> WarmProject:
    wanted = Wanted(
        project=call.project,
        package=call.package,
        environment=call.environment,
        workdir=call.workdir,
        artifacts=call.artifacts,
        worker=module,
        idle=_IDLE,
    )
    with _LOCK:
        if wanted not in session.servers:
            session.servers[wanted] = WarmProject(wanted, environment)
        return session.servers[wanted]


def _is_wanted(worker: Any, key: Any) -> bool:
    task = worker.state.tasks.get(key)
    return task is not None and task.state in ("executing", "long-running") and worker.status.name in _WORKING


def _close(session: _Session) -> None:
    """What runs is ended by the threads that wait for it."""
    while session.running:
        time.sleep(0.02)
    for server in session.servers.values():
        server.close()
    with _LOCK:
        session.servers.clear()
