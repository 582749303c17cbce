"""What requests share: the places, the analysis' thread, operations, and the app of jobs."""

import asyncio

from nb2prod.server.jobs import Jobs
from nb2prod.server.latest import Latest
from nb2prod.server.operations import Operations
from nb2prod.server.places import Places
from nb2prod.server.warming import JOBS, LOOKS, import_all

__all__ = ["Rooms"]

_LATER = 3.0  # seconds: the page that has opened a notebook asks for much else first


class Rooms:
    """One for each server."""

    def __init__(self, *, places: Places, store_url: str, at_once: int) -> None:
        self.places = places
        self.latest = Latest()
        self.operations = Operations(at_once=at_once)
        self.jobs = Jobs(store_url)
        self.starting = asyncio.Lock()  # of the scheduler: two who ask at once get one
        self._has_looked = False

    def serving(self) -> None:
        """The server has begun: somebody may soon open a notebook."""
        self.latest.prepare(lambda: import_all(LOOKS))

    def looked(self) -> None:
        """A notebook is open with our extension: somebody may soon run or schedule it."""
        if not self._has_looked:
            self._has_looked = True
            loop = asyncio.get_running_loop()
            loop.call_later(_LATER, loop.run_in_executor, None, import_all, JOBS)

    async def close(self) -> None:
        self.latest.close()
        await asyncio.to_thread(self.operations.end)
        await self.jobs.close()

    def end(self) -> None:
        """Without an event loop, at the end of the process: what runs must end."""
        self.operations.end()
