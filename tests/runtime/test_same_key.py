"""A step has one key: what a process computed, another one's worker does not compute again, and the other way round."""

from collections.abc import Callable

import pytest
from runtime.tiny import LOAD, Project

pytestmark = pytest.mark.slow
Score = Callable[..., None]
LOCAL = ("--executor", "local")
FUNCTIONS = "RATE = 2\n\n\nclass Model:\n    def predict(self, value):\n        return value * RATE\n"
MODEL = LOAD.replace("from typing", "import numpy as np\nfrom ..functions import Model\nfrom typing").replace(
    "    note = label", "    table = np.arange(rows * 5000)\n    note = Model()"
)


@pytest.fixture
def wide(project: Project, score: Score) -> Project:
    """A table, an object of the project's own class, a scalar, a text and a list go in."""
    project.write("functions.py", FUNCTIONS)
    project.write("steps/load.py", MODEL.replace("table: Any\n", "table: Any\n    count: Any\n").replace(
        "LoadOutputs(table, note)", "LoadOutputs(table, len(table), note)"
    ))  # fmt: skip
    pipeline = (project.root / "src/tiny/pipeline.py").read_text()
    pipeline = pipeline.replace("table, note = step", "table, count, note = step")
    more = "step(score, (table, count), label=parameters.label, odd=parameters.odd, model=note, count=count,"
    project.write("pipeline.py", pipeline.replace("step(score, table,", more.replace("(table, count)", "table")))
    parameters = (project.root / "src/tiny/parameters.py").read_text()
    odd = "    odd: list[Any] = field(default_factory=lambda: ['a', 'a', 1.5, None])\n"
    project.write("parameters.py", parameters + odd)
    score("total = model.predict(int(table.sum())) + count + len(odd) * scale")
    text = (project.root / "src/tiny/steps/score.py").read_text()
    project.write(
        "steps/score.py", text.replace("scale: Any)", "label: Any, odd: Any, model: Any, count: Any, scale: Any)")
    )
    return project


@pytest.mark.parametrize(("first", "second"), [((), LOCAL), (LOCAL, ())], ids=["here first", "there first"])
def test_both_know_what_either_computed(wide: Project, first: tuple[str, ...], second: tuple[str, ...]) -> None:
    computed = wide.run(*first)
    assert computed.code == 0, computed.err
    known = wide.run(*second)
    assert known.code == 0, known.err
    assert known.steps("cached") == {"load": True, "score": True}
    assert known.record["metrics"] == computed.record["metrics"] == {"total": 400_000_006.0}
