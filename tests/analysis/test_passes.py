"""The passes one by one: a small input on the left, what the pass says on the right."""

import ast

import pytest

from nb2prod.analysis.classify import Use, classify
from nb2prod.analysis.definitions import needs_of
from nb2prod.analysis.displays import displays_of
from nb2prod.analysis.effects import walk_cell
from nb2prod.analysis.environment import Environment
from nb2prod.analysis.flow import meet, minus, plus
from nb2prod.analysis.imports import import_lines, import_units
from nb2prod.analysis.requirements import requirements_of
from nb2prod.analysis.scopes import bound_names, locals_of
from nb2prod.analysis.stateful import own_state, written_attributes
from nb2prod.analysis.trees import walk


def first(source: str) -> ast.stmt:
    return ast.parse(source).body[0]


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("import a\nfrom b import c", ["import", "import"]),
        ("try:\n    import a\nexcept ImportError:\n    import b as a", ["import"]),
        ("try:\n    import a\nexcept ImportError:\n    a = None", ["body"]),
        ("def f(): ...\nclass A: ...\ng = lambda: 1", ["definition"] * 3),
        ("x = 1\nx", ["body", "display"]),
        ("df.head()\nx = 1", ["body", "body"]),
        ("x = 1\ndf.head(3)", ["body", "display"]),
        ("df['a'] + 1", ["display"]),
        ("df.sort_values('a', inplace=True)", ["body"]),
        ("model.predict(X)", ["body"]),
        ("xs.pop()", ["body"]),
        ("f(x)", ["body"]),
        ("display(df)\nx = 1", ["display", "body"]),
        ("print(__doc__)\nx = 1", ["display", "body"]),
        ("'text'\nx = 1", ["body", "body"]),
    ],
)
def test_what_a_statement_is_for(source: str, uses: list[str]) -> None:
    assert [statement.use for statement in classify(1, ast.parse(source))] == [Use(use) for use in uses]


@pytest.mark.parametrize(
    ("notebook", "display", "stays"),
    [
        ("x = 1", "d['k']", False),
        ("from collections import defaultdict", "d['k']", True),
        ("def f(x): return x", "s.groupby(f)", True),
        ("class A:\n    def __getattr__(self, n):\n        self.n += 1", "a.b", True),
        ("class A:\n    def __getattr__(self, n):\n        return n", "a.b", False),
        ("class A:\n    @property\n    def b(self):\n        self.n = 1", "a.b", True),
    ],
)
def test_looking_may_change_what_is_looked_at(notebook: str, display: str, stays: bool) -> None:
    displays = displays_of([ast.parse(notebook)])
    assert displays.may_change(ast.parse(display, mode="eval").body) == stays


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("x = y = 1", {"x", "y"}),
        ("for i, (j, *k) in z: m = i", {"i", "j", "k", "m"}),
        ("[q for q in z if (w := q)]", {"w"}),
        ("with a as (b, c): pass", {"b", "c"}),
        ("try: pass\nexcept E as e: f = 1", {"e", "f"}),
        ("def f(a): b = 1", {"f"}),
        ("class A:\n    b = 1", {"A"}),
        ("match v:\n    case {'k': a, **b}: pass\n    case [c, *d]: pass", {"a", "b", "c", "d"}),
        ("import a.b, c as d", {"a", "d"}),
        ("x.y = 1; x[0] = 2", set()),
    ],
)
def test_names_that_statements_bind(source: str, names: set[str]) -> None:
    assert bound_names(ast.parse(source).body) == names


def test_names_of_a_function() -> None:
    function = first("def f(a, *b, c=1, **d):\n    global g\n    g = e = 1")
    assert isinstance(function, ast.FunctionDef)
    assert locals_of(function) == {"a", "b", "c", "d", "e"}


def test_points_meet_at_what_is_surely_bound_in_both() -> None:
    here = frozenset({"a", "b"})
    assert meet(here, frozenset({"b", "c"})) == frozenset({"b"})
    assert meet(here, None) == here
    assert meet(None, None) is None
    assert (plus(here, ["c"]), minus(here, ["a"])) == (frozenset("abc"), frozenset("b"))


