"""The last run of each pipeline in the store, as figures for Prometheus."""

from collections.abc import Mapping, Sequence

from nb2prod.model.job import JobKind, Run, RunStatus
from nb2prod.runtime.export.prometheus import families, sample
from nb2prod.store import Store

__all__ = ["last_runs", "pipeline_lines"]

_LATEST = 200  # runs of the store that are looked through
_ENDED = (RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED)


def last_runs(store: Store) -> dict[str, Run]:
    """By the name of their definition, of those that ended lately."""
    found: dict[str, Run] = {}
    names: dict[int, str] = {}
    for run in store.runs(status=_ENDED, limit=_LATEST):
        if run.definition_id not in names:
            definition = store.definition(run.definition_id)
            names[run.definition_id] = definition.name if definition.kind is JobKind.PIPELINE else ""
        if name := names[run.definition_id]:
            found.setdefault(name, run)
    return found


def pipeline_lines(runs: Mapping[str, Run]) -> Sequence[str]:
    """Under names of their own: the textfile of a project tells of the same run under its names."""
    status = [
        sample(float(run.status is each), pipeline=name, status=each.value)
        for name, run in runs.items()
        for each in _ENDED
    ]
    seconds = [
        sample((run.finished_at - run.started_at).total_seconds(), pipeline=name)
        for name, run in runs.items()
        if run.started_at and run.finished_at
    ]
    ended = [sample(run.finished_at.timestamp(), pipeline=name) for name, run in runs.items() if run.finished_at]
    metrics = [
        sample(value, pipeline=name, metric=metric)
        for name, run in runs.items()
        for metric, value in run.metrics.items()
    ]
    return tuple(
        families(
            {
                "pipeline_last_status": ("The status of the last run of a pipeline is 1", status),
                "pipeline_last_seconds": ("How long the last run of a pipeline took", seconds),
                "pipeline_last_timestamp_seconds": ("When the last run of a pipeline ended", ended),
                "pipeline_last_metric": ("A metric of the last run of a pipeline", metrics),
            }
        )
    )
