"""One thread for the analysis. Of requests that wait, only the newest of a kind is looked at."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from nb2prod.server.errors import Refused, refusing

__all__ = ["Latest"]

T = TypeVar("T")


class Latest:
    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="nb2prod-look")
        self._numbers = itertools.count()
        self._newest: dict[Hashable, int] = {}

    async def do(self, kind: Hashable, work: Callable[[], T], *, is_wanted: Callable[[], bool] = lambda: True) -> T:
        """The work's result. Raises Refused (409) when a newer one of that kind came while this one waited, or when
        nobody wants it any more."""
        number = self._newest[kind] = next(self._numbers)

        def run() -> T:
            if self._newest.get(kind) != number or not is_wanted():
                raise Refused(409, "a newer request for the same notebook came, and is answered instead")
            return refusing(work)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, run)
        finally:
            if self._newest.get(kind) == number:
                del self._newest[kind]

    def prepare(self, work: Callable[[], None]) -> None:
        """Done before what is asked later."""
        with contextlib.suppress(RuntimeError):  # it was closed
            self._thread.submit(work)

    @property
    def waiting(self) -> tuple[Hashable, ...]:
        """The kinds of requests that were not answered yet."""
        return tuple(self._newest)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
