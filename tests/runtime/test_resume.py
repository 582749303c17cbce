"""Resume: what the run had computed is not computed again, also where other runs may not have it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from runtime.tiny import LOAD, SCORE, Project, Ran

Score = Callable[..., None]
NUMPY = LOAD.replace("from typing", "import numpy as np\nfrom typing")
FAILING = ("if not pathlib.Path('ready').exists(): raise ValueError('not yet')", "total = float(np.sum(table)) + scale")
IMPORTS = "import pathlib; import numpy as np"


@pytest.fixture
def failing(project: Project, score: Score) -> Callable[..., Ran]:
    """A run whose first step does this, and whose second one fails."""

    def run(body: str, text: str = NUMPY) -> Ran:
        project.write("steps/load.py", text.replace("    note = label", f"    {body}\n    note = label"))
        score(*FAILING, imports=IMPORTS)
        failed = project.run()
        assert failed.code == 3, failed.err
        (project.root / "work/ready").touch()
        return failed

    return run


def went(ran: Ran) -> dict[str, bool]:
    assert ran.code == 0, ran.err
    return ran.steps("cached")


@pytest.mark.parametrize(
    "body",
    [
        "open('out.txt', 'a').write('x')",
        "import subprocess; subprocess.run(['true'])",
        "import socket; socket.socket(socket.AF_UNIX).connect_ex('nobody')",
        "table = np.random.rand(3)",
        "import random; table = [random.random()]",
    ],
)
def test_only_the_run_that_made_it_uses_it(project: Project, failing: Callable[..., Ran], body: str) -> None:
    failed = failing(body)
    resumed = project.run("--resume", failed.folder.name)
    assert went(resumed) == {"load": True, "score": False}
    assert resumed.steps("from_run")["load"] == failed.folder.name
    assert went(project.run("--resume", resumed.folder.name))["load"]
    assert not went(project.run())["load"]


def test_a_resumed_run_ends_as_the_one_that_was_not_disturbed(project: Project, failing: Callable[..., Ran]) -> None:
    """A draw that nobody seeded is the same one, and the next step goes on after it."""
    failed = failing("table = np.random.rand(3)")
    score = SCORE.replace("    table.append(1)\n", "").replace("sum(table)", "(float(sum(table)) + np.random.rand())")
    project.write("steps/score.py", score.replace("from typing", "import numpy as np\nfrom typing"))
    first = project.run("--resume", failed.folder.name)
    second = project.run("--resume", failed.folder.name)
    assert (went(first), went(second)) == ({"load": True, "score": False}, {"load": True, "score": True})
    assert first.record["metrics"] == second.record["metrics"]


def test_what_was_written_must_be_there_still(project: Project, failing: Callable[..., Ran]) -> None:
    failed = failing("open('out.txt', 'w').write('x')")
    out = project.root / "work/out.txt"
    out.write_text("somebody else's")
    assert went(project.run("--resume", failed.folder.name)) == {"load": False, "score": False}
    assert out.read_text() == "x"


def test_other_code_or_parameters_are_run_again(project: Project, failing: Callable[..., Ran]) -> None:
    failed = failing("open('out.txt', 'w').write('x')")
    assert went(project.run("--resume", failed.folder.name, "-p", "rows=5")) == {"load": False, "score": False}
    load = project.root / "src/tiny/steps/load.py"
    load.write_text(load.read_text().replace("write('x')", "write('y')"))
    assert went(project.run("--resume", failed.folder.name)) == {"load": False, "score": False}


def test_a_step_that_wants_no_cache_is_not_run_twice_for_one_run(project: Project, failing: Callable[..., Ran]) -> None:
    project.policies["load"] = {"cache": False}
    failed = failing("pass")
    assert went(project.run("--resume", failed.folder.name)) == {"load": True, "score": False}
    assert went(project.run()) == {"load": False, "score": True}


def test_an_effect_that_cannot_be_put_back_is_made_again(project: Project, failing: Callable[..., Ran]) -> None:
    pipeline = (project.root / "src/tiny/pipeline.py").read_text()
    project.write("pipeline.py", pipeline + "\n\nHIDDEN_STATE = {'load': ('tensorflow.random',)}\n")
    failed = failing("pass")
    assert went(project.run("--resume", failed.folder.name)) == {"load": False, "score": False}


def test_a_result_that_was_tampered_with_is_computed_again(
    project: Project, failing: Callable[..., Ran], tmp_path: Path
) -> None:
    failed = failing("open('out.txt', 'w').write('x')")
    trap = tmp_path / "sprung"
    for blob in project.root.glob("runs/cache/blobs/*"):
        bomb = f"cos\nsystem\n(S'touch {trap}'\ntR.".encode()
        blob.write_bytes(bomb + blob.read_bytes()[len(bomb) :])
    assert went(project.run("--resume", failed.folder.name)) == {"load": False, "score": False}
    assert not trap.exists()
