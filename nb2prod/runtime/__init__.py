"""What generated code imports: small, quick to import, and of the standard library alone."""

from collections.abc import Sequence

from nb2prod.runtime.contract import StepRunner
from nb2prod.runtime.metrics import (
    alert,
    event,
    kpi,
    log_artifact,
    log_metric,
    log_metrics,
    log_model,
    log_table,
)

__all__ = [
    "Runner",
    "StepRunner",
    "alert",
    "event",
    "kpi",
    "log_artifact",
    "log_metric",
    "log_metrics",
    "log_model",
    "log_table",
    "main",
]


def main(package: str, arguments: Sequence[str] | None = None) -> int:
    """Run a generated package with a command line's arguments; give the exit code."""
    from nb2prod.runtime.running.program import run_package  # what only a run needs is not on the way of `import`

    return run_package(package, arguments)


def __getattr__(name: str) -> object:
    """Runner, when somebody asks for it: it needs more modules than generated code does."""
    if name != "Runner":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from nb2prod.runtime.running.runner import Runner

    return Runner