@pytest.mark.parametrize(
    ("source", "reads", "at_def", "writes", "mutates"),
    [
        ("def f(x): return x + k", {"k"}, set(), set(), set()),
        ("def f(x=k): return x", {"k"}, {"k"}, set(), set()),
        ("@deco\ndef f(): return g()", {"deco", "g"}, {"deco"}, set(), set()),
        ("def f():\n    global n\n    n = 1", set(), set(), {"n"}, set()),
        ("def f(x): xs.append(x)", {"xs"}, set(), set(), {"xs"}),
        ("class A(B):\n    c = d\n    def m(self): return e", {"B", "d", "e"}, {"B", "d"}, set(), set()),
    ],
)
def test_what_a_definition_needs(
    source: str, reads: set[str], at_def: set[str], writes: set[str], mutates: set[str]
) -> None:
    needs = needs_of(first(source))
    found = (needs.reads, needs.at_def, needs.writes - {"f", "A"}, needs.mutates)
    assert [set(names) for names in found] == [reads, at_def, writes, mutates]


@pytest.mark.parametrize(
    ("source", "state"),
    [
        ("def f(x, acc=[]): return [*acc, x]", ""),
        ("def f(x, acc=[]):\n    acc.append(x)", "the default of its argument 'acc' is one object for all calls"),
        ("def f():\n    f.n = 1", "it writes to itself in line 2"),
        ("class A:\n    n = 0\n    def go(self): A.n += 1", "it writes to itself in line 3"),
        ("class A:\n    def go(self): type(self).n = 1", "it writes to itself in line 2"),
        ("class A:\n    @classmethod\n    def go(cls): cls.xs.append(1)", "it writes to itself in line 3"),
        ("class A:\n    seen = []\n    def go(self): self.seen.append(1)", "its instances share 'seen'"),
        ("class A:\n    seen = []\n    def __init__(self): self.seen = []", ""),
        ("class A:\n    def go(self): self.n = 1", ""),
        ("@lru_cache\ndef f(x): return x", "@lru_cache remembers its results"),
    ],
)
def test_what_a_definition_remembers(source: str, state: str) -> None:
    node = first(source)
    assert own_state(node, is_pure=False, written=written_attributes(walk(node))) == state


def test_the_memory_of_a_pure_function_is_no_state() -> None:
    assert own_state(first("@cache\ndef f(x): return x"), is_pure=True, written=frozenset()) == ""


@pytest.mark.parametrize(
    ("cells", "state"),
    [
        (["import numpy as np", "np.random.seed(1)"], {"numpy.random"}),
        (["import random", "x = random.random()"], {"random"}),
        (["import os", "os.environ['A'] = '1'"], {"os.environ"}),
        (["import os", "os.chdir('..')"], {"cwd"}),
        (["import warnings", "warnings.filterwarnings('ignore')"], {"warnings.filters"}),
        (["import pandas as pd", "pd.set_option('display.width', 9)"], {"pandas.options"}),
        (["import matplotlib.pyplot as plt", "plt.rcParams['lines.linewidth'] = 3"], {"matplotlib.rcParams"}),
        (["import numpy as np", "rng = np.random.default_rng(1)\nx = rng.normal()"], set()),
    ],
)
def test_hidden_state_that_a_cell_touches(cells: list[str], state: set[str]) -> None:
    env = Environment()
    for number, source in enumerate(cells, start=1):
        effects = walk_cell(env, number=number, body=ast.parse(source).body)
    assert set(effects.state) == state


def test_imports_are_put_together() -> None:
    source = "import b, a.c as d\nfrom e import f, g as h\nfrom e import i\nfrom math import *"
    statements = classify(1, ast.parse(source))
    stars = {"math": frozenset({"pi"})}
    units = [unit for statement in statements for unit in import_units(statement, source, stars)]
    assert import_lines(units) == (
        "import a.c as d",
        "import b",
        "from e import f, g as h, i",
        "from math import pi",
    )


def test_requirements_are_distributions() -> None:
    environment = {"sklearn": "scikit-learn==1.5", "pandas": "pandas==2.2"}
    found = requirements_of(["sklearn.linear_model", "os", "pandas", "cv2", ".mine"], ["polars>=1"], environment)
    assert [f"{r.distribution}=={r.version}" if r.version else r.distribution for r in found] == [
        "opencv-python",
        "pandas==2.2",
        "polars",
        "scikit-learn==1.5",
    ]
