"""Where outputs go and when they do not: templates, formats, one run for an output, a full disk."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from execution.stage import Job, Stage, statuses, texts_of, write_notebook

from nb2prod.api.run import JobOptions, run_notebook
from nb2prod.errors import InvalidOption, ParameterRefused
from nb2prod.execution.output_paths import Target, expand
from nb2prod.execution.whole_files import NotWritten, write_whole
from nb2prod.model.job import FailureKind, JobSettings, RunStatus

FIELDS: Mapping[str, object] = {"name": "churn", "run": "r1", "attempt": 2, "date": "2026-01-31"}

EXPANDED = {
    "a folder": ("out/{name}/{date}-{p.region}", "out/churn/2026-01-31-EU"),
    "a way out": ("out/{p.up}/x", "out/.._.._etc/x"),
    "a dot": ("out/{p.dot}/x", "out/_/x"),
    "braces": ("out/{{x}}/{run}.ipynb", "out/{x}/r1.ipynb"),
    "a URL": ("memory://b/{run}/{attempt}", "memory://b/r1/2"),
}


@pytest.mark.parametrize("name", EXPANDED)
def test_a_template_is_expanded(name: str) -> None:
    template, wanted = EXPANDED[name]
    assert expand(template, FIELDS, {"region": "EU", "up": "../../etc", "dot": ".."}) == wanted


@pytest.mark.parametrize(
    "template", ["{nmae}", "{p.regoin}", "{run.__class__}", "{date:%Y}", "{run!r}", "{", "{0}", "{}"]
)
def test_an_unknown_field_is_refused(template: str) -> None:
    with pytest.raises(InvalidOption, match=r"there is no field|is no template"):
        expand(template, FIELDS, {"region": "EU"})


def test_a_file_is_written_whole_on_any_file_system(tmp_path: Path) -> None:
    import fsspec

    write_whole("memory://runner-test/a.txt", b"one")
    written = write_whole(f"file://{tmp_path}/new%20folder/b.txt", b"two")
    assert fsspec.filesystem("memory").cat_file("/runner-test/a.txt") == b"one"
    assert (tmp_path / "new folder/b.txt").read_bytes() == b"two"
    assert (written.size, [p.name for p in (tmp_path / "new folder").iterdir()]) == (3, ["b.txt"])
    with pytest.raises(NotWritten, match="Protocol not known"):
        write_whole("nosuchthing://x/y", b"")


def test_links_lead_to_one_target(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    names = [f"{tmp_path}/link", f"file://{tmp_path}/real/", f"{tmp_path}/link/../real/demo.ipynb"]
    assert {Target.of(name, "demo").notebook for name in names} == {str(tmp_path / "real/demo.ipynb")}


def settings(**more: object) -> JobOptions:
    return JobOptions(settings=JobSettings(**more))  # type: ignore[arg-type]


@pytest.mark.parametrize("output", ["{here}/demo.ipynb", "file://{here}/demo.ipynb", "{here}/link.ipynb", "{here}"])
@pytest.mark.slow
def test_the_notebook_itself_is_no_output(output: str, tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "demo.ipynb", "print(1)")
    (tmp_path / "link.ipynb").symlink_to(path)
    before = path.read_bytes()
    done = run_notebook(path, {}, tmp_path / "runs", options=settings(output=output.format(here=tmp_path)))
    assert (done.exit_code, done.error) == (
        2,
        f"--output: {path} is the notebook that runs; its output must go elsewhere",
    )
    assert path.read_bytes() == before


@pytest.mark.slow
def test_the_second_of_two_runs_on_one_output_is_refused(stage: Stage) -> None:
    output = str(stage.root / "out/report.ipynb")
    first = stage.start("print('begins', flush=True)\nimport time; time.sleep(300)", output=output)
    first.until_printed("begins")
    second = stage.start("print(2)", output=output, name="another")
    assert second.wait() == 2
    assert stage.failure(second).message == (
        f"--output: {output} is being written by run {first.run.id}; wait for it, or name another output"
    )
    stage.store.cancel(first.run.id, "a test")
    first.wait()
    third = stage.start("print(3)", output=output, name="another")
    assert third.wait() == 0
    assert texts_of(Path(output)) == ["3"]
    assert stage.store.artifacts(third.run.id)[0].url == output


@pytest.mark.slow
def test_html_stands_beside_the_notebook(stage: Stage) -> None:
    output = str(stage.root / "out/{name}/{p.region}")
    cells = ["# tags: parameters\nregion = 'EU'", "print('<' + region + '>')"]
    job = stage.start(*cells, parameters={"region": "US/NY"}, output=output, formats=("ipynb", "html"))
    assert job.wait() == 0
    folder = stage.root / "out/demo/US_NY"
    assert sorted(path.name for path in folder.iterdir()) == ["demo.html", "demo.ipynb"]
    assert "&lt;US/NY&gt;" in (folder / "demo.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_pdf_is_printed_by_the_chromium_that_is_installed(stage: Stage) -> None:
    assert shutil.which("chromium"), "this test needs Debian's package chromium: apt install chromium"
    job = stage.start("print('from the cell')", formats=("ipynb", "pdf"))
    assert job.wait() == 0
    page = (job.folder / "demo.pdf").read_bytes()
    assert page.startswith(b"%PDF-")
    assert b"/Font" in page
    assert len(page) > 5000
    assert [artifact.kind for artifact in stage.store.artifacts(job.run.id)].count("pdf") == 1


def test_pdf_without_a_chromium_is_refused_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InvalidOption, match="pdf needs a Chromium, and none is installed here"):
        run_notebook(
            write_notebook(tmp_path / "demo.ipynb", "x = 1"), {}, tmp_path / "runs", options=settings(formats=("pdf",))
        )
    assert not (tmp_path / "runs").exists()


def on_a_small_disk(stage: Stage, job: Job, place: Path, keep: Path) -> int:
    """The supervisor of a claimed run, where `place` is a file system of 400 kB that holds a copy of `keep`."""
    mount = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    script = (
        'mount -t tmpfs -o size=400k none "$1" && cp "$2" "$1/demo.ipynb" && place=$1 && shift 2 && "$@"; code=$?; '
        'cp -r "$place" "$place.after"; exit $code'
    )
    command = [sys.executable, "-m", "nb2prod.execution.supervisor", stage.store.url, job.run.id, "1"]
    return subprocess.run(
        [*mount, "sh", "-c", script, "sh", str(place), str(keep), *command, "--folder", str(job.folder)],
        stdout=subprocess.DEVNULL,
        check=False,
    ).returncode


FULL = {
    "the output's disk": ("runs/full", "full/demo.ipynb", "full/demo.ipynb: No space left on device"),
    "the run's own": ("full/run", "", "No space left on device"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FULL)
def test_a_full_disk_leaves_the_last_output_byte_for_byte(name: str, stage: Stage) -> None:
    where, output, reason = FULL[name]
    full = stage.root / "full"
    full.mkdir()
    good = write_notebook(stage.root / "good.ipynb", "print('the last good one')")
    run = stage.claimed(
        "for n in range(200):\n    print('x' * 5000)", output=str(stage.root / output) if output else ""
    )
    job = Job(run=run, folder=stage.root / where)
    assert on_a_small_disk(stage, job, full, good) == FailureKind.IO.exit_code == 7
    failure = stage.failure(job)
    assert failure.kind is FailureKind.IO
    assert reason in failure.message
    assert stage.store.run(run.id).status is RunStatus.FAILED
    after = stage.root / "full.after"
    assert (after / "demo.ipynb").read_bytes() == good.read_bytes()
    for path in after.rglob("*.ipynb"):
        json.loads(path.read_text(encoding="utf-8"))
    assert list(after.rglob("*.tmp")) == []
    assert job.survivors() == []


@pytest.mark.slow
def test_a_name_with_code_in_it_is_refused_and_nothing_runs(tmp_path: Path) -> None:
    path = write_notebook(tmp_path / "demo.ipynb", "# tags: parameters\ncode: str = ''", "print(repr(code))")
    with pytest.raises(ParameterRefused, match="cannot be a parameter: it is not a name"):
        run_notebook(path, {"x = open('ran', 'w') #": "1"}, tmp_path / "runs")
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "runs").exists()
    done = run_notebook(path, {"code": "007"}, tmp_path / "runs")
    assert texts_of(done.output) == ["'007'"]
    assert statuses(done.output) == ["completed", "completed"]
