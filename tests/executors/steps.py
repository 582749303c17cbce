"""Steps that go well, and steps that do what no step should."""

import contextlib
import itertools
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any


def add(a: int, b: int) -> int:
    return a + b


def fail(text: str) -> None:
    raise OSError(text)


def say(text: str) -> None:
    print(text, flush=True)
    print(text, file=sys.stderr, flush=True)
    time.sleep(0.5)


def sleep(seconds: float) -> str:
    time.sleep(seconds)
    return "slept"


def stubborn() -> None:
    """Hears nothing of what it is told."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    while True:
        time.sleep(1)


def hold_the_gil() -> None:
    """No signal handler of Python runs meanwhile."""
    sum(itertools.repeat(0))


def take_memory(size: int) -> int:
    taken = bytearray(os.urandom(1 << 20) * (size >> 20))
    time.sleep(5)
    return len(taken)


def leave(code: int) -> None:
    os._exit(code)


def kill(number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(5)


def die_after_answering() -> int:
    import atexit

    atexit.register(os._exit, 9)
    return 1


def draw() -> list[float]:
    import numpy as np

    return [random.random(), float(np.random.random())]


def daemonize(note: str) -> int:
    """A grandchild in a session of its own that nobody waits for."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            Path(note).write_text(str(os.getpid()))
            time.sleep(1000)
        os._exit(0)
    with contextlib.suppress(ChildProcessError):
        os.wait()
    while not Path(note).exists() or not Path(note).read_text():
        time.sleep(0.01)
    return int(Path(note).read_text())


def daemonize_and_hang(note: str) -> None:
    daemonize(note)
    time.sleep(1000)


def start_program(note: str) -> None:
    program = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"], start_new_session=True)
    Path(note).write_text(str(program.pid))
    time.sleep(1000)


def forest(trees: int) -> float:
    from sklearn.ensemble import RandomForestClassifier

    return _score(RandomForestClassifier(trees, n_jobs=2, random_state=0))


def boosting() -> float:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return _score(HistGradientBoostingClassifier(max_iter=20, random_state=0))


def _score(model: Any) -> float:
    import numpy as np

    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 8))
    y = (x @ x[0] > 0).astype(int)
    (x.T @ x).sum()
    return float(model.fit(x, y).score(x, y))


def where() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "parent": os.getppid(),
        "session": os.getsid(0),
        "run": os.environ.get("NB2PROD_RUN"),
        "jupyter": "JPY_PARENT_PID" in os.environ,
        "cwd": str(Path.cwd()),
        "cores": len(os.sched_getaffinity(0)),
    }


def note(path: str, seconds: float) -> str:
    """A line for each time that it begins."""
    with open(path, "a") as file:  # noqa: PTH123
        file.write(f"{os.getpid()}\n")
    time.sleep(seconds)
    return "noted"


def kill_host(path: str) -> None:
    """Whoever started the server that this was forked from."""
    with open(path, "a") as file:  # noqa: PTH123
        file.write(f"{os.getpid()}\n")
    server = _parent(os.getppid())
    os.kill(_parent(server), signal.SIGKILL)
    time.sleep(60)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
