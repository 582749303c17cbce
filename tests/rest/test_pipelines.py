"""Pipelines in /metrics: the last run of each that ended."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from nb2prod.model.job import Failure, FailureKind, JobKind, RunStatus
from nb2prod.rest.pipelines import last_runs, pipeline_lines
from nb2prod.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as made:
        yield made


def ended(store: Store, name: str, kind: JobKind, status: RunStatus, **metrics: float) -> None:
    definition = store.save_definition(
        name=name,
        kind=kind,
        path=f"/{name}",
        entry=".",
        files={"pipeline.toml": b"", name: name.encode()},
        parameters=(),
    )
    run, _ = store.submit(definition_id=definition.id, parameters={})
    store.claim("worker", lease=60, run_id=run.id)
    store.log_metrics(run.id, 1, metrics)
    failure = None if status is RunStatus.COMPLETED else Failure(kind=FailureKind.CELL_ERROR, message="no")
    store.finish(run.id, 1, status, failure)


def test_the_last_run_of_each_is_told(store: Store) -> None:
    ended(store, "churn", JobKind.PIPELINE, RunStatus.FAILED)
    ended(store, "churn", JobKind.PIPELINE, RunStatus.COMPLETED, auc=0.75)
    ended(store, "price", JobKind.PIPELINE, RunStatus.FAILED)
    ended(store, "notebook", JobKind.NOTEBOOK, RunStatus.COMPLETED, auc=0.5)
    text = "".join(f"{line}\n" for line in pipeline_lines(last_runs(store)))
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["nb2prod_pipeline_last_status", "churn", "completed"] == 1
    assert samples["nb2prod_pipeline_last_status", "churn", "failed"] == 0
    assert samples["nb2prod_pipeline_last_status", "price", "failed"] == 1
    assert samples["nb2prod_pipeline_last_metric", "churn", "auc"] == 0.75
    assert not [name for name in samples if "notebook" in name]
    assert samples["nb2prod_pipeline_last_seconds", "churn"] >= 0
