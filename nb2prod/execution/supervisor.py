"""One attempt of a run, in a process of its own: `python -m nb2prod.execution.supervisor STORE RUN ATTEMPT`.

It makes the run's folder, keeps the journal, beats the lease, sees a cancel, holds the deadlines, hands over the
outputs and tells the store how it ended. It outlives the daemon that started it; nothing that it started outlives it.

    FOLDER/run.json       how it stands or ended       FOLDER/source.ipynb   what ran
    FOLDER/journal.jsonl  what happened                FOLDER/NAME.ipynb     with its outputs
    FOLDER/run.log        for a reader                 FOLDER/files/         the snapshot, when no workdir is set
"""

import argparse
import contextlib
import os
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from nb2prod.errors import InvalidOption, Nb2ProdError
from nb2prod.execution.attempt import Attempt, Ended, InPlace
from nb2prod.execution.folders import folder_of
from nb2prod.execution.heart import Heart
from nb2prod.execution.kernels import remains
from nb2prod.execution.log import RunLog
from nb2prod.execution.notebook_job import STATUS
from nb2prod.execution.output_paths import Target
from nb2prod.execution.pipeline_attempt import run_pipeline_attempt
from nb2prod.execution.publishing import publish, publish_log, reserve
from nb2prod.execution.recovery import clear_away
from nb2prod.execution.stops import Stops, signals_stop
from nb2prod.model.job import AttemptStatus, Failure, FailureKind, JobKind, Run, RunStatus, Usage
from nb2prod.store import Store, StoreError, Superseded, open_store

__all__ = ["main", "supervise"]

_FINISHING = 60.0  # seconds in which the store is asked again to take the end


def supervise(
    store_url: str,
    run_id: str,
    attempt: int,
    *,
    folder: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
    tied: bool = False,
    in_place: InPlace | None = None,
) -> int:
    """Run a claimed attempt to its end; the exit code. `tied`: it ends when stdin does, with who holds that open."""
    stops = Stops()
    with signals_stop(stops), open_store(store_url) as store:
        if tied:
            threading.Thread(target=_end_with_parent, args=(stops,), daemon=True).start()
        try:
            run = _claimed(store, run_id, attempt)
        except Superseded:
            return FailureKind.LOST.exit_code
        return _supervise(_attempt(store, run, folder or folder_of(store, run), stops, progress, in_place))


def _claimed(store: Store, run_id: str, attempt: int) -> Run:
    run = store.run(run_id)
    if run.attempt != attempt or run.status is not RunStatus.RUNNING:
        raise Superseded(run_id, attempt, run.status, run.attempt)
    return run


def _end_with_parent(stops: Stops) -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            continue
    stops.stop(FailureKind.INTERRUPTED, "the command that started it is gone")


def _attempt(
    store: Store,
    run: Run,
    folder: Path,
    stops: Stops,
    progress: Callable[[str], None],
    in_place: InPlace | None,
) -> Attempt:
    definition = store.definition(run.definition_id)
    log = RunLog(folder)
    limit = definition.settings.limits.run
    lease = _lease(store, run)
    heart = Heart(store, run.id, run.attempt, lease=lease, stops=stops, limit=limit, log=log.say)
    attempt = Attempt(
        store=store,
        run=run,
        definition=definition,
        folder=folder,
        stops=stops,
        heart=heart,
        log=log,
        progress=progress,
        in_place=in_place,
    )
    heart.overdue = lambda: _give_up(attempt)
    return attempt


def _supervise(attempt: Attempt) -> int:
    try:
        with attempt.heart:
            ended, output = _run(attempt)
    except Superseded:
        attempt.heart.superseded = True
    if attempt.heart.superseded:
        remains.end(attempt.mark)
        return FailureKind.LOST.exit_code
    return _finish(attempt, ended, output)


def _lease(store: Store, run: Run) -> float:
    """As long as the one with which it was claimed."""
    begun = [each.heartbeat_at for each in store.attempts(run.id) if each.number == run.attempt]
    if run.lease_until is None or not begun:
        return 30.0
    return max(1.0, (run.lease_until - begun[0]).total_seconds())


def _run(attempt: Attempt) -> tuple[Ended, str]:
    """How it ended, and where its notebook is."""
    try:
        _settle(attempt)
        target = reserve(attempt)
    except InvalidOption as refused:
        return _failed(FailureKind.PARAMETERS, str(refused)), ""
    except OSError as error:
        return _failed(FailureKind.IO, f"the folder of the run cannot be written: {error}"), ""
    if attempt.in_place is None:
        attempt.log.take_streams()
    try:
        ended = _guarded(attempt)
    finally:
        attempt.log.give_streams_back()
        remains.end(attempt.mark)
    return _hand_over(attempt, ended, target)


def _settle(attempt: Attempt) -> None:
    """Raises OSError."""
    attempt.folder.mkdir(parents=True, exist_ok=True)
    attempt.store.note_attempt(
        attempt.run.id, attempt.number, host=socket.gethostname(), pid=os.getpid(), folder=str(attempt.folder)
    )
    _clear_lost(attempt)
    if attempt.definition.kind is JobKind.NOTEBOOK:
        attempt.record()  # a pipeline writes its own
    attempt.log.say(f"run {attempt.run.id}, attempt {attempt.number}: {attempt.definition.path}")


def _clear_lost(attempt: Attempt) -> None:
    """Earlier attempts whose supervisor died on this host."""
    if attempt.number == 1:
        return
    for before in attempt.store.attempts(attempt.run.id):
        if before.status is AttemptStatus.LOST and before.host == socket.gethostname() and before.folder:
            with contextlib.suppress(OSError):
                clear_away(Path(before.folder), attempt.run.id, before.number)


