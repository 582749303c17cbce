"""Random notebooks of several steps: converted, they compute the same, or they are refused. `make fuzz` makes more."""

import pytest
from fuzz.grammar import notebooks
from fuzz.oracle import outcome_of
from fuzz.orders import orders
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from law.sides import differences, notebook_of

from nb2prod.analysis.build import build

pytestmark = pytest.mark.slow

NAMES = st.sampled_from(["a", "b", "c", "d"])
FUNCTIONS = st.sampled_from(["f", "g"])
NUMBERS = st.integers(0, 9)

STATEMENT = st.one_of(
    st.builds("{} = [{}]".format, NAMES, NUMBERS),
    st.builds("{} = {}".format, NAMES, NAMES),
    st.builds("{} = [{}]".format, NAMES, NAMES),
    st.builds("{} = {}[:1]".format, NAMES, NAMES),
    st.builds("{} = {}[-1]".format, NAMES, NAMES),
    st.builds("{} = {} + {}".format, NAMES, NAMES, NAMES),
    st.builds("{} = dict(k={})".format, NAMES, NAMES),
    st.builds("{}['k'].append({})".format, NAMES, NUMBERS),
    st.builds("{}, {} = {}, {}".format, NAMES, NAMES, NAMES, NAMES),
    st.builds("{}.append({})".format, NAMES, NUMBERS),
    st.builds("{}.append({})".format, NAMES, NAMES),
    st.builds("{} += [{}]".format, NAMES, NUMBERS),
    st.builds("{}[0] = {}".format, NAMES, NUMBERS),
    st.builds("{}[0].append({})".format, NAMES, NUMBERS),
    st.builds("del {}".format, NAMES),
    st.builds("{} = {}({})".format, NAMES, FUNCTIONS, NAMES),
    st.builds("{}({})".format, FUNCTIONS, NAMES),
    st.builds("{}[-1]({})".format, NAMES, NAMES),
    st.builds("{}.append({})".format, NAMES, FUNCTIONS),
    st.builds("def {}(p): return {}".format, FUNCTIONS, NAMES),
    st.builds("def {}(p):\n    p.append({})\n    return p".format, FUNCTIONS, NUMBERS),
    st.builds("def {}(p):\n    {}.append({})\n    return {}".format, FUNCTIONS, NAMES, NUMBERS, NAMES),
    st.builds("def {}(p):\n    global {}\n    {} = [{}]".format, FUNCTIONS, NAMES, NAMES, NUMBERS),
    st.builds("def {}(p, q={}):\n    return q".format, FUNCTIONS, NAMES),
    st.builds("{} = lambda p: {} + p".format, FUNCTIONS, NAMES),
    st.builds("{} = {}".format, FUNCTIONS, FUNCTIONS),
    st.builds("if len({}) > 1:\n    {} = [{}]".format, NAMES, NAMES, NUMBERS),
    st.builds("for {} in list({})[:2]:\n    {}.append({})".format, NAMES, NAMES, NAMES, NUMBERS),
    st.builds("try:\n    {}[5] = 1\nexcept Exception:\n    {} = [{}]".format, NAMES, NAMES, NUMBERS),
    st.builds("{} = random.randint(0, 9)".format, NAMES),
)
CELL = st.lists(STATEMENT, min_size=1, max_size=4).map("\n".join)
FIRST = "import random\na = [1, 2]\nb = [a]\nc = [[3], [4]]\nd = {'k': b}"


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.lists(CELL, min_size=2, max_size=4))
def test_random_notebooks_compute_the_same_or_are_refused(cells: list[str]) -> None:
    notebook = notebook_of([FIRST, *cells])
    built = build(notebook)
    assume(built.pipeline is not None)
    assume(runs(cells))
    assert differences([FIRST, *cells]) == []


def runs(cells: list[str]) -> bool:
    """The notebook itself is fine: most random programs are not."""
    namespace: dict[str, object] = {}
    try:
        for cell in [FIRST, *cells]:
            exec(cell, namespace)
    except Exception:  # whatever a random program raises
        return False
    return True


@pytest.fixture(scope="module")
def _quick() -> None:
    """Children are forked: what they need is imported once, before."""
    import matplotlib.pyplot
    import numpy
    import pandas

    assert all([matplotlib.pyplot, numpy, pandas])


@pytest.mark.usefixtures("_quick")
@settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.generate],  # `make fuzz` makes a difference small, with more patience
    suppress_health_check=list(HealthCheck),
)
@given(st.one_of(notebooks(), notebooks(), orders()))
def test_notebooks_of_many_kinds_compute_the_same_or_are_refused(cells: list[str]) -> None:
    found = outcome_of(cells)
    assume(found.kind != "fails")
    assert not found.is_wrong, "\n".join([found.kind, *found.details, *cells])
