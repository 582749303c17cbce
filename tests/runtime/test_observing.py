"""What a step scores, shows and says is seen, and nothing is different for it."""

import inspect
import pickle
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import IPython.display
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from nb2prod.runtime import alert, event, kpi, log_artifact, log_metric, log_metrics, log_model, log_table
from nb2prod.runtime.listening import ACTIVE
from nb2prod.runtime.project import Settings
from nb2prod.runtime.telling.observing import Seen, observing

display: Any = IPython.display.display
HTML: Any = IPython.display.HTML
RNG = np.random.default_rng(0)
X = RNG.random((120, 3))
Y = (X[:, 0] + 0.3 * RNG.random(120) > 0.6).astype(int)


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[Seen]:
    with observing("train", tmp_path) as made:
        yield made
    assert ACTIVE == []


def scores(seen: Seen) -> list[tuple[str, str]]:
    return [(score["metric"], score["arguments"]) for score in seen.scores]


def test_scoring_calls_are_seen_with_their_arguments(seen: Seen) -> None:
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
    probability = model.predict_proba(X)[:, 1]
    auc = roc_auc_score(Y, probability)
    first, last = accuracy_score(Y[:60], probability[:60] > 0.5), accuracy_score(Y, probability > 0.5)
    whole = model.score(X, Y)
    r2 = LinearRegression().fit(X, Y).score(X, y=Y)
    cross = cross_val_score(model, X, Y, cv=3)
    assert scores(seen) == [
        ("roc_auc_score", "Y, probability"),
        ("accuracy_score", "Y[:60], probability[:60] > 0.5"),
        ("accuracy_score", "Y, probability > 0.5"),
        ("Pipeline.score", "X, Y"),
        ("LinearRegression.score", "X, y=Y"),
        ("cross_val_score", "model, X, Y, cv=3"),
    ]
    assert [score["value"] for score in seen.scores] == [auc, first, last, whole, r2, float(cross.mean())]
    assert seen.scores[0]["file"].endswith("tests/runtime/test_observing.py")
    assert seen.scores[0]["line"] == inspect.currentframe().f_lineno - 15  # type: ignore[union-attr]
    metrics = seen.kept()["metrics"]
    assert metrics["roc_auc_score"] == auc
    assert metrics["accuracy_score(Y, probability > 0.5)"] == last


def test_what_a_metrics_cell_says_is_not_said_twice(seen: Seen) -> None:
    auc = roc_auc_score(Y, X[:, 0])
    accuracy_score(Y, X[:, 0] > 0.5)
    log_metric("auc", auc)
    metrics = seen.kept({"accuracy_score": 0.25})["metrics"]
    assert metrics == {"auc": auc, "accuracy_score": 0.25}


def test_calls_of_libraries_are_not_the_steps(seen: Seen) -> None:
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, scoring=make_scorer(roc_auc_score), cv=2)
    search.fit(X, Y)
    cross_validate(LogisticRegression(), X, Y, cv=2, scoring={"auc": "roc_auc"})
    assert [name for name, _ in scores(seen)] == ["cross_validate.test_auc"]


def test_functions_and_results_are_what_they_were(tmp_path: Path) -> None:
    functions: list[Any] = [roc_auc_score, accuracy_score, LogisticRegression.score, cross_val_score, display]
    codes = [function.__code__ for function in functions]
    signatures = [str(inspect.signature(function)) for function in functions]
    plain = cross_val_score(LogisticRegression(), X, Y, cv=3), roc_auc_score(Y, X[:, 1])
    with observing("train", tmp_path):
        assert [str(inspect.signature(function)) for function in functions] == signatures
        scorer = make_scorer(roc_auc_score, response_method="predict_proba")
        kept = pickle.loads(pickle.dumps((scorer, roc_auc_score)))
        assert kept[1] is roc_auc_score
        seen_results = cross_val_score(LogisticRegression(), X, Y, cv=3), roc_auc_score(Y, X[:, 1])
        with observing("inner", tmp_path) as inner:
            roc_auc_score(Y, X[:, 1])
        assert len(inner.scores) == 1
        assert roc_auc_score.__code__ is not codes[0]
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            accuracy_score(Y, Y[:5])
    np.testing.assert_array_equal(plain[0], seen_results[0])
    assert plain[1] == seen_results[1]
    assert [function.__code__ for function in functions] == codes
    assert all("__signature__" not in vars(function) for function in functions)


def test_calls_of_the_steps_threads_are_seen(seen: Seen) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda column: roc_auc_score(Y, X[:, column]), range(3)))
    (score,) = seen.scores
    assert score["calls"] == 3
    assert score["value"] in found


def test_of_a_loop_the_last_score_counts(seen: Seen) -> None:
    for threshold in np.linspace(0.1, 0.9, 300):
        last = accuracy_score(Y, X[:, 0] > threshold)
    assert (len(seen.scores), seen.scores[0]["calls"]) == (1, 300)
    assert seen.kept()["metrics"] == {"accuracy_score": last}


def test_a_score_knows_its_cell(tmp_path: Path) -> None:
    folder = Path(__file__).parent.name
    settings = Settings(
        package="p",
        name="p",
        root=tmp_path,
        workdir=tmp_path,
        runs=tmp_path,
        lines={f"src/{folder}/test_observing.py": [(1, 2, 1), (100, 7, 1)]},
    )
    with observing("train", tmp_path, settings=settings) as seen:
        roc_auc_score(Y, X[:, 0])
    assert seen.scores[0]["cell"] == 7


