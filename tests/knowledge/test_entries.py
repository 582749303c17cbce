"""Each entry of the knowledge is executed, on a receiver or an argument that shows what it says."""

import builtins
import contextlib
import fnmatch
import gc
import importlib
import importlib.util
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # examples give anything

import pytest
from knowledge import examples
from knowledge.receivers import BUILTINS, ESTIMATORS, NUMPY, PANDAS, SCIPY, namespace_for, quietly, shown, tried
from knowledge.sweep import Seen, swept

import nb2prod.analysis.knowledge
from nb2prod.analysis.knowledge import KNOWN
from nb2prod.analysis.knowledge.grammar import entries_of
from nb2prod.runtime import state as states

pytestmark = pytest.mark.slow
FOLDER = Path(nb2prod.analysis.knowledge.__file__).parent
FILES = {path.stem: entries_of(path.read_text(encoding="utf-8"), path.name) for path in FOLDER.glob("*.toml")}
ABSENT = {
    name for name in ("torch", "xarray", "xgboost", "lightgbm", "imblearn") if importlib.util.find_spec(name) is None
}
RECEIVERS = {**BUILTINS, **NUMPY, **PANDAS, **SCIPY, **ESTIMATORS}
KINDS = {
    "iterator": "Iterator", "file": "_IOBase", "connection": "Connection", "caller": "methodcaller",
    "rng": "Generator RandomState Random",
}  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("trials"))
    import matplotlib

    matplotlib.use("Agg")
    yield
    os.chdir(before)
    from matplotlib import pyplot

    pyplot.close("all")


def names(field: str) -> list[str]:
    """The names of a field, without those that only files of absent libraries have."""
    found = {name for stem, entries in FILES.items() if stem not in ABSENT for name in entries.get(field, ())}
    return sorted(name for name in found - examples.GONE if name.split(".")[0] not in ABSENT)


def seen(name: str) -> list[Seen]:
    return [found for found in swept(RECEIVERS) if found.method == name]


@pytest.mark.parametrize("name", names("mutating_methods"))
def test_a_mutating_method_changes_a_receiver(name: str) -> None:
    if name in examples.MUTATES_SHOWN:
        assert shown(examples.MUTATES_SHOWN[name])
    elif name in examples.MUTATES:
        trial = tried(examples.MUTATES[name])
        assert (trial.error, bool(trial.changed)) == ("", True)
    else:
        assert any(found.changed for found in seen(name)), f"add an example of {name} to MUTATES"


@pytest.mark.parametrize("name", sorted({*names("pure_methods"), *names("quiet_methods"), *names("model_methods")}))
def test_a_pure_or_quiet_method_changes_nothing(name: str) -> None:
    code = examples.PURE.get(name) or examples.QUIET.get(name)
    if code:
        trial = tried(code)
        assert trial.error == ""
        assert not trial.changed or name in KNOWN.model_methods  # which keep what they worked out
    else:
        assert [found for found in seen(name) if not found.changed], f"add an example of {name} to PURE or QUIET"


@pytest.mark.parametrize("receiver", RECEIVERS)
def test_no_method_that_changed_its_receiver_is_taken_for_pure(receiver: str) -> None:
    quiet = (KNOWN.pure_methods | KNOWN.quiet_methods) - KNOWN.sometimes_mutating_methods.keys()
    assert [found.code for found in swept([receiver]) if found.changed and found.method in quiet] == []


@pytest.mark.parametrize("name", names("view_methods"))
def test_a_view_shares(name: str) -> None:
    assert shown(examples.VIEWS[name])


@pytest.mark.parametrize("name", names("self_methods"))
def test_a_self_method_gives_its_receiver(name: str) -> None:
    assert shown(examples.SELF[name])


@pytest.mark.parametrize("name", names("keeping_methods"))
def test_a_keeping_method_keeps(name: str) -> None:
    assert shown(examples.KEEPS[name])


@pytest.mark.parametrize("name", names("default_methods"))
def test_a_default_is_given_back(name: str) -> None:
    assert shown(examples.DEFAULTS[name])


@pytest.mark.parametrize("name", names("container_methods"))
def test_a_container_method_mutates_the_container(name: str) -> None:
    assert name in KNOWN.mutating_methods


@pytest.mark.parametrize("name", names("argument_methods"))
def test_a_method_changes_its_argument(name: str) -> None:
    trial = tried(examples.ARGUMENTS[name])
    assert trial.error == ""
    assert {"nums", "octets", "made", "flat"} & trial.changed


@pytest.mark.parametrize("name", names("mutating_functions"))
def test_a_function_changes_its_argument(name: str) -> None:
    if name == "anext":  # an asynchronous iterator: there is none without an event loop
        return
    place = KNOWN.mutating_functions[name][0]
    written = [f"{name.replace('numpy.', 'np.')}({given})" for given in examples.WRITES.get(place, ())]
    codes = [examples.FUNCTIONS_MUTATE[name]] if name in examples.FUNCTIONS_MUTATE else written
    assert any(trial.changed and not trial.error for trial in map(tried, codes))


