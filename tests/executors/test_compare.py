"""`nb2prod compare`: what it finds, says and writes."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from executors.eventful import Eventful

from nb2prod.api.compare_page import in_bytes, in_seconds, page
from nb2prod.cli.commands.compare import COMMAND
from nb2prod.model.comparison import Comparison, Difference, Prices, Side, StepCost, Trial


def trial(executor: str, *seconds: float) -> Trial:
    steps = tuple(
        StepCost(name=f"step_{number}", seconds=each, cpu=each, memory=500_000_000, moved=0)
        for number, each in enumerate(seconds)
    )
    return Trial(executor=executor, run=f"{executor}-{sum(seconds):g}", seconds=sum(seconds), steps=steps)


COMPARISON = Comparison(
    pipeline="<churn>",
    sides=(
        Side(executor="in-process", trials=(trial("in-process", 3, 1), trial("in-process", 5, 1))),
        Side(executor="dask", trials=(trial("dask", 1, 1),), prices=Prices(cpu_hour=3600, gb_hour=7200, hour=1800)),
    ),
    compared=4,
    currency="EUR",
)


def compared(*arguments: str) -> Result:
    return CliRunner().invoke(COMMAND, arguments, standalone_mode=False)


def test_medians_spread_and_cost() -> None:
    ours, dask = COMPARISON.sides
    assert (ours.seconds, ours.spread, ours.cost) == (5, (4, 6), None)
    assert dask.cost == pytest.approx(2 + 2 * 0.5 * 2 + 1)
    assert ours.step_seconds("step_0") == 4
    assert (COMPARISON.verdict(ours), COMPARISON.verdict(dask)) == ("the first", "the same")


def test_numbers_as_people_read_them() -> None:
    assert [in_seconds(value) for value in (None, 0.0042, 3.14, 180.0)] == ["–", "4 ms", "3.1 s", "3.0 min"]
    assert [in_bytes(value) for value in (0, 12, 1.5e6, 2e9)] == ["–", "12 B", "1.5 MB", "2.0 GB"]


def test_the_page_needs_no_network_and_names_what_it_shows() -> None:
    differing = replace(
        COMPARISON,
        differences=(Difference(executor="dask", run="r", step="train", output="auc", words="0.1 against 0.2"),),
        unseen=("load",),
    )
    for comparison, said in ((COMPARISON, "The results are the same"), (differing, "The results are not the same")):
        text = page(comparison)
        seen = _Page()
        seen.feed(text)
        assert said in text
        assert "&lt;churn&gt; on in-process, dask" in text
        assert seen.links == []
        assert seen.captions == seen.tables
        assert seen.unnamed == 0
        assert len(text) < 300_000
    assert "auc" in text
    assert "not kept: load" in text


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tables = self.captions = self.unnamed = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.links += [name for name in ("src", "href") if name in given]
        self.tables += tag == "table"
        self.captions += tag == "caption"
        self.unnamed += tag == "svg" and not given.get("aria-label") and given.get("aria-hidden") != "true"
        self.unnamed += tag == "th" and "scope" not in given


@pytest.mark.slow
def test_results_that_differ(tmp_path: Path) -> None:
    eventful = Eventful(root=tmp_path / "project", executor=["in-process"]).write()
    (eventful.notes / "fixed").write_text("")
    (eventful.notes / "flaky").write_text("1\n")
    (eventful.notes / "fragile").write_text("1\n")
    events = eventful.root / "src" / "eventful" / "steps" / "events.py"
    text = events.read_text().replace("    random.seed(7)\n", "")
    events.write_text(text.replace('return [len(table), label["label"]]', 'return [len(table), note(notes, "again")]'))
    done = compared(str(eventful.root), "-p", f"notes={eventful.notes}", "--format", "json")
    assert done.return_value == 1, done.output
    found = json.loads(done.stdout)
    assert sorted({each["step"] for each in found["differences"]}) == ["draw", "draw_more", "right"]


@pytest.mark.slow
def test_a_run_that_fails(tmp_path: Path) -> None:
    eventful = Eventful(root=tmp_path / "project", executor=["in-process"]).write()
    done = compared(str(eventful.root), "-p", f"notes={eventful.notes}")
    assert done.return_value == 3
    assert "error: the run on in-process ended with exit code 4:" in done.output
    assert "step 'sleepy' of pipeline 'eventful' took longer than its timeout of 1 s" in done.output


@pytest.mark.parametrize("executors", ["", "local,local"])
def test_executors_that_make_no_comparison(tmp_path: Path, executors: str) -> None:
    eventful = Eventful(root=tmp_path / "project", executor=["in-process"]).write()
    done = compared(str(eventful.root), "--executors", executors)
    assert "--executors: name each executor once, as in-process,local,dask" in str(done.exception)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[prices]\ncpu_our = 1\n", "prices.cpu_our is no price; there are cpu_hour, gb_hour, gb_moved, hour"),
        ("[prices.local]\nhour = -1\n", "prices.hour is -1; it must be a number, and not negative"),
        ("prices = 3\n", "prices is 3; it must be a table"),
    ],
)
def test_prices_that_are_none(tmp_path: Path, table: str, message: str) -> None:
    eventful = Eventful(root=tmp_path / "project", executor=["in-process"]).write()
    settings = eventful.root / "pipeline.toml"
    settings.write_text(table + "\n" + settings.read_text() if "[" not in table else settings.read_text() + table)
    done = compared(str(eventful.root))
    assert message in str(done.exception)
