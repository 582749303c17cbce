"""`nb2prod export`: what is refused, what is told, what is written, and never over what somebody else wrote."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

import pytest
from runtime.tiny import Project

from nb2prod.api.export import export, order_of
from nb2prod.cli.main import main
from nb2prod.errors import FolderNotOurs, InvalidOption, NotAProject, ParameterRefused
from nb2prod.targets.exports.base import all_targets
from nb2prod.targets.exports.write import MANIFEST, Changed, write_export

SCHEDULED = ["--to", "cron", "--schedule", "0 6 * * 1-5", "--tz", "Europe/Berlin"]


@pytest.fixture
def tiny(project: Project) -> Path:
    project.settings()
    return project.root


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err.strip()


def test_the_targets_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["target", "what", "it", "is"]
    ours = {"airflow", "argo", "compose", "cron", "github-actions", "kfp", "kubernetes", "systemd"}
    assert ours <= {line.split()[0] for line in lines[1:]}
    assert all(target.summary for target in all_targets())


def test_an_export_says_what_it_wrote(tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deploy = tmp_path / "deploy"
    assert main(["export", str(tiny), *SCHEDULED, "-o", str(deploy), "-p", "rows=7"]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [f"wrote {deploy}/tiny.crontab", f"wrote {deploy}/tiny.sh"]
    assert captured.err.startswith("note: time zone Europe/Berlin: CRON_TZ is cronie's; ")
    assert main(["export", str(tiny), *SCHEDULED, "-o", str(deploy), "-p", "rows=8"]) == 0
    assert capsys.readouterr().out.splitlines() == [f"as it was: {deploy}/tiny.crontab", f"wrote {deploy}/tiny.sh"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "argos"], "there is no target 'argos'; did you mean 'argo'?"),
        (["--to", "cron"], '--schedule: a crontab needs one, as in --schedule "0 6 * * 1-5"'),
        (["--to", "cron", "--schedule", "@dayly"], "'@dayly' is not known; did you mean '@daily'?"),
        (["--to", "cron", "--schedule", "@daily", "--tz", "Berlin"], "did you mean 'Europe/Berlin'?"),
        ([*SCHEDULED, "-p", "row=3"], "there is no parameter 'row'; did you mean 'rows'?"),
        ([*SCHEDULED, "-p", "rows=many"], "parameter 'rows' was given 'many', which is not an int"),
        ([*SCHEDULED, "--env", "prod"], "there is no environment 'prod': pipeline.toml has no [env.NAME]"),
        ([*SCHEDULED, "--python", "/nowhere/python"], "--python: /nowhere/python is neither a Python nor"),
        (["--to", "argo", "--image", "a b"], "--image: 'a b' is no image"),
        (["--to", "argo", "--image", "a:1"], "--artifacts: each step has a pod of its own"),
        (["--to", "compose", "--schedule", "@daily"], "to go on all the same: --allow-unmapped"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["export", str(tiny), *arguments, "-o", str(tmp_path / "deploy")]) == 2
    assert message in said(capsys)
    assert not (tmp_path / "deploy").exists()


def test_a_folder_that_is_no_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAProject, match=r"it has no pipeline\.toml; make one with nb2prod convert"):
        export(tmp_path, "cron", tmp_path, {})


def test_a_pipeline_without_a_graph_is_refused(project: Project) -> None:
    project.settings()
    body = (project.root / "src/tiny/pipeline.py").read_text()
    project.write("pipeline.py", body.replace("    total = step", "    if len(table) > 3:\n        total = step"))
    with pytest.raises(NotAProject, match="the steps of tiny are not known before it runs"):
        order_of(project.root, {})
    project.write("pipeline.py", "import nowhere\n")
    with pytest.raises(NotAProject, match="cannot import tiny: ModuleNotFoundError: No module named 'nowhere'"):
        order_of(project.root, {})


def test_the_order_has_what_the_project_says(project: Project, score: Callable[..., None]) -> None:
    score("return sum(table)", imports="print('hello from an import')")
    project.policies["score"] = {"retries": 2, "memory": "2GB"}
    project.settings()
    found = order_of(project.root, {"rows": 5, "label": "5"})
    assert [(step.name, step.before) for step in found.graph.steps] == [("load", ()), ("score", ("load",))]
    assert (found.policy(found.graph.steps[1]).memory, found.policy(found.graph.steps[0]).memory) == (
        2_000_000_000,
        None,
    )
    assert (found.parameters, found.values) == ({"rows": "5", "label": "5"}, {"rows": 5, "label": "5"})
    assert [spec.comment for spec in found.specs] == ["how many rows", "", ""]
    for value in ("a\0b", "\ud800"):
        with pytest.raises(InvalidOption, match="it has a letter that no command line takes"):
            order_of(project.root, {"label": value})
    with pytest.raises(ParameterRefused, match="is not a float"):
        order_of(project.root, {"scale": [1]})


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def written(folder: Path, owner: str = "us", *, force: bool = False, **texts: str) -> Changed:
    return write_export(
        {name.replace("_", "/"): text for name, text in texts.items()}, folder, owner=owner, force=force
    )


def test_what_we_wrote_is_written_again_and_what_is_gone_goes(tmp_path: Path) -> None:
    assert written(tmp_path / "x", a="1", b_c="2") == Changed(written=("a", "b/c"))
    assert written(tmp_path / "x", a="1", d="3") == Changed(written=("d",), removed=("b/c",))
    assert files(tmp_path / "x") == {"a": "1", "d": "3"}
    assert written(tmp_path / "x", "others", e="4") == Changed(written=("e",))
    assert files(tmp_path / "x") == {"a": "1", "d": "3", "e": "4"}


def test_what_somebody_else_wrote_or_changed_stays(tmp_path: Path) -> None:
    written(tmp_path, a="1", b="2")
    (tmp_path / "a").write_text("edited")
    (tmp_path / "c").write_text("theirs")
    with pytest.raises(FolderNotOurs, match=r"are not as nb2prod wrote them.*--force:\n    a\n    c$"):
        written(tmp_path, a="new", b="new", c="new")
    with pytest.raises(FolderNotOurs, match=r"    a$"):  # it would go
        written(tmp_path, b="new")
    assert files(tmp_path) == {"a": "edited", "b": "2", "c": "theirs"}
    (tmp_path / "c").write_text("new")  # by chance what we would write
    (tmp_path / "a").unlink()
    assert written(tmp_path, a="new", b="new", c="new").written == ("a", "b")
    (tmp_path / "a").write_text("edited")
    assert written(tmp_path, a="newer", b="new", c="new", force=True).written == ("a",)


def test_an_export_that_was_interrupted_is_still_ours(tmp_path: Path) -> None:
    written(tmp_path, a="1", b="1")
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    written(tmp_path, a="2", b="2")
    later = json.loads((tmp_path / MANIFEST).read_text())
    # killed between the two files: the manifest has the digests of both texts
    both = {name: {**later[name], "sha256": later[name]["sha256"] + manifest[name]["sha256"]} for name in later}
    (tmp_path / MANIFEST).write_text(json.dumps(both))
    (tmp_path / "b").write_text("1")
    assert written(tmp_path, a="3", b="3").written == ("a", "b")


@pytest.mark.parametrize("path", ["../a", "/a", "a/../../b", "", MANIFEST])
def test_a_target_writes_nowhere_else(tmp_path: Path, path: str) -> None:
    with pytest.raises(FolderNotOurs, match="which is no path in it"):
        write_export({path: "x"}, tmp_path / "x", owner="us")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("manifest", ["[]", "{", '{"a": 1, "../b": {"owner": "us", "sha256": ["%s"]}}'])
def test_a_manifest_that_somebody_wrote_moves_nothing_else(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "b").write_text("x")
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / MANIFEST).write_text(manifest.replace("%s", sha256(b"x").hexdigest()))
    assert written(tmp_path / "x", a="1") == Changed(written=("a",))
    assert files(tmp_path) == {"b": "x", "x/a": "1"}


def test_links_and_folders_stay(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "b").mkdir()
    with pytest.raises(FolderNotOurs, match=r"    a\n    b$"):
        written(tmp_path, a="1", b="2")


THEIRS: Mapping[str, str] = {
    "pyproject.toml": """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "theirs"