def test_a_score_from_a_file_that_was_changed_is_seen(tmp_path: Path) -> None:
    import runpy

    path = tmp_path / "changed.py"
    path.write_text("from sklearn.metrics import roc_auc_score\n\n\ndef score(y, p):\n    return roc_auc_score(y, p)\n")
    score = runpy.run_path(str(path))["score"]
    path.write_text("(((\n" * 5)
    with observing("train", tmp_path) as seen:
        score(Y, X[:, 0])
    assert [(each["metric"], each["arguments"], each["line"]) for each in seen.scores] == [("roc_auc_score", "", 5)]


def test_what_is_displayed_becomes_files(seen: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    import matplotlib.figure

    display(pd.DataFrame({"plan": ["a", "b"], "n": [1, 2]}), "words")
    display(pd.Series([1.5], index=["x"], name="value"))
    display(HTML("<b>bold</b>"))
    display(matplotlib.figure.Figure())
    kinds = [(file["kind"], file["path"]) for file in seen.files]
    assert kinds == [
        ("table", "tables/train-1.csv"),
        ("table", "tables/train-2.csv"),
        ("table", "tables/train-3.html"),
        ("figure", "figures/train-1.png"),
    ]
    assert (seen.folder / "tables/train-1.csv").read_text() == "plan,n\na,1\nb,2\n"
    assert (seen.folder / "tables/train-2.csv").read_text() == ",value\nx,1.5\n"
    assert (seen.folder / "tables/train-3.html").read_text() == "<b>bold</b>"
    assert "words" in capsys.readouterr().out


def test_a_long_table_is_cut_and_one_that_cannot_be_shown_is_told_of(seen: Seen) -> None:
    class Broken:
        def _repr_html_(self) -> str:
            raise RuntimeError("no")

        def __repr__(self) -> str:
            return "broken"

    display(pd.DataFrame({"x": range(5000)}))
    display(Broken())
    assert seen.files[0]["rows"] == 5000
    assert (seen.folder / "tables/train-1.csv").read_text().count("\n") == 1001
    assert [each["name"] for each in seen.events] == ["not shown"]


def test_code_can_say_more(seen: Seen, tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    report.write_text("fine\n")
    model = LinearRegression().fit(pd.DataFrame({"a": [0.0, 1.0]}), [0, 1])
    log_metrics({"loss": np.float64(0.5), "rows": 3})
    log_table("by plan", {"plan": ["a", "b"], "n": [1, 2]})
    log_table("by plan", [{"plan": "a"}, {"n": 2}])
    log_artifact(report)
    log_artifact("notes.md", "# Notes")
    log_model("price", model, example=pd.DataFrame({"a": [0.0]}))
    event("loaded", source="warehouse", step=1)
    alert("few rows", "only 3", severity="critical", rows=3)
    kpi("revenue", 1250, region="EU")
    assert seen.metrics == {"loss": 0.5, "rows": 3.0}
    contents = {file["path"]: (seen.folder / file["path"]).read_bytes() for file in seen.files}
    assert list(contents) == [
        "tables/train-by-plan.csv",
        "tables/train-by-plan-2.csv",
        "files/train-report.txt",
        "files/train-notes.md",
        "models/train-price.pkl",
    ]
    assert contents["tables/train-by-plan.csv"] == b"plan,n\na,1\nb,2\n"
    assert contents["tables/train-by-plan-2.csv"] == b"plan,n\na,\n,2\n"
    assert contents["files/train-report.txt"] == b"fine\n"
    assert pickle.loads(contents["models/train-price.pkl"]).coef_ == model.coef_
    about = seen.files[-1]
    assert about["features"] == ["a"]
    assert about["example"]["columns"][0]["dtype"] == "float64"
    said = [{key: value for key, value in each.items() if key not in ("time", "step")} for each in seen.events[2:]]
    assert said == [
        {"event": "event", "name": "loaded", "data": {"source": "warehouse", "step": 1}},
        {"event": "alert", "name": "few rows", "message": "only 3", "severity": "critical", "data": {"rows": 3}},
        {"event": "kpi", "name": "revenue", "value": 1250.0, "labels": {"region": "EU"}},
    ]


def test_a_model_that_cannot_be_pickled_is_told_of(seen: Seen, capsys: pytest.CaptureFixture[str]) -> None:
    log_model("odd", lambda: 0)
    assert seen.files == []
    assert [each["name"] for each in seen.events] == ["model not kept"]
    assert "model 'odd' is not kept" in capsys.readouterr().err


def test_elsewhere_they_do_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    log_metric("a", 1)
    log_table("t", {"a": [1]})
    log_artifact("no/such/file")
    log_model("m", object())
    event("e")
    alert("a")
    kpi("k", 1)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("call", [lambda: log_metric("a", "text"), lambda: kpi("a", None)])
def test_what_is_no_number_is_refused(call: Any) -> None:
    with pytest.raises(TypeError, match="it must be a number"):
        call()


def test_what_is_no_table_or_no_severity_is_refused(seen: Seen) -> None:
    with pytest.raises(TypeError, match="a int is no table"):
        log_table("t", 3)
    with pytest.raises(ValueError, match="it must be info, warning or critical"):
        alert("a", severity="loud")
    assert seen.files == []


_WITHOUT_IPYTHON = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from nb2prod.runtime.telling.standin import stand_in
stand_in()
from IPython.display import HTML, display
from nb2prod.runtime.telling.observing import observing
with observing("step", Path({folder!r})) as seen:
    display(HTML("<i>x</i>"), [1])
print([file["path"] for file in seen.files])
"""


def test_without_ipython_its_display_is_there_all_the_same(tmp_path: Path) -> None:
    root = str(Path(__file__).parents[2])
    code = _WITHOUT_IPYTHON.format(root=root, folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("<HTML> [1]\n['tables/step-1.html']\n", "")
