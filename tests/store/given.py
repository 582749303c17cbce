"""What tests of the store start from: a clock that stands, definitions, schedules, and a hand that edits rows."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from nb2prod.model.job import Cron, Definition, Failure, FailureKind, JobKind, JobSettings, Run, Schedule
from nb2prod.store import Occurrence, Store
from nb2prod.store.urls import store_url

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTELY = Cron(expression="* * * * *")
BROKEN = Failure(kind=FailureKind.CELL_ERROR, message="ValueError: no", cell=3, line=2, traceback="…")


class FakeClock:
    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def define(store: Store, name: str = "churn", settings: JobSettings | None = None, source: bytes = b"{}") -> Definition:
    return store.save_definition(
        name=name,
        kind=JobKind.NOTEBOOK,
        path=f"/home/ann/{name}.ipynb",
        entry=f"{name}.ipynb",
        files={f"{name}.ipynb": source},
        parameters=[("region", "str", "'EU'", "where")],
        settings=settings,
    )


def submitted(store: Store, definition: Definition, count: int = 1) -> list[Run]:
    return [store.submit(definition_id=definition.id, parameters={})[0] for _ in range(count)]


def started(store: Store, definition: Definition, lease: float = 30) -> Run:
    run = submitted(store, definition)[0]
    return store.claim("daemon", lease=lease, run_id=run.id)[0]


def scheduled(store: Store, definition: Definition, name: str = "nightly", **policies: object) -> Schedule:
    return store.add_schedule(
        name=name,
        definition_id=definition.id,
        trigger=MINUTELY,
        next_due=store.now(),
        **policies,  # type: ignore[arg-type]  # tests name what they need
    )


def minutes(count: int, start: datetime = NOON) -> list[Occurrence]:
    return [Occurrence(due_at=start + timedelta(minutes=n)) for n in range(count)]


def edit(store: Store, statement: str, **values: object) -> None:
    """As a hand would, past the store."""
    engine = create_engine(store_url(store.url), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def ask(store: Store, statement: str) -> list[tuple[object, ...]]:
    engine = create_engine(store_url(store.url), poolclass=NullPool)
    with engine.begin() as connection:
        return [tuple(row) for row in connection.execute(text(statement)).all()]
