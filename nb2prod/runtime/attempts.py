"""When a step is tried again, and when it has taken too long."""

import errno
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Expired", "deadline", "delay_before", "is_worth_retrying"]

# The first class of an error's family that is named here decides; an error that is not named is not tried again:
# the same code with the same inputs would fail the same way.
RETRY: dict[str, bool] = {
    "builtins.FileNotFoundError": False,
    "builtins.FileExistsError": False,
    "builtins.IsADirectoryError": False,
    "builtins.NotADirectoryError": False,
    "builtins.PermissionError": False,
    "builtins.UnicodeError": False,
    "json.decoder.JSONDecodeError": False,
    "requests.exceptions.InvalidURL": False,
    "requests.exceptions.MissingSchema": False,
    "requests.exceptions.JSONDecodeError": False,
    "ssl.SSLCertVerificationError": False,
    "builtins.ConnectionError": True,
    "builtins.TimeoutError": True,
    "builtins.OSError": True,
    "http.client.HTTPException": True,
    "httpx.TransportError": True,
    "urllib3.exceptions.HTTPError": True,
    "aiohttp.client_exceptions.ClientConnectionError": True,
    "botocore.exceptions.HTTPClientError": True,
    "sqlalchemy.exc.OperationalError": True,
    "psycopg.OperationalError": True,
    "psycopg2.OperationalError": True,
    "pymysql.err.OperationalError": True,
    "sqlite3.OperationalError": True,
    "google.api_core.exceptions.ServerError": True,
}
_STATUS = {408, 425, 429, 500, 502, 503, 504}  # what a server answers when it may answer otherwise later
_NEVER = {errno.ENOSPC, errno.EROFS, errno.ENAMETOOLONG, errno.EDQUOT, errno.ELOOP}
_LONGEST = 60.0


class Expired(BaseException):
    """Raised inside a step by its alarm. Not an Exception, so that `except Exception` in a notebook lets it pass."""


def is_worth_retrying(error: BaseException) -> bool:
    status = getattr(error, "code", None) or getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, OSError) and isinstance(status, int):
        return status in _STATUS
    if isinstance(error, OSError) and error.errno in _NEVER:
        return False
    names = (f"{family.__module__}.{family.__qualname__}" for family in type(error).__mro__)
    return next((RETRY[name] for name in names if name in RETRY), False)


def delay_before(attempt: int, base: float, chance: Callable[[], float]) -> float:
    """Seconds before attempt 2, 3, ...: doubled each time, and spread so that many do not come back together."""
    return min(_LONGEST, base * 2.0 ** (attempt - 2)) * (0.5 + chance())


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
    """Raise Expired in the body after so many seconds; again each second for code that swallows it.

    Python sees the alarm between two of its instructions: one long call of a library is ended when it returns.
    """
    if seconds is None or threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    over: list[bool] = []

    def expire(*_: object) -> None:
        if not over:
            raise Expired

    handler = signal.signal(signal.SIGALRM, expire)
    began = time.monotonic()
    before, interval = signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6), 1.0)
    try:
        yield
    finally:
        over.append(True)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if before:
            signal.setitimer(signal.ITIMER_REAL, max(before - (time.monotonic() - began), 1e-3), interval)
