"""What requests share: the places, the analysis' thread, operations, and the app of jobs."""

import asyncio

from nb2prod.server.jobs import Jobs
from nb2prod.server.latest import Latest
from nb2prod.server.operations import Operations
from nb2prod.server.places import Places

__all__ = ["Rooms"]


class Rooms:
    """One for each server."""

    def __init__(self, *, places: Places, store_url: str, at_once: int) -> None:
        self.places = places
        self.latest = Latest()
        self.operations = Operations(at_once=at_once)
        self.jobs = Jobs(store_url)
        self.starting = asyncio.Lock()  # of the scheduler: two who ask at once get one

    async def close(self) -> None:
        self.latest.close()
        await asyncio.to_thread(self.operations.end)
        await self.jobs.close()

    def end(self) -> None:
        """Without an event loop, at the end of the process: what runs must end."""
        self.operations.end()
