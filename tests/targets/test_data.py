"""Paths that became arguments, in the files of the project."""

import tomllib
from collections.abc import Mapping

from law.sides import notebook_of

from nb2prod.analysis.build import build
from nb2prod.runtime.data.tables import data_of
from nb2prod.targets.package import PLUGIN

CELLS = [
    '# tags: step:fit\nimport joblib\nmodel = [2.5]\njoblib.dump(model, "models/m.joblib")',
    '# tags: step:load inference\nfitted = joblib.load("models/m.joblib")',
    '# tags: step:score inference\nscore = fitted[0]\nwith open("dátá/ü  x.csv", "a") as log: log.write("x")',
    '# tags: step:more\ntexts = [open("b.txt").read() for _ in range(0)]\npassword = "sqlite://u:pw@h/x.db"',
]


def files() -> Mapping[str, str]:
    notebook = notebook_of(CELLS)
    built = build(notebook)
    assert built.pipeline is not None, built.findings
    return PLUGIN.render(built.pipeline, notebook).files


def test_the_inference_path_has_the_path_that_the_notebook_had() -> None:
    text = files()["src/example/inference.py"]
    assert "def predict() -> Any:" in text
    assert 'fitted = load(m_joblib="models/m.joblib")' in text
    assert 'score_step(fitted=fitted, u_x_csv="dátá/ü  x.csv")' in text


def test_pipeline_toml_has_the_paths_as_they_are() -> None:
    text = files()["pipeline.toml"]
    tables = tomllib.loads(text)
    assert {name: (data.path, data.mode) for name, data in data_of(tables).items()} == {
        "m_joblib": ("models/m.joblib", "update"),
        "u_x_csv": ("dátá/ü  x.csv", "update"),
    }
    assert '#   b = "b.txt", read in cell 4, line 2' in text
    commented = text.replace("# url = ", "url = ").replace("# [outputs.", "[outputs.")
    assert all(data.url.startswith("s3://bucket/") for data in data_of(tomllib.loads(commented)).values())
    assert "score.parquet" in commented or "texts.parquet" in commented


def test_the_readme_tells_of_them() -> None:
    text = files()["README.md"]
    assert '| `m_joblib` | "models/m.joblib" | `fit`, `load` | update |' in text
    assert "nb2prod data check ." in text
