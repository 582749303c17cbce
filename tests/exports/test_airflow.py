"""The DAG file: what it says, and that no text of anybody becomes code in it. test_airflow_runs has Airflow run it."""

import ast
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any  # what an order has

import pytest
from exports.given import files, notes, order, step
from exports.skeletons import constants, skeleton
from exports.test_injection import NASTY, PATHS, TEXTS
from hypothesis import example, given
from hypothesis import settings as profile

from nb2prod.errors import InvalidOption
from nb2prod.runtime.parameters import Spec
from nb2prod.runtime.project import Policy, Settings

SOME = profile(max_examples=8, deadline=None)


def source(**more: Any) -> str:
    (text,) = files("airflow", order(**more)).values()
    return text


def settings(**more: Any) -> Settings:
    return replace(order().settings, **more)


def test_what_airflow_is_told() -> None:
    steps = (step("load"), step("load-2"), step("finish"), step("json", "load", "load-2"), step("train", "json"))
    text = source(
        graph=replace(order().graph, steps=steps),
        settings=settings(timeout=3600.0, environment="prod", on_error="stop"),
    )
    assert 'command += ["--env", "prod"]' in text
    assert 'DAG_ID = "churn-prod"' in text
    assert text[text.index("@dag(") :] == EXPECTED


def test_it_needs_airflow_alone() -> None:
    """What it imports when it is parsed, which Airflow does all the time."""
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(source()))
        for name in (
            [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    ours = {"contextlib", "datetime", "hashlib", "json", "logging", "os", "re", "signal", "subprocess"}
    assert imported == {*ours, "airflow", "pendulum"}


def test_without_a_schedule_it_waits_to_be_started() -> None:
    text = source(schedule="")
    assert "schedule=None" in text
    assert "CronTriggerTimetable" not in text


def test_parameters_have_the_types_of_a_form() -> None:
    specs = (
        Spec(name="rows", annotation="int", default=3),
        Spec(name="share", annotation="float", default=1),
        Spec(name="dry", annotation="bool", default=True),
        Spec(name="way", annotation="Literal['up', 'down']", default="up"),
        Spec(name="pair", annotation="tuple[int, int]", default=(1, 2)),
        Spec(name="limit", annotation="int | None", default=None),
        Spec(name="most", annotation="float", default=float("inf")),
        Spec(name="big", annotation="int", default=2**60),
        Spec(name="odd", annotation="Any", default=object),
    )
    text = source(specs=specs, parameters={})
    params = next(
        keyword.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "params"
    )
    assert isinstance(params, ast.Dict)
    said = {
        ast.literal_eval(key): [ast.unparse(each) for each in (*value.args, *(k.value for k in value.keywords[:-1]))]
        for key, value in zip(params.keys, params.values, strict=True)
        if key is not None and isinstance(value, ast.Call)
    }
    assert said == {
        "rows": ["3", "'integer'"],
        "share": ["1.0", "'number'"],
        "dry": ["True", "'boolean'"],
        "way": ["'up'", "'string'", "['up', 'down']"],
        "pair": ["'(1, 2)'", "'string'"],
        "limit": ["'None'", "'string'"],
        "most": ["'inf'", "'string'"],
        "big": ["'1152921504606846976'", "'string'"],
    }
    assert "parameter odd" in notes("airflow", order(specs=specs, parameters={}))


def test_what_does_not_cross_is_told() -> None:
    known = settings(on_failure="churn.alerts:tell", tables={"run": {"circuit": 5}})
    assert notes("airflow", order(settings=known, artifacts="results", schedule="30 2 * * *")) == [
        f"artifacts in the folder {Path('results').absolute()}",
        "--image",
        "cores of train",
        "memory of load, load-2, train",
        "graphics cards of train",
        "unsafe on_failure churn.alerts:tell",
        "[run] circuit",
        "the nights in which the clocks of Europe/Berlin change",
    ]
    assert notes("airflow", order(image="", settings=settings(steps={"load": Policy(retries=1)}))) == []


def test_times_that_airflow_reads_in_another_way_are_refused() -> None:
    with pytest.raises(InvalidOption, match="Airflow cannot say '0 6 L"):
        source(schedule="0 6 L * *")


def made(name: str, value: str, where: str, root: Path) -> ast.Module:
    known = order(name=name, parameters={"label": value}, artifacts=f"s3://{where}", root=root)
    steps = (replace(step("load"), summary=value), *known.graph.steps[1:])
    given_order = replace(
        known,
        graph=replace(known.graph, steps=steps),
        settings=replace(known.settings, notebook=f"{name}.ipynb"),
        specs=(Spec(name="label", annotation="str", default="a", comment=value),),
        values={"label": value},
        python=f"{root}/python",
    )
    (text,) = files("airflow", given_order).values()
    return ast.parse(text)


@given(TEXTS, TEXTS, TEXTS, PATHS)
@example(NASTY, NASTY, NASTY, Path("/srv/'x'"))
@example("a", "b", "c", Path("/srv/d"))
@SOME
def test_texts_stay_texts(name: str, value: str, where: str, root: Path) -> None:
    found = made(name, value, where, root)
    assert skeleton(found) == skeleton_of_plain()
    assert {f"s3://{where}", str(root), f"{root}/python", value} <= constants(found)


@cache
def skeleton_of_plain() -> str:
    return skeleton(made("a", "b", "c", Path("/srv/d")))


EXPECTED = """\
@dag(
    dag_id=DAG_ID,
    dag_display_name="churn",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 6 * * 1-5", timezone="Europe/Berlin"),
    start_date=pendulum.datetime(2025, 1, 1, tz="Europe/Berlin"),
    catchup=False,
    max_active_runs=1,  # two at once would write the same files
    dagrun_timeout=timedelta(seconds=3600.0),
    fail_fast=True,
    params={
        "test_size": Param(0.25, type="number", description="of all rows"),
    },
    tags=["nb2prod"],
    default_args={
        "retry_exponential_backoff": 2,
        "max_retry_delay": timedelta(seconds=60.0),
    },
)
def pipeline():
    load = step(
        "load",
        "load",
        retries=3,
        retry_delay=timedelta(seconds=2.5),
        execution_timeout=timedelta(seconds=180),
    )
    load_2 = step(
        "load-2",
        "load-2",
        retries=3,
        retry_delay=timedelta(seconds=2.5),
        execution_timeout=timedelta(seconds=180),
    )
    finish_ = step("finish", "finish", retries=1, retry_delay=timedelta(seconds=1.0))
    json_ = step("json", "json", retries=1, retry_delay=timedelta(seconds=1.0))
    train = step("train", "train", retries=2, retry_delay=timedelta(seconds=1.0), pool_slots=4)

    [load, load_2] >> json_
    json_ >> train

    @task(task_id="finish-2", doc_md="The run's record and metrics")
    def finish():
        return carry_out("--finish")

    [load, load_2, finish_, json_, train] >> finish()


pipeline()
"""