def _guarded(attempt: Attempt) -> Ended:
    """What is our own fault is told as such, and ends no other run."""
    try:
        if attempt.definition.kind is JobKind.PIPELINE:
            return run_pipeline_attempt(attempt)
        from nb2prod.execution.notebook_attempt import run_notebook_attempt  # nbclient takes a while to import

        return run_notebook_attempt(attempt)
    except Superseded:
        raise
    except OSError as error:
        return _failed(FailureKind.IO, attempt.redactor.text(str(error)))
    except Exception as error:
        text = attempt.redactor.text(traceback.format_exc())
        attempt.log.say(text)
        told = attempt.redactor.text(f"{type(error).__name__}: {error}")
        return Ended(failure=Failure(kind=FailureKind.INTERNAL, message=told, traceback=text))


def _failed(kind: FailureKind, message: str) -> Ended:
    return Ended(failure=Failure(kind=kind, message=message))


def _hand_over(attempt: Attempt, ended: Ended, target: Target | None) -> tuple[Ended, str]:
    """An output that cannot be written is a failure, unless there was one before."""
    if attempt.heart.superseded:
        return ended, ""
    output = ""
    try:
        output = publish(attempt, ended.products, target)
    except OSError as error:
        message = attempt.redactor.text(str(error))
        attempt.log.say(message)
        if ended.failure is None:
            return Ended(failure=Failure(kind=FailureKind.IO, message=message), usage=ended.usage), ""
    except Superseded:
        raise
    except Exception as error:  # the database is away: that the run ended is more than where its outputs are
        attempt.log.say(f"the store does not take the outputs: {type(error).__name__}: {error}")
    return ended, output


def _finish(attempt: Attempt, ended: Ended, output: str) -> int:
    failure = ended.failure
    cancelled = failure is not None and failure.kind is FailureKind.CANCELLED
    status = RunStatus.CANCELLED if cancelled else RunStatus.FAILED if failure else RunStatus.COMPLETED
    usage = Usage(**{**vars(ended.usage), "seconds": attempt.heart.seconds})
    place = f" in cell {failure.cell}" if failure and failure.cell else ""
    attempt.log.say(f"{status.value}{place}: {failure.message}" if failure else f"completed in {usage.seconds:.1f} s")
    if attempt.definition.kind is JobKind.NOTEBOOK:
        with contextlib.suppress(OSError):
            _last_record(attempt, failure, usage, output)
    try:
        with contextlib.suppress(OSError):
            publish_log(attempt)
        _tell_store(attempt, status, failure, usage)
    except Superseded:
        return FailureKind.LOST.exit_code
    return failure.kind.exit_code if failure else 0


def _last_record(attempt: Attempt, failure: Failure | None, usage: Usage, output: str) -> None:
    error = {"message": failure.message, "cell": failure.cell, "line": failure.line} if failure else None
    attempt.record(
        status="completed" if failure is None else STATUS.get(failure.kind, "failed"),
        failure=failure.kind.value if failure else None,
        finished=datetime.now(UTC).isoformat(),
        seconds=round(usage.seconds, 3),
        output=str(Path(output).name if Path(output).parent == attempt.folder else output) if output else None,
        error=error,
        metrics=attempt.heart.measured,
    )


def _tell_store(attempt: Attempt, status: RunStatus, failure: Failure | None, usage: Usage) -> None:
    """Raises Superseded, and whatever the database raises to the last."""
    until = time.monotonic() + _FINISHING
    while True:
        try:
            attempt.store.finish(attempt.run.id, attempt.number, status, failure, usage, attempt.heart.progress)
            return
        except Superseded:
            raise
        except Exception as error:  # away for a while, or its disk is full
            if time.monotonic() > until:
                raise
            attempt.log.say(f"the store does not take the end: {type(error).__name__}: {error}")
            time.sleep(1.0)


def _give_up(attempt: Attempt) -> None:
    """From the heart's thread: the main thread hangs, in an output's file system for one."""
    limit = attempt.definition.settings.limits.run or 0.0
    failure = Failure(
        kind=FailureKind.RUN_TIMEOUT, message=f"it ran for over {limit:g} s, and its outputs were not written"
    )
    remains.end(attempt.mark)
    try:
        attempt.store.finish(
            attempt.run.id, attempt.number, RunStatus.FAILED, failure, Usage(seconds=attempt.heart.seconds)
        )
    except (StoreError, OSError):
        attempt.log.say("the store does not take the end")
    os._exit(failure.kind.exit_code)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m nb2prod.execution.supervisor", description="Run one attempt.")
    parser.add_argument("store")
    parser.add_argument("run")
    parser.add_argument("attempt", type=int)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--tied", action="store_true", help="end when stdin does")
    parser.add_argument("--project", type=Path, help="run this project where it is, with our streams")
    parser.add_argument("--words", nargs=argparse.REMAINDER, default=[], help="options of the project's runtime")
    given = parser.parse_args(arguments)
    in_place = InPlace(project=given.project, words=tuple(given.words)) if given.project else None
    with contextlib.suppress(OSError):
        os.setsid()
    lines = os.fdopen(os.dup(1), "w", buffering=1)  # stdout goes to the log

    def tell(line: str) -> None:
        with contextlib.suppress(OSError):
            lines.write(line + "\n")

    try:
        return _supervise_as(given, in_place, tell)
    except Nb2ProdError as error:  # the store cannot be used: the lease will end, and somebody else will see to it
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


def _supervise_as(given: argparse.Namespace, in_place: InPlace | None, tell: Callable[[str], None]) -> int:
    return supervise(
        given.store,
        given.run,
        given.attempt,
        folder=given.folder,
        progress=tell if in_place is None else lambda _: None,
        tied=given.tied,
        in_place=in_place,
    )


if __name__ == "__main__":
    sys.exit(main())