version = "1"

[project.entry-points."nb2prod.exports"]
makefile = "theirs:PLUGIN"

[tool.hatch.build.targets.wheel]
include = ["theirs.py"]
""",
    "theirs.py": '''\
"""A target of somebody else."""

from nb2prod.targets.exports.base import Export, ExportOrder, Note


class Makefile:
    name = "makefile"
    summary = "a Makefile with a target for the pipeline"

    def render(self, order: ExportOrder) -> Export:
        steps = " ".join(step.name for step in order.graph.steps)
        asked = order.schedule is not None
        note = Note(what="the schedule", why="make knows no time", do="call it from cron", unsafe=asked)
        return Export(files={"Makefile": f"run:\\n\\tpython -m {order.package}  # {steps}\\n"}, notes=(note,))


PLUGIN = Makefile()
''',
}


@pytest.mark.slow
def test_somebody_elses_target_is_installed_and_used(tiny: Path, tmp_path: Path) -> None:
    for name, text in THEIRS.items():
        path = tmp_path / "theirs" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-build-isolation"]
    subprocess.run([sys.executable, *install, "--target", str(tmp_path / "site"), str(tmp_path / "theirs")], check=True)

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "nb2prod", "export", *arguments]
        return subprocess.run(
            words, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(tmp_path / "site"), "HOME": "/"}
        )

    assert "makefile        a Makefile with a target for the pipeline\n" in command("--list").stdout
    done = command(str(tiny), "--to", "makefile", "-o", str(tmp_path / "out"))
    assert (done.returncode, done.stderr) == (0, "note: the schedule: make knows no time; call it from cron\n")
    assert files(tmp_path / "out") == {"Makefile": "run:\n\tpython -m tiny  # load score\n"}
    refused = command(str(tiny), "--to", "makefile", "-o", str(tmp_path / "x"), "--schedule", "@daily")
    assert (refused.returncode, "make knows no time" in refused.stderr) == (2, True)
    (tmp_path / "site" / "theirs.py").write_text("import nowhere\n")
    broken = command("--list")
    told = "the entry point 'makefile' (theirs:PLUGIN) of theirs cannot be used as a target: ModuleNotFoundError: "
    assert (broken.returncode, broken.stderr.startswith(f"error: {told}No module named 'nowhere'")) == (2, True)
