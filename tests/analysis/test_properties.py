"""Small programs are generated, run, and compared with what the analysis says of their last cell.

The analysis may say more than happens (a branch not taken); it may never say less.
"""

import copy
from typing import Any

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from nb2prod.analysis.effects import walk_cell
from nb2prod.analysis.environment import Environment
from nb2prod.analysis.facts import Effects
from nb2prod.analysis.magics import lower
from nb2prod.model.notebook import Cell, CellKind

NAMES = st.sampled_from(["a", "b", "c"])
FUNCTIONS = st.sampled_from(["f", "g"])

SIMPLE = st.one_of(
    st.builds("{} = []".format, NAMES),
    st.builds("{} = [1, 2]".format, NAMES),
    st.builds("{} = {}".format, NAMES, NAMES),
    st.builds("{} = [{}]".format, NAMES, NAMES),
    st.builds("{} = list({})".format, NAMES, NAMES),
    st.builds("{} = {}[:1]".format, NAMES, NAMES),
    st.builds("{} = {}[-1]".format, NAMES, NAMES),
    st.builds("{} = {} + {}".format, NAMES, NAMES, NAMES),
    st.builds("{}, {} = {}, {}".format, NAMES, NAMES, NAMES, NAMES),
    st.builds("{} = [len(str(v)) for v in {}]".format, NAMES, NAMES),
    st.builds("{} = [w := [v] for v in {}]".format, NAMES, NAMES),
    st.builds("{}.append(7)".format, NAMES),
    st.builds("{}.append({})".format, NAMES, NAMES),
    st.builds("{}.extend([3])".format, NAMES),
    st.builds("{} += [5]".format, NAMES),
    st.builds("{}[0] = {}".format, NAMES, NAMES),
    st.builds("{}[0].append(9)".format, NAMES),
    st.builds("del {}".format, NAMES),
    st.builds("del {}[0]".format, NAMES),
    st.builds("{} = {}({})".format, NAMES, FUNCTIONS, NAMES),
    st.builds("{}({})".format, FUNCTIONS, NAMES),
    st.builds("{} = [{}]".format, NAMES, FUNCTIONS),
    st.builds("{}[0]({})".format, NAMES, NAMES),
    st.builds("{} = lambda p: {}".format, FUNCTIONS, NAMES),
    st.builds("{} = lambda p, q={}: q".format, FUNCTIONS, NAMES),
    st.builds("{} = {}".format, FUNCTIONS, FUNCTIONS),
)
BODIES = st.one_of(
    st.builds("return {}".format, NAMES),
    st.builds("p.append(1); return p".format),
    st.builds("{}.append(2); return {}".format, NAMES, NAMES),
    st.builds("global {}; {} = [p]; return p".format, NAMES, NAMES),
    st.builds("return [{}(p)]".format, FUNCTIONS),
    st.builds("x = p; x.append(4); return x".format),
    st.builds("def inner(): return {}\n    return inner()".format, NAMES),
)
DEFINITION = st.builds("def {}(p):\n    {}".format, FUNCTIONS, BODIES)


def _indented(text: str) -> str:
    return "\n".join("    " + line for line in text.split("\n"))


def _blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(inner, min_size=1, max_size=2).map("\n".join).map(_indented)
    return st.one_of(
        st.builds("if len({}) > 1:\n{}".format, NAMES, body),
        st.builds("if {}:\n{}\nelse:\n{}".format, NAMES, body, body),
        st.builds("for i in list({})[:3]:\n{}".format, NAMES, body),  # a list that grows while it is read never ends
        st.builds("for i in range(2):\n{}\n    if i: break".format, body),
        st.builds("try:\n{}\nexcept Exception as a:\n{}".format, body, body),
        st.builds("while {} and len({}) < 3:\n{}\n    break".format, NAMES, NAMES, body),
    )


STATEMENT = st.recursive(st.one_of(SIMPLE, SIMPLE, DEFINITION), _blocks, max_leaves=4)
CELL = st.lists(STATEMENT, min_size=1, max_size=4).map("\n".join)
NOTEBOOK = st.tuples(st.just("a = [1, 2, 3]\nb = [[4], [5]]\nc = [a]"), st.lists(CELL, max_size=3), CELL)