@pytest.mark.parametrize("name", names("holding_functions"))
def test_a_holding_function_holds(name: str) -> None:
    values, result = evaluated(examples.HOLDS[name])
    assert reaches(result, values["inner"], values)


@pytest.mark.parametrize("name", names("shallow_functions"))
def test_a_shallow_function_holds_what_is_held(name: str) -> None:
    values, result = evaluated(examples.SHALLOW_FUNCTIONS[name])
    assert reaches(result, values["inner"], values)


@pytest.mark.parametrize("name", names("aliasing_functions"))
def test_an_aliasing_function_shares_memory(name: str) -> None:
    import numpy as np

    values, result = evaluated(examples.ALIASES[name])
    for part in result if isinstance(result, list | tuple) else [result]:
        assert np.shares_memory(part, values["arr"])


@pytest.mark.parametrize("name", names("consuming_functions"))
def test_a_consuming_function_uses_up_an_iterator(name: str) -> None:
    assert "made" in tried(examples.CONSUMES[name]).changed


@pytest.mark.parametrize("name", names("keeping_functions"))
def test_a_function_keeps_a_function(name: str) -> None:
    assert shown(examples.KEEPING[name])


@pytest.mark.parametrize("name", names("pure_functions"))
def test_a_pure_function_changes_nothing(name: str) -> None:
    trial = tried(examples.PURE_FUNCTIONS.get(name, f"{name}(nums)"))
    assert (trial.error, trial.changed) == ("", frozenset())


@pytest.mark.parametrize("name", names("kinds"))
def test_a_function_gives_its_kind(name: str) -> None:
    kind = KNOWN.kinds[name]
    wanted = set(KINDS.get(kind, kind).split())
    for code in examples.KINDS[name]:
        _, result = evaluated(code)
        getattr(result, "close", lambda: None)()
        found = {base.__name__ for base in type(result).__mro__}
        assert found & wanted or ("Iterator" in wanted and hasattr(result, "__next__"))


@pytest.mark.parametrize(
    ("state", "dotted", "code"),
    [
        (state, *example)
        for state, found in examples.STATES.items()
        for example in found
        if state.split(".")[0] not in ABSENT
    ],
)
def test_what_touches_a_state_changes_it(state: str, dotted: str, code: str) -> None:
    assert state in KNOWN.states_of_function(dotted)
    values = namespace_for("")
    importlib.import_module(dotted.split(".")[0])
    with warnings.catch_warnings():
        if state != "warnings.filters":
            warnings.simplefilter("ignore")
        exec("\n".join(line for line in code.split("\n") if line.startswith("import ")), values)
        before = states.capture([state])
        try:
            exec(code, values)
            assert states.digests(states.capture([state])) != states.digests(before)
        finally:
            states.restore(before)
            os.environ.pop("OURS_A", None)


@pytest.mark.parametrize(
    ("state", "pattern"),
    sorted({(state, p.lstrip("!")) for state, found in KNOWN.states.items() for p in found if p[0] not in ".*"}),
)
def test_a_pattern_names_what_there_is(state: str, pattern: str) -> None:
    """Of an installed library each pattern matches something, so that a wrong letter is seen."""
    assert state
    library = pattern.lstrip("!").split(".")[0]
    if importlib.util.find_spec(library) is None and not hasattr(builtins, library):
        return
    if library == "pylab" or pattern in examples.ABSENT_NAMES:
        return
    assert found_by(pattern), f"nothing is called {pattern}"


def found_by(pattern: str) -> bool:
    value: Any = builtins
    *path, last = pattern.split(".")
    with quietly():
        for count, part in enumerate(path, 1):
            if "*" in part:
                return True
            try:
                value = importlib.import_module(".".join(path[:count]))
            except ImportError:
                value = getattr(value, part)
    with contextlib.suppress(ImportError):  # a module that its package does not import by itself
        importlib.import_module(pattern)
    return any(fnmatch.fnmatchcase(name, last) for name in dir(value))


def evaluated(code: str) -> tuple[dict[str, Any], Any]:
    values = namespace_for(code)
    with quietly():
        return values, eval(code, values)


def reaches(value: Any, wanted: object, leave_out: object) -> bool:
    """Whether following references from a value leads to an object."""
    todo, done = [value], {id(leave_out), *(id(module) for module in sys.modules.values())}
    while todo and len(done) < 50_000:
        found = todo.pop(0)
        if found is wanted:
            return True
        if id(found) not in done and not isinstance(found, type):
            done.add(id(found))
            todo += gc.get_referents(found)
    return False
