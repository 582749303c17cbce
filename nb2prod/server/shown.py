"""What several requests show."""

from typing import Any  # JSON

from nb2prod.api.scheduler import status
from nb2prod.rest.shapes import DaemonOut
from nb2prod.store import Store

__all__ = ["scheduler_status"]


def scheduler_status(store: Store) -> Any:
    found = status(store)
    return {
        "running": bool(found.daemons),
        "daemons": [DaemonOut.model_validate(daemon).model_dump(mode="json") for daemon in found.daemons],
        "store": store.shown_url,
        "queued": found.queued,
        "running_runs": found.running,
        "next_due": found.next_due.isoformat() if found.next_due else None,
        "schedules": found.schedules,
        "lag": found.lag,
    }
