"""An analysis that knows the cells from before says what the first one of a process says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz.grammar import notebooks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nb2prod.analysis.build import build
from nb2prod.analysis.magics import forget
from nb2prod.api.look import look, to_json
from nb2prod.model.notebook import Cell, CellKind, Notebook

EXAMPLES = sorted((Path(__file__).parents[2] / "example_notebooks").glob("*.ipynb"))
BROKEN = (
    "x = (",
    "%run other.py",
    "del a",
    "import math as a",
    "def f(x):\n    a.append(x)\n    return f",
    "",
    "a = b",
)


def notebook_of(cells: list[str]) -> Notebook:
    """The first line of a cell may be `# tags: TAG`."""
    made = []
    for number, cell in enumerate(cells, 1):
        head, _, rest = cell.partition("\n")
        tags = tuple(head.removeprefix("# tags: ").split()) if head.startswith("# tags:") else ()
        source = rest if head.startswith("# tags:") else cell
        made.append(Cell(number=number, kind=CellKind.CODE, source=source, tags=tags))
    return Notebook(name="demo.ipynb", cells=tuple(made))


def answer(cells: list[str]) -> object:
    built = build(notebook_of(cells))
    return built.findings, built.pipeline, built.wiring.results if built.wiring else None


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(notebooks(), notebooks(), st.data())
def test_edits_of_random_notebooks(cells: list[str], others: list[str], data: st.DataObject) -> None:
    """Each edit puts a cell of another notebook, something broken or the cell as it was in the place of one."""
    edited = list(cells)
    answer(edited)
    for _ in range(4):
        place = data.draw(st.integers(0, len(cells) - 1))
        head = cells[place].partition("\n")[0]
        new = data.draw(st.sampled_from([*others, cells[place], *(f"{head}\n{line}" for line in BROKEN)]))
        edited[place] = new
        known = answer(edited)
        forget()
        assert known == answer(edited)
        forget()
        answer(cells)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(notebooks(), st.data())
def test_typing_in_a_notebook_that_stays_known(cells: list[str], data: st.DataObject) -> None:
    """Nothing is forgotten between the edits, so walks of many versions are there."""
    edited = list(cells)
    seen = []
    for _ in range(5):
        place = data.draw(st.integers(0, len(cells) - 1))
        head, _, rest = cells[place].partition("\n")
        line = data.draw(st.sampled_from(["", *BROKEN, *rest.split("\n")]))
        edited[place] = f"{cells[place]}\n{line}" if data.draw(st.booleans()) else f"{head}\n{line}"
        seen.append((list(edited), answer(edited)))
    for version, known in seen:
        forget()
        assert known == answer(version)


def typed(path: Path) -> list[str]:
    """The versions of a notebook while something is typed into each of its cells."""
    data = json.loads(path.read_text(encoding="utf-8"))
    versions = []
    for cell in data["cells"]:
        before = cell["source"]
        for new in ("\nnew_name = (", "\nnew_name = 1", "\nif True:\n    import math as pd"):
            cell["source"] = "".join(before) + new
            versions.append(json.dumps(data))
        cell["source"] = before
    return versions


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_typing_in_the_examples(path: Path) -> None:
    versions = typed(path)
    known = [to_json(look(path, version)) for version in versions]
    for version, found in zip(versions, known, strict=True):
        forget()
        assert to_json(look(path, version)) == found


def test_another_process_says_the_same() -> None:
    path = EXAMPLES[0]
    version = typed(path)[-1]
    for each in typed(path):
        look(path, each)
    code = (
        "import json, sys; from pathlib import Path; from nb2prod.api.look import look, to_json; "
        "print(json.dumps(to_json(look(Path(sys.argv[1]), sys.stdin.read()))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], input=version, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == json.loads(json.dumps(to_json(look(path, version))))
