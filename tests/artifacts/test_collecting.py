"""What goes when there is too much, that nothing goes that somebody needs, and the commands for it."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from artifacts.conftest import Open
from runtime.conftest import project as project
from runtime.tiny import SCORE, Project

from nb2prod.cli.main import main
from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.results.artifacts import FRESH, Entry, open_artifacts
from nb2prod.runtime.results.collecting import Contents, Known, Limits, carry_out, decide, limits_of, look
from nb2prod.runtime.results.places import File

NOW = 1_000_000.0
DAY = 86400.0


def digest(letter: str) -> str:
    return letter * 64


def contents(ages: Mapping[str, float], **more: object) -> Contents:
    """A result of 10 bytes for each letter, last used so long ago."""
    about = {
        "entries": tuple(
            Known(key=letter, file=File(f"keys/{letter}/e", 1, NOW - age), entry=Entry(bundle=digest(letter)))
            for letter, age in ages.items()
        ),
        "blobs": {digest(letter): File(f"blobs/{digest(letter)}", 10, NOW - age) for letter, age in ages.items()},
        "is_whole": True,
    }
    return Contents(**{**about, **more})  # type: ignore[arg-type]


def gone(contents: Contents, limits: Limits) -> tuple[str, str]:
    """The letters of the results, and of the files, that go."""
    going = decide(contents, limits, NOW)
    assert going.freed + going.left == contents.size
    return "".join(sorted(known.key for known in going.entries)), "".join(sorted(f.name[6] for f in going.blobs))


ABC = {"a": 1.0, "b": 2 * DAY, "c": 5 * DAY}


@pytest.mark.parametrize(
    ("limits", "letters"),
    [
        (Limits(max_size=30), ""),
        (Limits(max_size=29), "c"),
        (Limits(max_size=10), "bc"),
        (Limits(max_size=0), "abc"),
        (Limits(max_age=3 * DAY), "c"),
        (Limits(max_age=3 * DAY, max_size=15), "bc"),
        (Limits(), ""),
    ],
)
def test_what_was_used_least_lately_goes_first(limits: Limits, letters: str) -> None:
    assert gone(contents(ABC), limits) == (letters, letters)


def test_what_a_record_names_stays(tmp_path: Path) -> None:
    assert gone(contents(ABC, named=frozenset({digest("c")})), Limits(max_size=0)) == ("ab", "ab")
    assert tmp_path


@pytest.mark.parametrize("more", [{"is_whole": False}, {"going_on": ("run",)}])
def test_what_was_used_lately_stays_while_a_run_may_be_going_on(more: Mapping[str, object]) -> None:
    assert gone(contents(ABC, **more), Limits(max_size=0)) == ("bc", "bc")
    assert gone(contents({"a": FRESH + 1}, **more), Limits(max_size=0)) == ("a", "a")


def test_files_of_nobody_go_and_results_without_their_files_too() -> None:
    blobs = {digest("x"): File(f"blobs/{digest('x')}", 10, NOW - DAY)}
    assert gone(contents({"a": 1.0}, blobs=blobs), Limits(max_size=100)) == ("a", "x")


def test_what_only_one_run_may_use_stays_as_long_as_its_record() -> None:
    def of_run(run: str) -> tuple[Known, ...]:
        return tuple(Known(key=k.key, file=k.file, entry=k.entry, run=run) for k in contents(ABC).entries)

    assert gone(contents(ABC, entries=of_run("one"), runs=frozenset({"one"})), Limits(max_age=DAY))[0] == ""
    assert gone(contents(ABC, entries=of_run("one"), texts={"one": ()}), Limits(max_age=DAY))[0] == ""
    assert gone(contents(ABC, entries=of_run("one")), Limits(max_size=100))[0] == "abc"


def test_a_big_result_that_cannot_fit_does_not_push_out_the_others() -> None:
    big = contents(ABC)
    blobs = {**big.blobs, digest("a"): File(f"blobs/{digest('a')}", 1000, NOW)}
    assert gone(contents(ABC, blobs=blobs), Limits(max_size=25)) == ("a", "a")


@pytest.mark.parametrize(
    ("table", "limits"),
    [
        ({}, Limits()),
        ({"max_size": "10GB"}, Limits(max_size=10_000_000_000)),
        ({"max_size": 500, "max_age": "1d12h"}, Limits(max_size=500, max_age=1.5 * DAY)),
    ],
)
def test_limits_of_pipeline_toml(table: dict[str, object], limits: Limits) -> None:
    assert limits_of({"cache": table}) == limits


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"size": 3}, "cache.size is no option; there are max_size and max_age"),
        ({"max_size": "big"}, "'big' is no size; write 500MB"),
        ({"max_age": "old"}, "'old' is no length of time; write 30d"),
        ({"max_age": True}, "max_age is True; write a text as 10GB or 30d"),
    ],
)
def test_limits_that_are_none_are_told(table: dict[str, object], said: str) -> None:
    with pytest.raises(ProjectError, match=re.escape(said)):
        limits_of({"cache": table})


def test_it_works_wherever_the_artifacts_are(place: Open) -> None:
    mine = place()
    old, named = mine.put_value([1]), mine.put_value([2])
    mine.add("k1", Entry(bundle=old, size=mine.size(old)))
    mine.put_text("runs/one/load.json", json.dumps({"bundle": named}).encode())
    found = look(mine)
    assert (len(found.entries), set(found.named), set(found.texts)) == (1, {named}, {"one"})
    carry_out(mine, decide(found, Limits(max_size=0), time.time() + FRESH + 1))
    assert list(mine.entries("k1")) == []
    assert [file.name[6:] for file in mine.place.files("blobs")] == [named]
    carry_out(mine, decide(look(mine), Limits(max_age=DAY), time.time() + 2 * DAY))
    assert mine.texts("runs") == []


def test_what_was_used_after_it_was_decided_stays(tmp_path: Path) -> None:
    mine = open_artifacts(tmp_path / "runs/cache")
    bundle = mine.put_value([1])
    entry = Entry(bundle=bundle, size=mine.size(bundle))
    mine.add("k", entry)
    for file in mine.place.files(""):
        os.utime(tmp_path / "runs/cache" / file.name, (NOW, NOW))
    going = decide(look(mine, [tmp_path / "runs"]), Limits(max_size=0), NOW + DAY)
    assert (len(going.entries), len(going.blobs)) == (1, 1)
    assert mine.use("k", entry)
    carry_out(mine, going)
    assert mine.get_value(next(mine.entries("k")).bundle) == [1]


USING = """
import sys, time
from nb2prod.runtime.results.artifacts import Entry, Gone, open_artifacts
artifacts, end, hits = open_artifacts(sys.argv[1]), time.monotonic() + 3, 0
while time.monotonic() < end:
    for number in range(20):
        time.sleep(0.03)
        for entry in artifacts.entries(f"k{number}"):
            if artifacts.use(f"k{number}", entry):
                assert artifacts.get_value(entry.bundle) == [number]
                hits += 1
                break
        else:
            bundle, size = artifacts.put_sized([number])
            artifacts.add(f"k{number}", Entry(bundle=bundle, size=size))
