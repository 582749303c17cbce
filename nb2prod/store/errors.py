"""Why the store refuses. Each class builds its own sentence: what, where, what to do."""

import difflib
from collections.abc import Sequence

from nb2prod.errors import Nb2ProdError

__all__ = [
    "BlobDamaged",
    "IdempotencyConflict",
    "NotInStore",
    "RowNotReadable",
    "ScheduleExists",
    "StoreError",
    "StoreNotReachable",
    "StoreTooNew",
    "Superseded",
]


class StoreError(Nb2ProdError):
    """The root of what the store refuses."""


class StoreNotReachable(StoreError):
    """`url` is told without its password."""

    exit_code = 7

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"the store {url} cannot be used: {reason}")
        self.url, self.reason = url, reason


class StoreTooNew(StoreError):
    def __init__(self, url: str, revision: str, ours: str) -> None:
        super().__init__(
            f"the store {url} was made by a newer nb2prod (its tables are at {revision!r}, ours at {ours!r}); "
            "install that version or name another store"
        )
        self.revision = revision


class Superseded(StoreError):
    """A writer with an old attempt number. Nothing was written."""

    def __init__(self, run_id: str, attempt: int, status: str, latest: int) -> None:
        super().__init__(
            f"attempt {attempt} of run {run_id} may write no more: the run is {status}, its latest attempt is "
            f"{latest}; nothing was written"
        )
        self.run_id, self.attempt = run_id, attempt


class NotInStore(StoreError):
    """`what` is "definition", "schedule", "run", …; `known` are the names that there are."""

    def __init__(self, what: str, name: object, known: Sequence[str] = ()) -> None:
        close = difflib.get_close_matches(str(name), known, n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
        super().__init__(f"the store has no {what} {name!r}{hint}")
        self.what, self.name = what, str(name)


class ScheduleExists(StoreError):
    def __init__(self, name: str) -> None:
        super().__init__(f"there is a schedule {name!r} already; choose another name, or remove that one")
        self.name = name


class IdempotencyConflict(StoreError):
    def __init__(self, key: str, run_id: str, differs: str) -> None:
        super().__init__(
            f"the idempotency key {key!r} belongs to run {run_id}, which has another {differs}; nothing was submitted"
        )
        self.key, self.run_id = key, run_id


class RowNotReadable(StoreError):
    def __init__(self, what: str, name: object, reason: str) -> None:
        super().__init__(f"the row of {what} {name!r} cannot be read: {reason}")
        self.reason = reason


class BlobDamaged(StoreError):
    def __init__(self, sha256: str) -> None:
        super().__init__(f"the store's bytes of {sha256} do not have that digest; define the notebook again")
        self.sha256 = sha256