class Watched(dict[str, Any]):
    """A namespace that notes which names are read before the cell binds them."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.bound: set[str] = set()
        self.read: set[str] = set()
        self.deleted: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        value = super().__getitem__(name)
        if name not in self.bound:
            self.read.add(name)
        return value

    def __setitem__(self, name: str, value: Any) -> None:
        self.bound.add(name)
        super().__setitem__(name, value)

    def __delitem__(self, name: str) -> None:
        if name not in self.bound:
            self.read.add(name)
        self.deleted.add(name)
        super().__delitem__(name)


def _state(namespace: dict[str, Any]) -> dict[str, tuple[int, str]]:
    names = [name for name in namespace if name in "abcfgw"]
    return {name: (id(namespace[name]), _text(namespace[name])) for name in names}


def _text(value: Any) -> str:
    try:
        return repr(value)
    except RecursionError:
        return "deep"


def _analyse(cells: list[str]) -> Effects:
    env = Environment()
    for number, source in enumerate(cells, start=1):
        tree = lower(Cell(number=number, kind=CellKind.CODE, source=source)).tree
        effects = walk_cell(env, number=number, body=tree.body)
    return effects


def _run(cells: list[str]) -> tuple[Watched, dict[str, tuple[int, str]], dict[str, tuple[int, str]], list[Any]]:
    """Run all cells; the last one in a watched namespace. Programs that fail are not interesting."""
    globals_: dict[str, Any] = {}
    try:
        for cell in cells[:-1]:
            exec(cell, globals_)
        before = _state(globals_)
        kept = list(globals_.values())
        code = compile(cells[-1], "<last>", "exec")
        watched = Watched({name: globals_[name] for name in globals_ if name != "__builtins__"})
        functions_see = globals_
        exec(code, functions_see, _Both(watched, functions_see))
    except Exception:  # a program that fails says nothing of names
        assume(False)
    return watched, before, _state(globals_), kept


class _Both(dict[str, Any]):
    """Locals of the cell that write through to the globals that functions see."""

    def __init__(self, watched: Watched, shared: dict[str, Any]) -> None:
        super().__init__()
        self.watched, self.shared = watched, shared

    def __getitem__(self, name: str) -> Any:
        value = self.shared[name]
        if name not in self.watched.bound:
            self.watched.read.add(name)
        return value

    def __setitem__(self, name: str, value: Any) -> None:
        self.watched.bound.add(name)
        self.shared[name] = value

    def __delitem__(self, name: str) -> None:
        if name not in self.watched.bound:
            self.watched.read.add(name)
        self.watched.deleted.add(name)
        del self.shared[name]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@example(("a = [1]\nb = [a]\nc = a", [], "def f(p):\n    global a; a = [p]; return p\nf(b)"))
@example(("a = [1, 2]\nb = [a]\nc = a", ["def f(p):\n    c.append(2); return c"], "b[0].append(9)\nb = f(a)"))
@given(NOTEBOOK)
def test_the_analysis_never_says_less_than_happens(notebook: tuple[str, list[str], str]) -> None:
    first, middle, last = notebook
    cells = [first, *middle, last]
    watched, before, after, kept = _run(copy.deepcopy(cells))
    effects = _analyse(cells)
    program = "\n# next cell\n".join(cells)
    missing_reads = {name for name in watched.read if name in before} - set(effects.exposed)
    assert not missing_reads, f"reads {missing_reads} of:\n{program}"
    rebound = {name for name in after if name not in before or before[name][0] != after[name][0]}
    assert rebound <= set(effects.binds), f"binds {rebound} of:\n{program}"
    changed = {
        name
        for name in after
        if name in before and before[name][0] == after[name][0] and before[name][1] != after[name][1]
    }
    said = {*effects.mutates, *effects.may_mutate, *effects.binds}
    assert changed <= said, f"mutates {changed - said} of:\n{program}"
    gone = {name for name in before if name not in after}
    assert gone <= set(effects.deletes), f"deletes {gone} of:\n{program}"
    sure = effects.must_bind - {"i", "w"}
    assert {name for name in sure if name in "abcfg"} <= set(after), f"surely binds {sure} of:\n{program}"
    assert kept
