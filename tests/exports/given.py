"""Orders as a target is given them, of a pipeline of three steps that nobody has written."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nb2prod.model.job import Cron
from nb2prod.runtime.parameters import Spec
from nb2prod.runtime.project import Policy, Settings
from nb2prod.runtime.running.graph import Graph, GraphStep
from nb2prod.targets.exports.base import ExportOrder, all_targets

PYTHON = "/opt/churn/bin/python"
POLICIES = {
    "load": Policy(retries=3, retry_delay=2.5, timeout=120, memory=2_000_000_000, cpus=1),
    "train": Policy(memory=8_000_000_000, cpus=4, gpus=1, lost=2),
}


def step(name: str, *before: str) -> GraphStep:
    return GraphStep(
        name=name,
        function=f"churn.steps:{name.partition('-')[0]}",
        summary="",
        inputs={},
        outputs=("",),
        before=before,
        states=(),
    )


def order(
    *,
    name: str = "churn",
    root: Path = Path("/srv/churn"),
    parameters: Mapping[str, str] | None = None,
    schedule: str = "0 6 * * 1-5",
    timezone: str = "Europe/Berlin",
    tables: Mapping[str, Any] | None = None,
    **more: Any,
) -> ExportOrder:
    given = {"test_size": "0.3"} if parameters is None else dict(parameters)
    known = Settings(
        package="churn", name=name, root=root, workdir=root, runs=root / "runs", steps=POLICIES, tables=tables or {}
    )
    specs = [Spec(name="test_size", annotation="float", default=0.25, comment="of all rows")]
    specs += [Spec(name=each, annotation="str", default="a") for each in given if each != "test_size"]
    made = ExportOrder(
        graph=Graph(
            package="churn",
            parameters={},
            steps=(step("load"), step("load-2"), step("train", "load", "load-2")),
            results={},
        ),
        settings=known,
        specs=tuple(specs),
        schedule=Cron(expression=schedule, timezone=timezone) if schedule else None,
        image="registry.example.org/churn:1",
        artifacts="s3://bucket/churn",
        parameters=given,
        python=PYTHON,
        folder=Path("/srv/deploy"),
    )
    return replace(made, **more)


def files(target: str, given: ExportOrder) -> dict[str, str]:
    return dict(next(each for each in all_targets() if each.name == target).render(given).files)


def notes(target: str, given: ExportOrder) -> list[str]:
    made = next(each for each in all_targets() if each.name == target).render(given)
    return [f"{'unsafe ' if note.unsafe else ''}{note.what}" for note in made.notes]
