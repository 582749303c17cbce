"""The traced run in a real kernel: what each cell did, and nothing of the tracer in the notebook."""

import json
from pathlib import Path

import pytest

from nb2prod.api.convert import convert
from nb2prod.api.trace import find_trace, make_trace, trace_file
from nb2prod.api.verify import verify
from nb2prod.errors import ConversionRefused
from nb2prod.model.trace import CellTrace, Trace
from nb2prod.notebooks.session import NotebookFailed

from .conftest import write_notebook as write_cells

pytestmark = pytest.mark.slow

HELPER = "def scrub(rows):\n    rows.append(0)\n    return len(rows)\n"
CELLS = [
    "import numpy as np\nimport random\nimport helpers\nlimit = 3",
    "rows = [1, 2]\ntable = np.arange(6.0)\nview = table[:2]\nlabel = 'a'",
    "def top():\n    return limit + len(rows)\n\nlater = [top]",
    "got = later[0]()",
    "view[0] = 9.0",
    "n = helpers.scrub(rows)",
    "draw = np.random.rand()",
    "open('out.txt', 'w').write('x'); text = open('data.csv').read()",
    "back = open('out.txt').read()",
    "%%capture\nlabel = 'b'",
    "del draw",
    "names = sorted(name for name in dir() if not name.startswith('_'))",
]


def write_notebook(folder: Path, *cells: str) -> Path:
    return write_cells(folder / "demo.ipynb", list(cells))


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Trace:
    folder = tmp_path_factory.mktemp("traced")
    folder.joinpath("helpers.py").write_text(HELPER, encoding="utf-8")
    folder.joinpath("data.csv").write_text("a\n", encoding="utf-8")
    path = write_notebook(folder, *CELLS)
    found = make_trace(path)
    assert not (folder / "out.txt").exists(), "it runs in a copy"
    assert Trace.from_json(trace_file(path).read_text(encoding="utf-8")) == found
    return found


def cell(trace: Trace, number: int) -> CellTrace:
    found = trace.of(number)
    assert found is not None
    return found


def test_names_are_told(trace: Trace) -> None:
    assert cell(trace, 2).binds == ("label", "rows", "table", "view")
    assert (cell(trace, 4).reads, cell(trace, 4).through) == (("later",), ("limit", "rows"))
    assert cell(trace, 10).binds == ("label",)
    assert cell(trace, 11).deletes == ("draw",)


def test_mutations_are_seen_through_views_and_other_people_s_functions(trace: Trace) -> None:
    assert cell(trace, 5).mutates == ("table", "view")
    assert cell(trace, 6).mutates == ("rows",)
    assert [c.cell for c in trace.cells if c.mutates] == [5, 6]


def test_state_files_and_modules_are_told(trace: Trace) -> None:
    assert cell(trace, 7).state == ("numpy.random",)
    assert [c.cell for c in trace.cells if "numpy.random" in c.state] == [7]
    assert (cell(trace, 8).written, set(cell(trace, 8).read)) == (("out.txt",), {"data.csv"})
    assert set(cell(trace, 9).read) == {"out.txt"}
    assert cell(trace, 1).imports == ("helpers",), "numpy was loaded before, to be seeded"
    assert set(trace.files()) >= {"data.csv"}
    assert "out.txt" not in trace.files()


def test_values_are_described(trace: Trace) -> None:
    table = cell(trace, 2).values["table"]
    assert (table.kind, table.shape, table.size) == ("numpy.ndarray", (6,), 48)
    assert cell(trace, 2).values["label"].kind == "builtins.str"
    assert trace.value("rows", 2) != trace.value("rows", 6)
    assert trace.value("draw", 11) is None
    assert all(c.peak_memory > 10_000_000 and c.seconds > 0 for c in trace.cells)


def test_the_notebook_sees_nothing_of_it(trace: Trace) -> None:
    mine = {"In", "Out", "back", "exit", "get_ipython", "got", "helpers", "label", "later", "limit", "n"}
    mine |= {"np", "open", "quit", "random", "rows", "table", "text", "top", "view"}
    assert cell(trace, 12).values["names"].shape == (len(mine),)


def test_a_conversion_uses_it(tmp_path: Path) -> None:
    tmp_path.joinpath("helpers.py").write_text(HELPER, encoding="utf-8")
    path = write_notebook(tmp_path, "import helpers\nrows = [1]", "n = helpers.scrub(rows)", "total = sum(rows)")
    done = convert(path, tmp_path / "out", trace=True)
    assert (done.recorded, done.notices) == (True, ())
    step = (tmp_path / "out/src/demo/steps/s2.py").read_text(encoding="utf-8")
    assert "def s2(rows: list[Any]) -> S2Outputs:" in step
    assert "    rows: list[Any]\n" in step, "what a helper changed is handed on"
    assert "# in the notebook: " in (tmp_path / "out/pipeline.toml").read_text(encoding="utf-8")
    assert verify(tmp_path / "out", isolated=True).equal
    again = convert(path, tmp_path / "again")
    assert (tmp_path / "again/src/demo/steps/s2.py").read_text(encoding="utf-8") == step
    assert (again.recorded, again.notices) == (True, ())


def test_edits_survive_a_conversion_with_a_trace(tmp_path: Path) -> None:
    path = write_notebook(tmp_path, "x = [1]", "y = x + [2]")
    convert(path, tmp_path / "out", trace=True)
    step = tmp_path / "out/src/demo/steps/s2.py"
    step.write_text(step.read_text(encoding="utf-8").replace("x + [2]", "x + [2]  # ours"), encoding="utf-8")
    done = convert(path, tmp_path / "out")
    assert done.conflicts == ()
    assert "# ours" in step.read_text(encoding="utf-8")


def test_a_trace_that_no_longer_holds_is_not_used(tmp_path: Path) -> None:
    tmp_path.joinpath("data.csv").write_text("a\n", encoding="utf-8")
    path = write_notebook(tmp_path, "text = open('data.csv').read()")
    assert "--trace" in find_trace(path)[1]
    make_trace(path)
    assert find_trace(path)[1] == ""
    tmp_path.joinpath("data.csv").write_text("b\n", encoding="utf-8")
    assert "of other data (data.csv has changed)" in find_trace(path)[1]
    write_notebook(tmp_path, "text = open('data.csv').read()  # more")
    assert "of other cells" in find_trace(path)[1]
    trace_file(path).write_text("[]", encoding="utf-8")
    assert find_trace(path) == (None, find_trace(path)[1])
    assert "make it again with `nb2prod trace`" in find_trace(path)[1]


def test_a_notebook_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    path = write_notebook(tmp_path, "x = 1", "1 / 0")
    with pytest.raises(NotebookFailed, match="failed at cell 2: ZeroDivisionError"):
        make_trace(path)
    assert not trace_file(path).exists()


def test_a_refused_notebook_is_not_run(tmp_path: Path) -> None:
    path = write_notebook(tmp_path, "open('ran.txt', 'w').close()", "x = eval('1')")
    with pytest.raises(ConversionRefused):
        convert(path, tmp_path / "out", trace=True)
    assert json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert sorted(p.name for p in tmp_path.iterdir()) == [path.name]