print(hits)
"""


def test_runs_go_on_beside_the_collector(tmp_path: Path) -> None:
    """What a run was told that it is there, it can read, while all that was not used a moment ago is taken away."""
    cache = tmp_path / "runs/cache"
    command = [sys.executable, "-c", USING, str(cache)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    mine, taken = open_artifacts(cache), 0
    while any(process.poll() is None for process in running):
        going = decide(look(mine, [tmp_path / "runs"]), Limits(max_size=0), time.time() - 0.3)
        carry_out(mine, going)
        taken += len(going.blobs)
    outputs = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert all(int(output) > 0 for output in outputs)
    assert taken > 0


def cached(project: Project, *arguments: str) -> dict[str, bool]:
    ran = project.run(*arguments)
    assert ran.code == 0, ran.err
    return ran.steps("cached")


def test_the_commands(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    def said(*arguments: str | Path) -> list[str]:
        assert main(["cache", *map(str, arguments)]) == 0
        return capfd.readouterr().out.splitlines()

    first = project.run()
    shown = said("show", project.root)
    assert shown[0] == str(project.root / "runs/cache")
    assert shown[1].startswith("  2 results in 3 files, the last used ")
    assert shown[3] == "  no limit: [cache] in pipeline.toml has max_size and max_age"
    about = json.loads("\n".join(said("show", project.root, "--json")))
    assert (about["results"], about["files"], about["runs"]) == (2, 3, 1)
    assert (
        "".join(said("prune", project.root, "--max-size", "0", "--dry-run"))
        == "would remove 1 result, 9 B; 191 B would stay"
    )
    for path in first.folder.rglob("*"):
        path.unlink() if path.is_file() else None
    assert "".join(said("prune", project.root, "--max-size", "1GB")).startswith("removed 0 results, 0 B; ")
    assert cached(project) == {"load": True, "score": True}
    assert "".join(said("clear", project.root)).startswith("removed 2 results, ")
    assert cached(project) == {"load": False, "score": False}
    assert "".join(said("clear", project.root, "--all")).endswith("; 0 B stay")
    assert cached(project) == {"load": False, "score": False}


def test_the_commands_say_what_is_wrong(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    project.settings()
    for arguments, told in [
        (["show"], "name a project, or give --artifacts URL"),
        (["show", str(project.root / "work")], "is not a project made by nb2prod"),
        (["prune", str(project.root)], "nothing says how much may stay: give --max-size 10GB"),
        (["show", "--artifacts", "nothing://x"], "cannot keep artifacts at nothing://x"),
    ]:
        assert main(["cache", *arguments]) == 2
        assert told in capfd.readouterr().err


def test_nothing_is_cleared_while_a_run_is_going_on(project: Project, capfd: pytest.CaptureFixture[str]) -> None:
    ran = project.run()
    record = ran.folder / "run.json"
    record.write_text(json.dumps({**ran.record, "status": "running", "pid": os.getpid()}))
    assert main(["cache", "clear", str(project.root)]) == 2
    assert f"run {ran.folder.name} is going on and needs what it has made" in capfd.readouterr().err


def test_a_run_keeps_its_cache_under_its_cap(project: Project) -> None:
    project.write("steps/score.py", SCORE.replace("return total", "return [total, 'x' * 50_000]"))
    project.settings()
    for scale in range(4):
        with (project.root / "pipeline.toml").open("a") as file:
            file.write('\n[cache]\nmax_size = "120kB"\n' if scale == 0 else "")
        command = [*project.command("-p", f"scale={scale}")]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0
        for record in project.records():
            record.unlink()
    assert sum(path.stat().st_size for path in project.root.glob("runs/cache/blobs/*")) <= 120_000


def test_artifacts_that_projects_share_know_whom_they_serve(project: Project, tmp_path: Path) -> None:
    project.run_settings["artifacts"] = str(tmp_path / "shared")
    ran = project.run()
    assert ran.code == 0, ran.err
    found = look(open_artifacts(tmp_path / "shared"), [tmp_path / "another"])
    bundles = {step["bundle"] for step in ran.record["steps"]}
    assert len(bundles) == 2
    assert bundles <= found.named
