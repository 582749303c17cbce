"""The warm fork servers: found or started, one for each environment of a user."""

import contextlib
import fcntl
import os
import socket
import stat
import struct
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from nb2prod.execution.kernels.environment import SERVED, Environment
from nb2prod.execution.kernels.order import KernelNotStarted

__all__ = ["WarmKernels", "private_folder", "warm_kernels"]

_IDLE = 300.0
_ROOM = "-" * 150  # for the mark of a run, in the memory where others read a process's environment


class WarmKernels:
    """Servers live on for `idle` seconds without a kernel; with 0 they end with this object, or with this process."""

    def __init__(self, *, idle: float | None = None, folder: Path | None = None) -> None:
        self.idle = float(os.environ.get("NB2PROD_WARM_SECONDS", _IDLE)) if idle is None else idle
        self._folder = folder
        self._held: list[socket.socket] = []
        self._lock = threading.Lock()

    @property
    def folder(self) -> Path:
        return self._folder or private_folder()

    def find(self, environment: Environment) -> socket.socket | None:
        """A connection to its server, which is the order of a kernel. None: no server runs."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(self._place(environment)))
        except OSError:
            connection.close()
            return None
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        if struct.unpack("3i", credentials)[1] != os.getuid():
            connection.close()
            return None
        return connection

    def connect(self, environment: Environment) -> socket.socket:
        """As `find`, and starts the server when none runs. Raises KernelNotStarted."""
        found = self.find(environment)
        if found is None:
            with self._lock, _locked(self._place(environment).with_suffix(".lock")):
                found = self.find(environment)
                if found is None:
                    self._start(environment)
                    found = self.find(environment)
        if found is None:
            raise KernelNotStarted(environment.python, "its warm server does not answer")
        return found

    def prepare(self, environment: Environment) -> None:
        """Have a server, so that the first kernel is quick."""
        self.connect(environment).close()

    def close(self) -> None:
        """The servers without idle time that this object started end."""
        for held in self._held:
            held.close()
        self._held.clear()

    def _place(self, environment: Environment) -> Path:
        own = "" if self.idle > 0 else f"-{os.getpid()}-{id(self):x}"
        return self.folder / f"{environment.key}{own}.sock"

    def _start(self, environment: Environment) -> None:
        """It leaves us at once, so it may outlive us and is nobody's to wait for."""
        ours, theirs = socket.socketpair()
        path = self._place(environment)
        command = [environment.python, *environment.options, str(SERVED), "zygote", str(path), str(self.idle)]
        env = {**dict(environment.env), "NB2PROD_RUN": _ROOM}
        log = path.with_suffix(".log")
        with theirs, log.open("wb") as errors:
            done = subprocess.run(
                command,
                stdin=theirs.fileno(),
                stdout=subprocess.PIPE,  # until the server, which has it too, says that it listens and closes it
                stderr=errors,
                env=env,
                cwd="/",
                start_new_session=True,
                check=False,
            )
        if done.stdout != b"+":
            ours.close()
            lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise KernelNotStarted(environment.python, lines[-1] if lines else "its warm server ended at once")
        if self.idle > 0:
            ours.close()
        else:
            self._held.append(ours)


def warm_kernels() -> WarmKernels:
    """Those that all of this process use."""
    return _SHARED


_SHARED = WarmKernels()


def private_folder() -> Path:
    """A folder that this user alone may enter. Raises KernelNotStarted when another made it."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    base = Path(runtime) if runtime and Path(runtime).is_dir() else Path(tempfile.gettempdir())
    folder = base / (f"nb2prod-{os.getuid()}")
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise KernelNotStarted("this user", f"{folder} is not a folder that you alone may enter; remove it")
    return folder


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
