"""The knowledge: how its files are read, what users and other distributions add, and what the analysis makes of it."""

import json
import time
from pathlib import Path

import pytest

from nb2prod.analysis.analyse import analyse
from nb2prod.analysis.build import build
from nb2prod.analysis.knowledge import KNOWN, Draws, Knowledge, knowledge_for, with_files
from nb2prod.analysis.knowledge.files import ours
from nb2prod.api.check import check
from nb2prod.api.convert import render_text
from nb2prod.api.explain import explain
from nb2prod.api.tag import tag
from nb2prod.errors import KnowledgeWrong
from nb2prod.model.notebook import Cell, CellKind, Notebook

SKLEARN = """
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
"""


def notebook_of(*sources: str) -> Notebook:
    cells = [
        Cell(number=number, kind=CellKind.CODE, source=source, tags=(f"step:s{number}",))
        for number, source in enumerate(sources, 1)
    ]
    return Notebook(name="nb.ipynb", cells=tuple(cells))


def states(*sources: str) -> list[tuple[str, ...]]:
    built = build(notebook_of(*sources), environment={})
    assert built.pipeline is not None
    return [step.state for step in built.pipeline.steps]


def write(path: Path, *sources: str) -> Path:
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "execution_count": None, "id": f"c{n}", "metadata": {}, "outputs": [], "source": source}
        for n, source in enumerate(sources)
    ]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")
    return path


# ---------------------------------------------------------------------- reading


def test_loading_is_quick() -> None:
    def seconds() -> float:
        ours.cache_clear()
        began = time.process_time()
        with_files(())
        return time.process_time() - began

    assert min(seconds() for _ in range(7)) < 0.01  # about 3 ms; the machine may be a slow one


def test_what_mutates_anywhere_is_pure_nowhere() -> None:
    assert not KNOWN.pure_methods & KNOWN.mutating_methods
    assert "partition" in KNOWN.mutating_methods  # of an array; of a text it is pure


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[methods\n", "a.toml: it is not TOML: Expected ']' at the end of a table declaration (at line 1, column 9)"),
        ("[method]", "a.toml: method: there is no such key; did you mean 'methods'?"),
        ("[methods]\nmutate = []", "a.toml: methods.mutate: there is no such key; did you mean 'mutates'?"),
        ("methods = 1", "a.toml: methods: it must be a table"),
        ("[methods]\npure = 1", "a.toml: methods.pure: it must be a list of names, or a text with spaces between them"),
        ("[methods]\npure = 'a b-c'", "a.toml: methods.pure: 'b-c' is not a name"),
        ("[states]\nx = ['a(b']", "a.toml: states.x: 'a(b' is not a pattern"),
        ("[functions]\nmutates = ['a.b']", "a.toml: functions.mutates: it must be a table"),
        (
            "[functions.mutates]\n'a.b' = 0",
            "a.toml: functions.mutates: 'a.b' must have a list of positions, such as [0]",
        ),
        (
            "[draws]\nzzz = ''",
            "a.toml: draws.zzz: there is no such key; there are perhaps, surely",
        ),
    ],
)
def test_a_wrong_entry_is_an_error(text: str, wrong: str) -> None:
    with pytest.raises(KnowledgeWrong) as raised:
        with_files([("a.toml", text)])
    assert str(raised.value) == wrong


def test_files_are_united() -> None:
    text = """
    [methods]
    mutates = ["absorb"]
    arguments = { soak = [1] }
    [functions]
    mutates = { "numpy.copyto" = [0, 2], "ours.scrub" = [0] }
    [kinds]
    int = "ours.count"
    [states]
    "numpy.random" = ["ours.noise"]
    """
    known = with_files([("a.toml", text)])
    assert known.mutating_methods == KNOWN.mutating_methods | {"absorb"}
    assert known.argument_methods == {**KNOWN.argument_methods, "soak": (1,)}
    assert known.mutating_functions == {**KNOWN.mutating_functions, "numpy.copyto": (0, 2), "ours.scrub": (0,)}
    assert known.kinds["ours.count"] == "int"
    assert known.states_of_function("ours.noise") == known.states_of_function("numpy.random.rand") == ("numpy.random",)


