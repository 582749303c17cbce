"""A failed step opened as a notebook, its repair taken back, and the run resumed."""

import json
from pathlib import Path

import pytest
from faults.prices import FUNCTIONS, SCORE, Prices, Ran, raised, raised_plainly

from nb2prod.cli.main import main

LEAKY = """\
import os
raise ValueError(f"postgresql://u:{'hu' + 'sh'}@db/x {os.environ['SHOP_TOKEN']}")"""
REPAIRED = SCORE.replace("> 5", "> 6")


@pytest.fixture
def failed(prices: Prices) -> Ran:
    ran = prices.run()
    assert ran.code == 3
    return ran


@pytest.fixture
def replay(prices: Prices, failed: Ran) -> Path:
    path = prices.root / "score.replay.ipynb"
    assert main(["replay", str(failed.folder), "score", "-o", str(path)]) == 0
    return path


@pytest.mark.slow
def test_a_replay_fails_as_the_step_did(prices: Prices, failed: Ran, replay: Path) -> None:
    assert raised(replay) == ("ValueError", failed.step("score")["error"]["reason"].partition(": ")[2])
    edit(replay, "c8", REPAIRED)
    assert raised_plainly(replay) is None
    assert main(["convert", str(replay), "--no-record"]) == 0
    resumed = prices.run("--resume", failed.record["run"])
    assert (resumed.code, resumed.step("mend")["cached"], resumed.step("score")["cached"]) == (0, True, False)
    assert resumed.record["steps"][-1]["outputs"] == prices.run("--no-cache").record["steps"][-1]["outputs"]


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{"retries": 1}, {"process": True}], ids=str)
def test_a_replay_fails_as_the_step_did_however_it_was_run(prices: Prices, settings: dict[str, object]) -> None:
    policy(prices, "score", **settings)
    failed = prices.run()
    path = prices.root / "again.ipynb"
    assert main(["replay", str(failed.folder), "score", "-o", str(path)]) == 0
    assert raised_plainly(path) == ("ValueError", failed.step("score")["error"]["reason"].partition(": ")[2])


