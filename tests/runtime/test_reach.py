"""Which part of functions.py counts as a step's code, and that what does not is left alone."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest
from runtime.tiny import LOAD, SCORE, Project

from nb2prod.runtime.results.reach import Mentions, Shared, imported_names

FUNCTIONS = '''\
"""What the steps share."""

import functools
import math
import warnings as _noise

RATE = 2.0
LIMITS = {"low": 0, "high": RATE}
SEEN = dict(a=1)


def double(value):
    return value * RATE


def fourfold(value):
    return double(double(value))


def noted(function):
    SEEN[function.__name__] = function
    return function


@functools.lru_cache
def slow(value):
    return math.sqrt(value)


class Base:
    def limit(self):
        return LIMITS["high"]


class Model(Base):
    def predict(self, value):
        return fourfold(value)


def by_name(frame):
    return frame.eval("slow(x) + 1")


def made_up(name):
    return globals()[name]
'''
ALWAYS = {"warnings", "SEEN"}


@pytest.fixture
def shared(tmp_path: Path) -> Callable[[str], Shared]:
    def read(text: str) -> Shared:
        tmp_path.joinpath("functions.py").write_text(text)
        return Shared(tmp_path / "functions.py")

    return read


def named(shared: Shared, *names: str) -> set[str]:
    """The names of what counts, without what always does."""
    found: set[str] = set()
    for node in shared.reached(names):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
    return found - ALWAYS


@pytest.mark.parametrize(
    ("names", "reached"),
    [
        ((), set()),
        (("RATE",), {"RATE"}),
        (("fourfold",), {"fourfold", "double", "RATE"}),
        (("slow",), {"slow", "functools", "math"}),
        (("Model",), {"Model", "Base", "LIMITS", "RATE", "fourfold", "double"}),
        (("by_name",), {"by_name", "slow", "functools", "math"}),
    ],
)
def test_calls_captures_bases_and_texts_are_followed(
    shared: Callable[[str], Shared], names: tuple[str, ...], reached: set[str]
) -> None:
    assert named(shared(FUNCTIONS), *names) == reached


def test_names_that_are_made_up_reach_everything(shared: Callable[[str], Shared]) -> None:
    found = shared(FUNCTIONS)
    assert found.reached(["made_up"]) == found.reached(None)
    assert {"Model", "by_name", "noted"} <= named(found, "made_up")


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ("def other(): return 1\n", False),
        ("OTHER = 1\n", False),
        ("class Other: pass\n", False),
        ("class Other(Base): pass\n", False),
        ("import json\ndef other(): return json\n", False),
        ("import json\n", True),
        ("print()\n", True),
        ("OTHER = print()\n", True),
        ("Model.predict = double\n", True),
        ("@noted\ndef other(): pass\n", True),
        ("if RATE: OTHER = 1\n", True),
        ("from math import *\n", True),
    ],
)
def test_what_only_defines_counts_when_it_is_reached(shared: Callable[[str], Shared], more: str, counts: bool) -> None:
    assert (shared(FUNCTIONS + more).digest(["double"]) != shared(FUNCTIONS).digest(["double"])) == counts


def test_subclasses_count_where_somebody_looks_for_them(shared: Callable[[str], Shared]) -> None:
    listing = "class Kind: pass\ndef kinds(): return Kind.__subclasses__()\n"
    assert shared(listing).digest(["kinds"]) != shared(f"{listing}class New(Kind): pass\n").digest(["kinds"])


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("from ..functions import a, b as c", {"a", "b"}),
        ("from tiny.functions import a", {"a"}),
        ("from ..functions import *", None),
        ("from .. import functions", None),
        ("import tiny.functions as f", None),
        ("from functions_of_others import a", set()),
    ],
)
def test_what_a_module_takes_from_functions(line: str, names: set[str] | None) -> None:
    assert imported_names(ast.parse(line), "tiny") == names


def test_a_pickle_that_names_a_class_is_made_of_its_code(shared: Callable[[str], Shared]) -> None:
    def told(text: str, *pickled: bytes) -> str:
        looking = Mentions(shared(text), "tiny.functions")
        for part in pickled:
            looking.see(part)
        return looking.told()

    model = (b"\x8c\x0etiny.functions", b"\x8c\x05Model")
    assert told(FUNCTIONS, b"\x8c\x05Model") == told(FUNCTIONS, model[0]) == ""
    assert told(FUNCTIONS, *model) == told(f"{FUNCTIONS}OTHER = 1\n", *model) != ""
    assert told(FUNCTIONS, *model) != told(FUNCTIONS.replace("RATE = 2", "RATE = 3"), *model)


def reached_step(project: Project, call: str) -> None:
    project.write("functions.py", FUNCTIONS)
    imports = "from typing import Any\n\nfrom ..functions import fourfold\n"
    text = SCORE.replace("from typing import Any\n", imports).replace("sum(table)", call)
    project.write("steps/score.py", text)


def cached(project: Project) -> dict[str, bool]:
    ran = project.run()
    assert ran.code == 0, ran.err
    return ran.steps("cached")


def test_only_a_function_that_is_reached_reruns_a_step(project: Project) -> None:
    reached_step(project, "fourfold(sum(table))")
    assert cached(project) == {"load": False, "score": False}
    project.write("functions.py", FUNCTIONS.replace("slow(x) + 1", "slow(x) + 2"))
    assert cached(project) == {"load": True, "score": True}
    project.write("functions.py", FUNCTIONS.replace("RATE = 2.0", "RATE = 3.0"))
    assert cached(project) == {"load": True, "score": False}


def test_an_object_of_a_class_that_changed_reruns_who_takes_it(project: Project) -> None:
    """The pickle is the same; what the object does is not."""
    project.write("functions.py", FUNCTIONS)
    imports = "from typing import Any, NamedTuple\n\nfrom ..functions import Model\n"
    load = LOAD.replace("from typing import Any, NamedTuple\n", imports).replace("note = label", "note = Model()")
    project.write("steps/load.py", load)
    pipeline = (project.root / "src/tiny/pipeline.py").read_text()
    project.write("pipeline.py", pipeline.replace("step(score, table,", "step(score, note,"))
    project.write("steps/score.py", SCORE.replace("table.append(1)", "pass").replace("sum(table)", "table.predict(3)"))
    assert project.run().record["metrics"] == {"total": 18.0}
    assert cached(project) == {"load": True, "score": True}
    project.write("functions.py", FUNCTIONS.replace("return fourfold(value)", "return double(value)"))
    again = project.run()
    assert (again.steps("cached"), again.record["metrics"]) == ({"load": False, "score": False}, {"total": 9.0})


def test_another_module_of_the_package_counts_for_who_imports_it(project: Project) -> None:
    project.write("own.py", "from . import deeper\n")
    project.write("deeper.py", "RATE = 2\n")
    text = SCORE.replace("from typing import Any\n", "from typing import Any\n\nfrom .. import own\n")
    project.write("steps/score.py", text.replace("sum(table)", "own.deeper.RATE"))
    assert cached(project) == {"load": False, "score": False}
    project.write("deeper.py", "RATE = 3  # more\n")
    assert cached(project) == {"load": True, "score": False}


def test_a_module_that_is_found_by_a_name_that_is_made_up_counts(project: Project) -> None:
    beside = project.root / "work/plugin_a.py"
    beside.write_text("RATE = 2\n")
    body = "import importlib\n    total = importlib.import_module('plugin_' + 'a').RATE"
    project.write("steps/score.py", SCORE.replace("total = sum(table) * scale", body))
    assert cached(project) == {"load": False, "score": False}
    assert cached(project) == {"load": True, "score": True}
    beside.write_text("RATE = 33\n")
    assert cached(project) == {"load": True, "score": False}


def test_code_that_changes_while_a_run_goes_on_is_not_kept_under_its_name(project: Project) -> None:
    """The first step changes the second one's file: what runs is what was imported, and so is its key."""
    score = project.root / "src/tiny/steps/score.py"
    body = f"    open({str(score)!r}, 'w').write({SCORE.replace('append(1)', 'append(100)')!r})\n    note = label"
    project.write("steps/load.py", LOAD.replace("    note = label", body))
    first = project.run()
    assert first.record["metrics"] == {"total": 10.5}
    project.write("steps/load.py", LOAD)
    second = project.run()
    assert (second.steps("cached")["score"], second.record["metrics"]) == (False, {"total": 159.0})
