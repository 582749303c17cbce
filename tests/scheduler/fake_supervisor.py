"""A supervisor for tests of the scheduler: a real process that runs no notebook.

It notes itself, sleeps as the run's parameter "seconds" says, writes a line to $NB2PROD_FAKE_LOG, and finishes.
"exit": it leaves without a word, with that code. "lease" is from the environment, as it is short in tests.
"""

import os
import socket
import sys
import time

from nb2prod.model.job import Failure, FailureKind, RunStatus
from nb2prod.store import Superseded, open_store


def supervise(store_url: str, run_id: str, attempt: int) -> int:
    lease = float(os.environ.get("NB2PROD_FAKE_LEASE", "30"))
    with open_store(store_url) as store:
        run = store.run(run_id)
        store.note_attempt(run_id, attempt, host=socket.gethostname(), pid=os.getpid(), folder="")
        _log(f"start {run_id} {attempt} {os.getpid()} {time.time():.6f}")
        end = time.monotonic() + float(str(run.parameters.get("seconds", 0)))
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, lease / 3))
            try:
                if store.beat(run_id, attempt, lease=lease):
                    store.finish(run_id, attempt, RunStatus.CANCELLED)
                    return FailureKind.CANCELLED.exit_code
            except Superseded:
                _log(f"superseded {run_id} {attempt}")
                return FailureKind.LOST.exit_code
        if "exit" in run.parameters:
            os._exit(int(str(run.parameters["exit"])))
        if run.parameters.get("fail"):
            store.finish(run_id, attempt, RunStatus.FAILED, Failure(kind=FailureKind.CELL_ERROR, message="as asked"))
            return FailureKind.CELL_ERROR.exit_code
        try:
            store.finish(run_id, attempt, RunStatus.COMPLETED)
        except Superseded:
            _log(f"superseded {run_id} {attempt}")
            return FailureKind.LOST.exit_code
        _log(f"end {run_id} {attempt}")
        return 0


def _log(line: str) -> None:
    if path := os.environ.get("NB2PROD_FAKE_LOG"):
        with open(path, "a", encoding="utf-8") as log:  # noqa: PTH123
            log.write(line + "\n")


if __name__ == "__main__":
    raise SystemExit(supervise(sys.argv[1], sys.argv[2], int(sys.argv[3])))