def test_the_repair_goes_into_the_notebook_and_nothing_else_changes(
    prices: Prices, replay: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load = prices.project / "src/prices/steps/load.py"
    load.write_text(f"{load.read_text()}# mine\n")
    before = json.loads(prices.notebook.read_text())
    edit(replay, "c8", REPAIRED)
    edit(replay, "c4", FUNCTIONS.replace("* 2", "* 3"))
    assert main(["convert", str(replay), "--no-record"]) == 0
    assert f"took back cell 4, 8 of {prices.notebook}" in capsys.readouterr().err
    before["cells"][3]["source"] = FUNCTIONS.replace("* 2", "* 3").splitlines(keepends=True)
    before["cells"][7]["source"] = REPAIRED.splitlines(keepends=True)
    assert json.loads(prices.notebook.read_text()) == before
    assert load.read_text().endswith("# mine\n")
    assert "> 6" in prices.project.joinpath("src/prices/steps/score.py").read_text()


def test_a_cell_that_was_split_is_one_still(prices: Prices, replay: Path) -> None:
    data = json.loads(replay.read_text())
    place = next(number for number, cell in enumerate(data["cells"]) if cell["id"] == "c8")
    first, rest = REPAIRED.split("\n", 1)
    data["cells"].insert(place + 1, {**data["cells"][place], "id": "c8b", "source": rest})
    data["cells"][place]["source"] = first
    replay.write_text(json.dumps(data))
    assert main(["convert", str(replay), "--no-record"]) == 0
    assert json.loads(prices.notebook.read_text())["cells"][7]["source"] == REPAIRED.splitlines(keepends=True)


def test_a_change_meanwhile_is_not_overwritten(
    prices: Prices, replay: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(prices.notebook, "c8", "worst = 1")
    edit(replay, "c8", REPAIRED)
    before = prices.notebook.read_bytes()
    assert main(["convert", str(replay), "--no-record"]) == 2
    said = capsys.readouterr().err
    assert f"cell 8 of {prices.notebook} was changed since" in said
    assert f"nb2prod convert {prices.notebook} -o {prices.project}" in said
    assert prices.notebook.read_bytes() == before


def test_a_cell_that_moved_is_found_by_its_id(prices: Prices, replay: Path) -> None:
    data = json.loads(prices.notebook.read_text())
    data["cells"].insert(0, {"cell_type": "markdown", "id": "new", "metadata": {}, "source": "new"})
    prices.notebook.write_text(json.dumps(data, indent=1))
    edit(replay, "c8", REPAIRED)
    assert main(["convert", str(replay), "--no-record"]) == 0
    assert json.loads(prices.notebook.read_text())["cells"][8]["source"] == REPAIRED.splitlines(keepends=True)


def test_a_repair_that_cannot_be_converted_leaves_the_notebook_as_it_was(prices: Prices, replay: Path) -> None:
    before = prices.notebook.read_bytes()
    edit(replay, "c8", "total = input()")
    assert main(["convert", str(replay), "--no-record"]) == 1
    assert prices.notebook.read_bytes() == before


def test_lines_of_other_cells_are_not_changed_here(replay: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(replay, "replay-definitions", "def heavy(row):\n    return True")
    assert main(["convert", str(replay), "--no-record"]) == 2
    assert "stands for lines of other cells" in capsys.readouterr().err


def test_new_cells_stay_in_the_replay(replay: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = json.loads(replay.read_text())
    data["cells"].append({**data["cells"][-1], "id": "mine", "metadata": {}, "source": "print(rows)"})
    replay.write_text(json.dumps(data))
    edit(replay, "c8", REPAIRED)
    assert main(["convert", str(replay), "--no-record"]) == 0
    assert f"1 new cell of {replay} stay there" in capsys.readouterr().err


def test_a_replay_of_a_text_notebook_goes_back_into_the_text(prices: Prices) -> None:
    text = "\n\n".join(f'# %% tags=["{tag}"]\n{lines}' for tag, lines in TEXT)
    notebook = prices.root / "mini.py"
    notebook.write_text(f"{text}\n")
    project = prices.root / "mini"
    assert main(["convert", str(notebook), "-o", str(project), "--no-record"]) == 0
    failed = prices.run_of(project)
    path = prices.root / "mini.replay.ipynb"
    assert main(["replay", str(failed.folder), "score", "-o", str(path)]) == 0
    cell = next(cell for cell in json.loads(path.read_text())["cells"] if "1 / 0" in "".join(cell["source"]))
    edit(path, cell["id"], "total = 1 / len(rows)")
    assert main(["convert", str(path), "--no-record"]) == 0
    assert notebook.read_text() == f"{text}\n".replace("1 / 0", "1 / len(rows)")


TEXT = (("step:load", "rows = [1, 2]"), ("step:score", "total = 1 / 0"))


def test_what_may_have_changed_is_said(prices: Prices, capsys: pytest.CaptureFixture[str]) -> None:
    policy(prices, "mend", cache=False)
    failed = prices.run()
    path = prices.root / "late.ipynb"
    assert main(["replay", str(failed.folder), "score", "-o", str(path)]) == 0
    late = failed.step("score")["replay"]["inputs"]["rows"].get("late", False)
    said = "rows was kept after the step had failed, and the step may have changed it before"
    assert (said in capsys.readouterr().err, said in path.read_text()) == (late, late)


def test_secrets_are_not_in_the_notebook(
    prices: Prices, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "t0ps3cret")
    edit(prices.notebook, "c8", LEAKY)
    assert main(["convert", str(prices.notebook), "-o", str(prices.project), "--no-record"]) == 0
    failed = prices.run()
    path = prices.root / "secret.ipynb"
    assert main(["replay", str(failed.folder), "score", "-o", str(path)]) == 0
    text, said = path.read_text(), capsys.readouterr().err
    assert ("hush" in text + said, "t0ps3cret" in text + said) == (False, False)
    assert "postgresql://u:***@db/x ***" in text


def test_a_step_that_was_changed_by_hand_is_said(
    prices: Prices, failed: Ran, capsys: pytest.CaptureFixture[str]
) -> None:
    step = prices.project / "src/prices/steps/score.py"
    step.write_text(f"{step.read_text()}# mine\n")
    assert main(["replay", str(failed.folder), "score", "-o", str(prices.root / "r.ipynb")]) == 0
    assert "src/prices/steps/score.py was changed by hand" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("scor", "has no step 'scor'; it has load, mend, score, tell"),
        ("load", "it is completed; those that can be replayed are score"),
        ("tell", "it is skipped"),
    ],
)
def test_what_cannot_be_replayed_is_said(
    prices: Prices, failed: Ran, step: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", str(failed.folder), step, "-o", str(prices.root / "r.ipynb")]) == 2
    assert said in capsys.readouterr().err


def test_a_run_is_found_by_its_id_or_said_to_be_gone(
    prices: Prices, failed: Ran, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NB2PROD_STORE", f"sqlite:///{prices.root}/store.db")
    monkeypatch.chdir(prices.project)
    assert main(["replay", failed.record["run"], "score"]) == 0
    assert main(["replay", failed.record["run"], "score"]) == 2  # it is there already
    assert "score.replay.ipynb is there already" in capsys.readouterr().err
    monkeypatch.chdir(prices.root)
    assert main(["replay", failed.record["run"], "score", "--project", str(prices.project)]) == 0
    assert main(["replay", "nothing", "score"]) == 2
    assert "there is no run 'nothing'" in capsys.readouterr().err


@pytest.mark.slow
def test_inputs_that_are_gone_are_said(prices: Prices, replay: Path) -> None:
    for path in prices.project.glob("runs/cache/blobs/*"):
        path.unlink()
    error = raised_plainly(replay)
    assert error is not None
    assert (error[0], "input 'rows' cannot be loaded again" in error[1]) == ("ProjectError", True)


def policy(prices: Prices, step: str, **settings: object) -> None:
    path = prices.project / "pipeline.toml"
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
    head, _, rest = path.read_text().partition(f"[steps.{step}]\n")
    rest = "".join(line for line in rest.splitlines(keepends=True) if line.split(" = ")[0] not in settings)
    path.write_text(f"{head}[steps.{step}]\n{lines}{rest}")


def edit(path: Path, cell: str, text: str) -> None:
    data = json.loads(path.read_text())
    next(each for each in data["cells"] if each["id"] == cell)["source"] = text.splitlines(keepends=True)
    path.write_text(json.dumps(data, indent=1))
