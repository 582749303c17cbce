"""When a step is tried again, and when it has taken too long."""

import builtins
import errno
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any  # exceptions of libraries that are not imported here

from nb2prod.runtime.project import Policy
from nb2prod.runtime.steps.calls import ErrorFacts

__all__ = ["GUARDS", "Expired", "deadline", "delay_before", "facts_of", "worth_retrying"]

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
    "distributed.comm.core.CommClosedError": True,
}
_STATUS = {408, 425, 429, 500, 502, 503, 504}  # what a server answers when it may answer otherwise later
_TOO_MANY = 429
_NEVER = {errno.ENOSPC, errno.EROFS, errno.ENAMETOOLONG, errno.EDQUOT, errno.ELOOP}


class Expired(BaseException):
    """Raised inside a step by its alarm. Not an Exception, so that `except Exception` in a notebook lets it pass."""


def facts_of(error: BaseException) -> ErrorFacts:
    """What a policy looks at; it can cross processes where the error itself cannot."""
    families = tuple(f"{each.__module__}.{each.__qualname__}" for each in type(error).__mro__ if each is not object)
    number = error.errno if isinstance(error, OSError) else None
    return ErrorFacts(families=families, errno=number, status=_status_of(error))


def worth_retrying(facts: ErrorFacts, policy: Policy) -> bool:
    """Whether it may go otherwise next time: what the policy names decides, then what is known of libraries."""
    if _names_one(policy.retry_never, facts):
        return False
    if _names_one(policy.retry_on, facts):
        return True
    if facts.status is not None:
        return facts.status in _STATUS
    if facts.errno in _NEVER:
        return False
    return next((RETRY[family] for family in facts.families if family in RETRY), False)


def delay_before(attempt: int, policy: Policy, chance: Callable[[], float]) -> float:
    """Seconds before attempt 2, 3, ...: tenacity's doubling, and by `chance` up to half of it less, so that many do
    not come back together. tenacity's own jitter would draw from the generator that the user's steps share."""
    from tenacity import RetryCallState, wait_exponential

    state: Any = RetryCallState(None, None, (), {})  # type: ignore[arg-type]  # only the number of the attempt is read
    state.attempt_number = attempt - 1
    whole = wait_exponential(multiplier=policy.retry_delay, max=policy.retry_longest)(state)
    return float(whole) * (0.5 + chance() / 2)


def _names_one(names: tuple[str, ...], facts: ErrorFacts) -> bool:
    return any(_is_named(name, family) for name in names for family in facts.families)


def _is_named(name: str, family: str) -> bool:
    """A class is also known where its package shows it: requests.ConnectionError is of requests.exceptions."""
    module, _, last = name.rpartition(".")
    shown: Any = getattr(builtins if not module else sys.modules.get(module), last, None)
    if isinstance(shown, type):
        return family == f"{shown.__module__}.{shown.__qualname__}"
    owner, _, its = family.rpartition(".")
    return bool(module) and last == its and module.partition(".")[0] == owner.partition(".")[0]


def _status_of(error: BaseException) -> int | None:
    """The HTTP status that a library's error has, wherever it keeps it."""
    response: Any = getattr(error, "response", None)
    if isinstance(response, dict):  # botocore
        throttled = "Throttl" in str(response.get("Error", {}).get("Code", ""))
        return _TOO_MANY if throttled else response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    found = [getattr(response, name, None) for name in ("status_code", "status")]
    found += [getattr(error, name, None) for name in ("status_code", "status", "code")]
    return next((each for each in found if type(each) is int and 400 <= each <= 599), None)


# who ends this process when a deadline cannot: told of each that begins, and None when it is over
GUARDS: list[Callable[[float | None], None]] = []


@contextmanager
def deadline(seconds: float | None) -> Iterator[None]:
    """Raise Expired in the body after so many seconds; again each second for code that swallows it.

    Python sees the alarm between two of its instructions: one long call of a library is ended when it returns.
    """
    if seconds is None or threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    over: list[bool] = []
    for tell in GUARDS:
        tell(seconds)

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
        for tell in GUARDS:
            tell(None)