@pytest.mark.parametrize(
    ("dotted", "expected"),
    [
        ("numpy.random.seed", ("numpy.random",)),
        ("numpy.random.mtrand.seed", ("numpy.random",)),
        ("numpy.random.default_rng", ()),
        ("numpy.random", ()),
        ("random.Random", ()),
        ("os.environ.get", ("os.environ",)),
        ("matplotlib.pyplot.plot", ("matplotlib.figure",)),
        ("matplotlib.pyplot.rcParams.update", ("matplotlib.rcParams",)),
        ("pandas.read_csv", ("filesystem",)),
        ("pandas.DataFrame", ()),
        ("sklearn.metrics.RocCurveDisplay.from_estimator", ("matplotlib.figure",)),
        ("statsmodels.graphics.gofplots.qqplot", ("matplotlib.figure",)),
        (".to_csv", ("filesystem",)),
        (".lineplot", ("matplotlib.figure",)),
        (".fit", ()),
    ],
)
def test_states(dotted: str, expected: tuple[str, ...]) -> None:
    assert KNOWN.states_of_function(dotted) == expected


@pytest.mark.parametrize(
    ("dotted", "expected"),
    [
        ("sklearn.ensemble.RandomForestClassifier", Draws.SURELY),
        ("sklearn.ensemble._forest.RandomForestClassifier", Draws.SURELY),
        ("sklearn.linear_model.LogisticRegression", Draws.PERHAPS),
        ("sklearn.linear_model.LinearRegression", Draws.NEVER),
        ("xgboost.XGBClassifier", None),
    ],
)
def test_draws(dotted: str, expected: Draws | None) -> None:
    assert KNOWN.draws(dotted) is expected


# ---------------------------------------------------------------------- estimators without a seed

N = ("numpy.random",)
SEED = f"{SKLEARN}np.random.seed(1)\nX, y = np.ones((4, 1)), [0, 1, 0, 1]"
NO_SEED = f"{SKLEARN}X, y = np.ones((4, 1)), [0, 1, 0, 1]"


@pytest.mark.parametrize(
    ("first", "made", "used", "expected"),
    [
        (NO_SEED, "m = RandomForestClassifier()", "m.fit(X, y)", [(), (), N]),
        (NO_SEED, "m = RandomForestClassifier(random_state=None)", "m.fit(X, y)", [(), (), N]),
        (NO_SEED, "m = RandomForestClassifier(random_state=7)", "m.fit(X, y)", [(), (), ()]),
        (SEED, "m = RandomForestClassifier(random_state=7)", "m.fit(X, y)", [N, (), ()]),
        (SEED, "m = RandomForestClassifier(random_state=X[0])", "m.fit(X, y)", [N, (), N]),
        (NO_SEED, "m = LinearRegression()", "m.fit(X, y)", [(), (), ()]),
        (SEED, "m = LinearRegression()", "m.fit(X, y)", [N, (), ()]),
        (NO_SEED, "m = KFold(2)", "s = list(m.split(X))", [(), (), ()]),
        (SEED, "m = KFold(2)", "s = list(m.split(X))", [N, (), N]),
        (NO_SEED, "m = make_pipeline(RandomForestClassifier())", "m.fit(X, y)", [(), (), N]),
        (SEED, "m = make_pipeline(LinearRegression())", "m.fit(X, y)", [N, (), ()]),
        (NO_SEED, "m = [RandomForestClassifier()]", "for each in m:\n    each.fit(X, y)", [(), (), N]),
        (NO_SEED, "m = RandomForestClassifier()", "s = cross_val_score(m, X, y)", [(), (), N]),
        (SEED, "m = LinearRegression()", "s = cross_val_score(m, X, y)", [N, (), ()]),
        (NO_SEED, "def train(m):\n    m.fit(X, y)", "train(RandomForestClassifier())", [(), (), N]),
        (SEED, "def made():\n    return RandomForestClassifier()", "m = made()\nm.fit(X, y)", [N, (), N]),
        (NO_SEED, "a, b = train_test_split(X)", "c, d = train_test_split(X, random_state=1)", [(), N, ()]),
        (SEED, "text = 'a,b'", "words = text.split(',')", [N, (), ()]),
        (SEED, "words = [X]", "words = [word.split(',') for word in words]", [N, (), ()]),
    ],
)
def test_what_draws_is_in_order(first: str, made: str, used: str, expected: list[tuple[str, ...]]) -> None:
    assert states(first, made, used) == expected


def test_a_tuple_made_by_a_call_holds_its_items() -> None:
    effects = analyse(notebook_of("a = [1]", "t = tuple([a])", "t[0].append(2)")).cells[-1].effects
    assert {"a", "t"} <= effects.mutates.keys()


