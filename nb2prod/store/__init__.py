"""The store: definitions, schedules, runs and what came of them, in SQLite or PostgreSQL."""

from nb2prod.store.clock import utc_now
from nb2prod.store.errors import (
    BlobDamaged,
    IdempotencyConflict,
    NotInStore,
    RowNotReadable,
    ScheduleExists,
    StoreError,
    StoreNotReachable,
    StoreTooNew,
    Superseded,
)
from nb2prod.store.listing import RunLabel, ScheduleLabel
from nb2prod.store.records import Channel, Daemon, Delivery, Notification, Occurrence, Pool, Pruned
from nb2prod.store.store import Store, open_store

__all__ = [
    "BlobDamaged",
    "Channel",
    "Daemon",
    "Delivery",
    "IdempotencyConflict",
    "NotInStore",
    "Notification",
    "Occurrence",
    "Pool",
    "Pruned",
    "RowNotReadable",
    "RunLabel",
    "ScheduleExists",
    "ScheduleLabel",
    "Store",
    "StoreError",
    "StoreNotReachable",
    "StoreTooNew",
    "Superseded",
    "open_store",
    "utc_now",
]
