"""When a run stops trying: failures in a row that were worth a retry say that a service is down.

[run]
circuit = 5        # in pipeline.toml; without it there is none
"""

from dataclasses import dataclass, replace

from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.project import SETTINGS, Settings

__all__ = ["Circuit", "circuit_of"]


@dataclass(frozen=True, kw_only=True)
class Circuit:
    """`failed` has the steps of those failures, in order. A step among them that completes begins the count anew;
    that of any other step says nothing of the service. Once open it stays so: the run ends, and is resumed."""

    limit: int | None = None
    failed: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_open(self) -> bool:
        return self.limit is not None and len(self.failed) >= self.limit

    def after_failure(self, step: str, reason: str) -> "Circuit":
        """Of a failure that was worth a retry; others do not count."""
        return self if self.is_open else replace(self, failed=(*self.failed, step), reason=reason)

    def after_success(self, step: str) -> "Circuit":
        return replace(self, failed=(), reason="") if step in self.failed and not self.is_open else self

    def __str__(self) -> str:
        """Why nothing is tried or started any more."""
        steps = ", ".join(f"'{name}'" for name in dict.fromkeys(self.failed))
        return (
            f"{len(self.failed)} failures in a row that another try may mend, in {steps}, the last one {self.reason}: "
            f"a service seems to be down ([run] circuit = {self.limit} in {SETTINGS}); nothing more is tried or started"
        )


def circuit_of(settings: Settings) -> Circuit:
    """As pipeline.toml says. Raises ProjectError."""
    run = settings.tables.get("run", {})
    limit = run.get("circuit")
    if limit is not None and (type(limit) is not int or limit < 1):
        raise ProjectError(f"{SETTINGS}: circuit is {limit!r}; it must be a number of failures, 1 or more")
    return Circuit(limit=limit)