def test_the_absolute_value_of_an_array_can_be_changed() -> None:
    effects = analyse(notebook_of("import numpy as np\nx = np.ones(2)", "y = abs(x)", "y[0] = 3")).cells[-1].effects
    assert effects.mutates == {"y": 1}


# ---------------------------------------------------------------------- what users add

OURS = """
[knowledge.methods]
mutates = ["absorb"]
pure = "look"

[knowledge.functions]
mutates = { "ours.scrub" = [0] }
"""
CELLS = ("import ours\nx = ours.make()\ny = [1]", "x.absorb(1)", "ours.scrub(y)", "z = x.look()", "x.look()")


def effects_with(known: Knowledge) -> list[tuple[list[str], list[str]]]:
    cells = analyse(notebook_of(*CELLS), known=known).cells
    return [(sorted(cell.effects.mutates), sorted(cell.effects.may_mutate)) for cell in cells[1:]]


def test_a_project_adds_to_the_knowledge(tmp_path: Path) -> None:
    (tmp_path / "nb2prod.toml").write_text(OURS, encoding="utf-8")
    (tmp_path / "notebooks").mkdir()
    known = knowledge_for(tmp_path / "notebooks" / "a.ipynb")
    assert effects_with(KNOWN) == [([], ["x"]), ([], []), ([], ["x"]), ([], ["x", "z"])]
    assert effects_with(known) == [(["x"], []), (["y"], []), ([], []), ([], [])]


def test_the_nearest_file_counts_and_none_above_the_repository(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    (repository / ".git").mkdir(parents=True)
    (tmp_path / "nb2prod.toml").write_text(OURS, encoding="utf-8")
    assert knowledge_for(repository / "a.ipynb") is KNOWN
    (repository / "nb2prod.toml").write_text("[knowledge.methods]\npure = 'near'", encoding="utf-8")
    assert {"near", "look"} & knowledge_for(repository / "a.ipynb").pure_methods == {"near"}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[knowlege]", "knowlege: there is no such key; did you mean 'knowledge'?"),
        ("knowledge = 1", "knowledge: it must be a table"),
        ("[knowledge.method]", "knowledge.method: there is no such key; did you mean 'methods'?"),
        ("[knowledge.methods]\npur = []", "knowledge.methods.pur: there is no such key; did you mean 'pure'?"),
        ("=", "it cannot be read as TOML: Invalid statement (at line 1, column 1)"),
    ],
)
def test_a_wrong_file_of_a_user_is_an_error_of_each_verb(tmp_path: Path, text: str, wrong: str) -> None:
    (tmp_path / "nb2prod.toml").write_text(text, encoding="utf-8")
    path = write(tmp_path / "a.ipynb", "x = 1")
    for verb in (check, explain, tag, lambda path: render_text(path, path.read_text(encoding="utf-8"), ".")):
        with pytest.raises(KnowledgeWrong) as raised:
            verb(path)
        assert str(raised.value) == f"{tmp_path.resolve() / 'nb2prod.toml'}: {wrong}"


@pytest.mark.parametrize("given", ["TEXT", "PATH", "str(PATH)"])
def test_a_distribution_adds_to_the_knowledge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    about = tmp_path / "nb2prod_ours-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: nb2prod-ours\nVersion: 1\n", encoding="utf-8")
    module = f"added_{len(given)}"
    (about / "entry_points.txt").write_text(f"[nb2prod.knowledge]\nours = {module}:GIVEN\n", encoding="utf-8")
    text = "[methods]\nmutates = 'absorb'\n"
    (tmp_path / "ours.toml").write_text(text, encoding="utf-8")
    code = f"from pathlib import Path\nTEXT, PATH = {text!r}, Path(__file__).with_name('ours.toml')\nGIVEN = {given}\n"
    (tmp_path / f"{module}.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "absorb" in knowledge_for(tmp_path / "a.ipynb").mutating_methods


def test_a_wrong_entry_of_a_distribution_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = tmp_path / "nb2prod_wrong-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: nb2prod-wrong\nVersion: 1\n", encoding="utf-8")
    (about / "entry_points.txt").write_text("[nb2prod.knowledge]\nwrong = math:pi\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(KnowledgeWrong, match=r"^math:pi \(entry point 'wrong' of nb2prod.knowledge\): it must be"):
        knowledge_for(tmp_path / "a.ipynb")
