"""The tables. A change here needs a new file in migrations/versions and a new HEAD.

Times are microseconds since 1970 in UTC, so they are indexed and compared alike in every database; lists and
mappings are JSON texts. Conditions of partial indexes are literal: SQLite does not see through bound values.
"""

from typing import Any  # columns of any type

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

HEAD = "0001"

IS_ACTIVE = "status IN ('queued', 'running')"
IS_QUEUED = "status = 'queued'"
IS_RUNNING = "status = 'running'"
IS_PENDING = "status = 'pending'"
IS_WATCHFUL = "paused = 0 AND disabled = '' AND next_due IS NOT NULL"

metadata = MetaData()
_Number = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows by INTEGER PRIMARY KEY alone


def _partial(name: str, *columns: ColumnElement[Any], where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


blob = Table(
    "blob",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

definition = Table(
    "definition",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("entry", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("files", Text, nullable=False),
    Column("parameters", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("name", "version", name="definition_version"),
    sqlite_autoincrement=True,
)

schedule = Table(
    "schedule",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("definition_id", BigInteger, ForeignKey("definition.id"), nullable=False, index=True),
    Column("trigger", Text, nullable=False),
    Column("parameters", Text, nullable=False),
    Column("misfire", Text, nullable=False),
    Column("overlap", Text, nullable=False),
    Column("grace", Float, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("jitter", Float, nullable=False),
    Column("start_at", BigInteger),
    Column("end_at", BigInteger),
    Column("paused", Integer, nullable=False),
    Column("disabled", Text, nullable=False),
    Column("next_due", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
_partial("schedule_due", schedule.c.next_due, where=IS_WATCHFUL)

watched = Table(
    "watched",
    metadata,
    Column("schedule_id", BigInteger, ForeignKey("schedule.id", ondelete="CASCADE"), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
)

pool = Table(
    "pool",
    metadata,
    Column("name", Text, primary_key=True),
    Column("max_running", Integer),
)

# schedule_id refers to no row: the history of a removed schedule stays
run = Table(
    "run",
    metadata,
    Column("id", Text, primary_key=True),
    Column("definition_id", BigInteger, ForeignKey("definition.id"), nullable=False, index=True),
    Column("definition_name", Text, nullable=False),
    Column("schedule_id", BigInteger),
    Column("due_at", BigInteger),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("parameters", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("pool", Text, nullable=False),
    Column("not_before", BigInteger),
    Column("place", BigInteger, nullable=False),  # in the queue: when it was due, or made
    Column("attempt", Integer, nullable=False),
    Column("failures", Integer, nullable=False),  # attempts that count for Retry.limit
    Column("losses", Integer, nullable=False),  # and for Retry.lost
    Column("lease_until", BigInteger),
    Column("cancel_requested", Text, nullable=False),
    Column("idempotency_key", Text, unique=True),
    Column("batch", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("progress", Text, nullable=False),
    Column("failure", Text),
    Column("metrics", Text, nullable=False),
    UniqueConstraint("schedule_id", "due_at", name="run_occurrence"),
)
_partial("run_queue", run.c.pool, run.c.priority.desc(), run.c.place, run.c.id, where=IS_QUEUED)
_partial("run_pool", run.c.pool, where=IS_RUNNING)
_partial("run_lease", run.c.lease_until, where=IS_RUNNING)
_partial("run_active", run.c.schedule_id, where=IS_ACTIVE)
_partial("run_batch", run.c.batch, run.c.id, where="batch <> ''")
Index("run_status", run.c.status, run.c.id)
Index("run_schedule", run.c.schedule_id, run.c.id)
Index("run_definition", run.c.definition_name, run.c.id)

attempt = Table(
    "attempt",
    metadata,
    Column("run_id", Text, ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("status", Text, nullable=False),
    Column("worker", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("folder", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("heartbeat_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
    Column("failure", Text),
    Column("seconds", Float, nullable=False),
    Column("cpu", Float, nullable=False),
    Column("memory", BigInteger, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("schedule_id", BigInteger),
    Column("data", Text, nullable=False),
    Index("event_run", "run_id", "id"),
    sqlite_autoincrement=True,
)

artifact = Table(
    "artifact",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("run_id", Text, ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    UniqueConstraint("run_id", "attempt", "name", name="artifact_name"),
    sqlite_autoincrement=True,
)

output = Table(
    "output",
    metadata,
    Column("url", Text, primary_key=True),
    Column("run_id", Text, ForeignKey("run.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("reserved_at", BigInteger, nullable=False),
)

channel = Table(
    "channel",
    metadata,
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

notification = Table(
    "notification",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_try", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("settled_at", BigInteger),
    Column("why", Text, nullable=False),
    UniqueConstraint("run_id", "kind", "channel", name="notification_once"),
    sqlite_autoincrement=True,
)
_partial("notification_pending", notification.c.next_try, where=IS_PENDING)
Index("notification_channel", notification.c.channel, notification.c.status, notification.c.settled_at)

daemon = Table(
    "daemon",
    metadata,
    Column("name", Text, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("beat_at", BigInteger, nullable=False),
)
