"""What a step reads and writes besides its arguments, seen through Python's audit events.

A file that was read becomes part of what a cached result requires. Whatever changes the world, or asks it something
that may answer otherwise tomorrow, makes the step one that is always run. What a library opens in its own C code is
not seen here; `keys.py` looks at the paths that a step names, and at libraries that are known to do that.
The clock, the system's randomness (`default_rng()` without a seed) and what worker processes of joblib read cannot be
seen either: a step that depends on them wants `cache = false` in pipeline.toml.
"""

import hashlib
import os
import sys
from collections.abc import Iterable
from typing import Any  # an audit event's arguments

__all__ = ["Watch", "fingerprint"]

WHOLE = 50_000_000  # bytes: a file up to this size is read to see whether it changed, a bigger one by size and time
_OUTSIDE = {
    "socket.connect": "uses the network",
    "socket.sendto": "uses the network",
    "socket.getaddrinfo": "uses the network",
    "urllib.Request": "uses the network",
    "ftplib.connect": "uses the network",
    "smtplib.connect": "uses the network",
    "sqlite3.connect": "uses a database",
    "builtins.input": "asks for input",
    "os.system": "starts a process",
    "os.fork": "starts a process",
    "os.exec": "starts a process",
    "os.posix_spawn": "starts a process",
    "os.link": "links files",
    "os.symlink": "links files",
    "os.truncate": "writes files",
    "os.chmod": "changes files",
    "os.chown": "changes files",
    "os.utime": "changes files",
}
_HARMLESS_PROGRAMS = {
    "lscpu",
    "sysctl",
    "ldconfig",
    "uname",
    "fc-list",
    "gcc",
    "ld",
}  # libraries ask what machine it is
_BYTECODE = "__pycache__"  # Python's own, which says nothing that the sources do not
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_SYSTEM = ("/proc/", "/sys/", "/dev/", "/etc/", "/usr/share/", "/usr/lib/", "/lib/", "/var/cache/fontconfig/")


class Watch:
    """Use as `with Watch(ignore) as seen`; one at a time. `ignore` are folders whose files do not matter."""

    def __init__(self, ignore: Iterable[str]) -> None:
        import tempfile

        self.ignore = (*_SYSTEM, *(f"{folder.rstrip('/')}/" for folder in ignore))
        self.temporary = tempfile.gettempdir() + os.sep
        self.read: dict[str, None] = {}
        self.listed: dict[str, None] = {}
        self.written: dict[str, None] = {}
        self.reasons: dict[str, None] = {}

    def __enter__(self) -> "Watch":
        _install()
        _ACTIVE.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        _ACTIVE.remove(self)

    def see(self, event: str, args: tuple[Any, ...]) -> None:
        if event in _OUTSIDE:
            if not (event == "sqlite3.connect" and args[0] == ":memory:"):
                self.reasons[_OUTSIDE[event]] = None
        elif event == "subprocess.Popen":
            if os.path.basename(os.fsdecode(args[0] or "")) not in _HARMLESS_PROGRAMS:  # noqa: PTH119
                self.reasons["starts a process"] = None
        else:
            _SEERS[event](self, args)

    def verdict(self) -> tuple[str, ...]:
        """Why the step must always be run; nothing when it need not."""
        return (*self.reasons, *(f"writes {path}" for path in self.lasting()[:3]))

    def lasting(self) -> list[str]:
        """What was written and is not gone."""
        return [path for path in self.written if not self._was_temporary(path)]

    def required(self) -> dict[str, str]:
        """Each file and folder that was read, and what it must be for the result to hold."""
        files = {path: fingerprint(path) for path in self.read if not self._was_temporary(path)}
        return files | {path: fingerprint(path) for path in self.listed if not self._is_ignored(path)}

    def _see_open(self, args: tuple[Any, ...]) -> None:
        path, mode, flags = args
        writes = bool(set(mode) & set("wax+")) if isinstance(mode, str) else bool((flags or 0) & _WRITES)
        if not (writes and os.path.isdir(path)):  # noqa: PTH112 - then it is a temporary file without a name
            self._note(self.written if writes else self.read, path)

    def _see_list(self, args: tuple[Any, ...]) -> None:
        self._note(self.listed, "." if args[0] is None else args[0])

    def _see_make(self, args: tuple[Any, ...]) -> None:
        self._note(self.written, args[0])

    def _see_remove(self, args: tuple[Any, ...]) -> None:
        """What the step made itself it may remove. With a `dir_fd` it is rmtree, which said so before."""
        path = _absolute(args[0])
        if args[1] == -1 and path and path not in self.written and not self._is_ignored(path):
            self.reasons["removes files"] = None

    def _see_rmtree(self, args: tuple[Any, ...]) -> None:
        self._see_remove((args[0], -1))

    def _see_rename(self, args: tuple[Any, ...]) -> None:
        source = _absolute(args[0])
        if source and source not in self.written and not self._is_ignored(source):
            self.reasons["renames files"] = None
        self._note(self.written, args[1])

    def _note(self, where: dict[str, None], path: Any) -> None:
        text = _absolute(path)
        if text and not self._is_ignored(text):
            where[text] = None

    def _is_ignored(self, path: str) -> bool:
        return f"{path}/".startswith(self.ignore) or path.endswith((".pyc", ".so")) or f"{os.sep}{_BYTECODE}" in path

    def _was_temporary(self, path: str) -> bool:
        return path.startswith(self.temporary) and not os.path.lexists(path)


def fingerprint(path: str) -> str:
    """What a file or folder is now, as a text that changes when it does."""
    try:
        if os.path.isdir(path):  # noqa: PTH112
            names = sorted(name for name in os.listdir(path) if name != _BYTECODE)  # noqa: PTH208
            return f"folder {hashlib.sha256(repr(names).encode()).hexdigest()}"
        about = os.stat(path)  # noqa: PTH116
        if about.st_size > WHOLE:
            return f"{about.st_size} bytes of {about.st_mtime_ns}"
        with open(path, "rb") as file:  # noqa: PTH123
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "missing"


def _absolute(path: Any) -> str:
    """An open descriptor has no path that matters: it was opened before."""
    return os.path.abspath(os.fsdecode(path)) if isinstance(path, (str, bytes, os.PathLike)) else ""  # noqa: PTH100


_SEERS = {
    "open": Watch._see_open,
    "os.listdir": Watch._see_list,
    "os.scandir": Watch._see_list,
    "os.mkdir": Watch._see_make,
    "os.remove": Watch._see_remove,
    "os.rmdir": Watch._see_remove,
    "shutil.rmtree": Watch._see_rmtree,
    "os.rename": Watch._see_rename,
}
_SEEN = {"subprocess.Popen", *_SEERS, *_OUTSIDE}
_ACTIVE: list[Watch] = []
_INSTALLED: list[bool] = []


def _install() -> None:
    """An audit hook stays for good, so there is one, and it does nothing while nobody watches."""
    if not _INSTALLED:
        _INSTALLED.append(True)
        sys.addaudithook(_hook)


def _hook(event: str, args: tuple[Any, ...]) -> None:
    if _ACTIVE and event in _SEEN:
        _ACTIVE[-1].see(event, args)
