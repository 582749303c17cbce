"""The pipeline's source, and that no text of anybody becomes code in it. test_kfp_runs has Kubeflow's runner run it."""

import ast
from dataclasses import replace
from functools import cache
from typing import Any  # what an order has

import pytest
from exports.given import files, notes, order, step
from exports.skeletons import constants, skeleton
from exports.test_injection import NASTY, TEXTS
from hypothesis import example, given
from hypothesis import settings as profile

from nb2prod.errors import InvalidOption
from nb2prod.runtime.parameters import Spec

SOME = profile(max_examples=8, deadline=None)


def source(**more: Any) -> str:
    found = files("kfp", order(**more))
    return found["churn_pipeline.py"]


def test_what_kubeflow_is_told() -> None:
    load = replace(step("load"), summary="Load the rows", inputs={"share": {"parameter": "test_size"}})
    steps = (load, step("load-2", "load"), replace(step("train", "load", "load-2"), inputs=load.inputs))
    text = source(graph=replace(order().graph, steps=steps), settings=replace(order().settings, environment="prod"))
    assert text[text.index("IMAGE =") : text.index("@dsl.component", text.index("def load("))] == FIRST
    assert text[text.index("@dsl.pipeline") :] == PIPELINE


def test_names_that_kubeflow_does_not_take_are_told() -> None:
    specs = tuple(Spec(name=name, annotation="int", default=1) for name in ("Rows", "_rows", "größe", "run", "train"))
    known = order(specs=specs, parameters={})
    text = files("kfp", known)["churn_pipeline.py"]
    pipeline = next(
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef) and node.name == "pipeline"
    )
    assert [each.arg for each in pipeline.args.args] == ["Rows", "p2__rows", "p3_gre", "run_", "train_"]
    told = ["parameter _rows", "parameter größe", "parameter run", "parameter train"]
    assert notes("kfp", known)[:4] == told


def test_what_does_not_cross_is_told() -> None:
    known = order(parameters={"label": "a {{$.x}}"}, artifacts="results")
    known = replace(
        known,
        values={"label": "a {{$.x}}"},
        settings=replace(
            known.settings,
            timeout=60.0,
            on_error="stop",
            on_failure="churn.alerts:tell",
            tables={
                "data": {"rows": {"path": "rows.csv"}, "sales": {"url": "postgresql://{env:DB_USER}@db/x"}},
                "run": {"circuit": 5},
            },
        ),
    )
    assert notes("kfp", known) == [
        "unsafe the artifacts in results",
        "unsafe parameter label",
        "unsafe the data rows",
        "env DB_USER, to which pipeline.toml refers",
        "which failures of load, load-2 are worth another try",
        "the timeout of load, load-2",
        "the run's timeout of 60 s",
        'on_error = "stop"',
        "unsafe on_failure churn.alerts:tell",
        "[run] circuit",
        "the schedule 0 6 * * 1-5 in Europe/Berlin",
        "kfp in the image",
        "churn_pipeline.yaml, which Kubeflow is given",
    ]


def test_an_image_and_a_place_must_be_named() -> None:
    with pytest.raises(InvalidOption, match="--image: Kubeflow needs the image"):
        source(image="")
    with pytest.raises(InvalidOption, match="--artifacts: each step has a container of its own"):
        source(artifacts="")


def made(name: str, value: str, where: str) -> ast.Module:
    known = order(name=name, parameters={"label": value}, artifacts=f"s3://{where}", image=f"image{value}")
    first = replace(step("load"), summary=value, inputs={"label": {"parameter": "label"}})
    given_order = replace(
        known,
        graph=replace(known.graph, steps=(first, *known.graph.steps[1:])),
        settings=replace(known.settings, notebook=f"{name}.ipynb"),
        specs=(Spec(name="label", annotation="str", default="a", comment=value),),
        values={"label": value},
    )
    return ast.parse(files("kfp", given_order)["churn_pipeline.py"])


@given(TEXTS, TEXTS, TEXTS)
@example(NASTY, NASTY, NASTY)
@SOME
def test_texts_stay_texts(name: str, value: str, where: str) -> None:
    found = made(name, value, where)
    assert skeleton(found) == skeleton_of_plain()
    assert {f"s3://{where}", f"image{value}", value} <= constants(found)


@cache
def skeleton_of_plain() -> str:
    return skeleton(made("a", "b", "c"))


FIRST = '''\
IMAGE = "registry.example.org/churn:1"
ARTIFACTS = "s3://bucket/churn"
RUN = dsl.PIPELINE_JOB_ID_PLACEHOLDER


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def load(run: str, artifacts: str, test_size: float) -> str:
    """Load the rows"""
    import json

    from nb2prod.runtime.steps.alone import run_step

    done = run_step(
        "churn",
        "load",
        run=run,
        artifacts=artifacts,
        parameters={
            "test_size": test_size,
        },
        environment="prod",
        attempt=0,  # Kubeflow does not tell which try it is
    )
    return json.dumps(done)


'''
PIPELINE = """\
@dsl.pipeline(name="churn", description="churn")
def pipeline(
    test_size: float = 0.25,  # of all rows
):
    load_task = load(run=RUN, artifacts=ARTIFACTS, test_size=test_size)
    load_task.set_caching_options(False)
    load_task.set_retry(3, backoff_duration="3s", backoff_factor=2.0, backoff_max_duration="60s")
    load_task.set_cpu_request("1").set_cpu_limit("1")
    load_task.set_memory_request("1908Mi").set_memory_limit("1908Mi")

    load_2_task = load_2(run=RUN, artifacts=ARTIFACTS)
    load_2_task.set_caching_options(False).after(load_task)
    load_2_task.set_retry(3, backoff_duration="3s", backoff_factor=2.0, backoff_max_duration="60s")
    load_2_task.set_cpu_request("1").set_cpu_limit("1")
    load_2_task.set_memory_request("1908Mi").set_memory_limit("1908Mi")

    train_task = train(run=RUN, artifacts=ARTIFACTS, test_size=test_size)
    train_task.set_caching_options(False).after(load_task, load_2_task)
    train_task.set_cpu_request("4").set_cpu_limit("4")
    train_task.set_memory_request("7630Mi").set_memory_limit("7630Mi")
    train_task.set_accelerator_type("nvidia.com/gpu").set_accelerator_limit(1)

    finish_task = finish(run=RUN, artifacts=ARTIFACTS, test_size=test_size)
    finish_task.set_caching_options(False).after(load_task, load_2_task, train_task)


if __name__ == "__main__":
    compiler.Compiler().compile(pipeline, str(Path(__file__).with_suffix(".yaml")))
"""
