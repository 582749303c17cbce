"""A batch: one run of a notebook for each row of a table. All rows are checked before the first run is stored."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from nb2prod.api.names import check_name
from nb2prod.api.rows import Row
from nb2prod.errors import InvalidOption, Nb2ProdError, ParameterRefused
from nb2prod.execution.job_parameters import check, to_store
from nb2prod.model.job import Definition, Run, RunStatus
from nb2prod.store import Store

__all__ = [
    "BatchRow",
    "RowsRefused",
    "batch_rows",
    "cancel_batch",
    "check_rows",
    "resume_batch",
    "submit_batch",
]

_SHOWN = 20  # troubles, before the rest is only counted


@dataclass(frozen=True, kw_only=True)
class BatchRow:
    """The latest run of a row; `tries` says how many runs the row has had."""

    number: int
    run: Run
    tries: int


class RowsRefused(Nb2ProdError):
    """Rows whose values are no parameters; nothing was stored. `troubles` has the number of the row with each."""

    def __init__(self, troubles: Sequence[tuple[int, str]], count: int) -> None:
        wrong = len({number for number, _ in troubles})
        lines = [f"row {number}: {line}" for number, text in troubles for line in text.splitlines()]
        more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
        told = "\n".join(f"    {line}" for line in [*lines[:_SHOWN], *more])
        super().__init__(f"{wrong} of {count} rows cannot be run, so none was started:\n{told}")
        self.troubles = tuple(troubles)


def submit_batch(
    store: Store,
    definition: Definition,
    rows: Sequence[Row],
    *,
    common: Mapping[str, object] | None = None,
    name: str = "",
    priority: int = 0,
) -> tuple[str, bool]:
    """The batch's name, and whether it is new. `common` are parameters of every row, where the row does not say more.

    Without a name the batch is called after what it runs, so that the same call again gives the same runs.
    Raises RowsRefused, IdempotencyConflict (the name was used for other rows).
    """
    values = check_rows(definition.parameters, rows, common or {})
    name = check_name(name) if name else f"{definition.name[:80]}-{_digest(definition, values)}"
    new = False
    for number, given in values.items():
        _, is_new = store.submit(
            definition_id=definition.id,
            parameters=given,
            reason="batch",
            priority=priority,
            pool=definition.settings.pool,
            idempotency_key=_key(name, number, 1),
            batch=name,
        )
        new = new or is_new
    return name, new


def batch_rows(store: Store, name: str) -> list[BatchRow]:
    """Every row with its latest run, in order. Raises InvalidOption when there is no such batch."""
    latest: dict[int, BatchRow] = {}
    for run in _runs(store, name):
        number, tried = _place(run)
        if number not in latest or tried > latest[number].tries:
            latest[number] = BatchRow(number=number, run=run, tries=tried)
    if not latest:
        raise InvalidOption(
            "--resume", f"there is no batch {name!r}; nb2prod runs list --json tells the batch of each run"
        )
    return [latest[number] for number in sorted(latest)]


def resume_batch(store: Store, name: str) -> list[BatchRow]:
    """Submit again what ended and did not complete, with the same version of the definition. The rows as they are now.

    Two who resume at the same time submit the same runs.
    """
    for row in batch_rows(store, name):
        if row.run.status.is_final and row.run.status is not RunStatus.COMPLETED:
            store.submit(
                definition_id=row.run.definition_id,
                parameters=row.run.parameters,
                reason="batch",
                priority=row.run.priority,
                pool=row.run.pool,
                idempotency_key=_key(name, row.number, row.tries + 1),
                batch=name,
                cause=row.run.id,
            )
    return batch_rows(store, name)


def cancel_batch(store: Store, name: str, *, by: str) -> int:
    """How many runs were cancelled or told to end."""
    going = [row.run for row in batch_rows(store, name) if not row.run.status.is_final]
    for run in going:
        store.cancel(run.id, by)
    return len(going)


# ---------------------------------------------------------------------- rows


def check_rows(
    declared: Sequence[tuple[str, str, str, str]], rows: Sequence[Row], common: Mapping[str, object]
) -> dict[int, Mapping[str, object]]:
    """What the store keeps of each row, by its number. Raises RowsRefused, which tells of all that are wrong."""
    values: dict[int, Mapping[str, object]] = {}
    troubles: list[tuple[int, str]] = []
    for row in rows:
        try:
            values[row.number] = to_store(check(declared, {**common, **row.values}))
        except ParameterRefused as error:
            troubles.append((row.number, str(error)))
    if troubles:
        raise RowsRefused(troubles, len(rows))
    return values


def _digest(definition: Definition, values: Mapping[int, Mapping[str, object]]) -> str:
    text = json.dumps([definition.digest, list(values.items())], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _key(name: str, number: int, tried: int) -> str:
    return f"batch/{name}/{number}/{tried}"


def _place(run: Run) -> tuple[int, int]:
    *_, number, tried = run.idempotency_key.split("/")
    return int(number), int(tried)


def _runs(store: Store, name: str) -> Iterable[Run]:
    before = ""
    while page := store.runs(batch=name, before=before, limit=500):
        yield from page
        before = page[-1].id
