"""The lists of what draws without a seed, beside scikit-learn and imbalanced-learn as they are installed."""

import contextlib
import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any  # estimators of all kinds

import numpy as np
import pytest
from sklearn.experimental import enable_halving_search_cv, enable_iterative_imputer
from sklearn.utils.discovery import all_estimators, all_functions

from nb2prod.analysis.knowledge import KNOWN, Draws
from nb2prod.analysis.knowledge.files import ours

pytestmark = pytest.mark.slow
assert enable_halving_search_cv
assert enable_iterative_imputer

RNG = np.random.RandomState(0)
X = np.abs(RNG.normal(size=(40, 4))) + 0.1
Y = (X[:, 0] > X[:, 1]).astype(int)
DATA: tuple[tuple[Any, ...], ...] = ((X, Y), (X,), (X, np.c_[Y, 1 - Y]), (X, X.copy()), (X[:, 0], Y))
ASKED = ("predict", "predict_proba", "transform", "score", "score_samples", "sample", "decision_function")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    before = np.random.get_state()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
    np.random.set_state(before)


def public() -> dict[str, Any]:
    import sklearn.model_selection as selection

    found = dict([*all_estimators(), *all_functions()])
    return found | {name: getattr(selection, name) for name in selection.__all__}


def unseeded(known: dict[str, Any]) -> set[str]:
    """The names whose `random_state` is None when nobody gives one."""
    places = {name: inspect.signature(made).parameters.get("random_state") for name, made in known.items()}
    return {
        name
        for name, place in places.items()
        if place is not None and place.default in (None, "deprecated") and not name.startswith("Base")
    }


def listed(package: str) -> set[str]:
    perhaps = ours()["perhaps_drawing_names"].get(package, frozenset())
    return {*ours()["drawing_names"][package], *perhaps}


def test_every_name_of_sklearn_with_a_seed_is_listed() -> None:
    missing = unseeded(public()) - listed("sklearn")
    assert not missing, f"add to [draws] of scikit-learn.toml: {' '.join(sorted(missing))}"


def test_every_name_of_imblearn_with_a_seed_is_listed() -> None:
    discovery = pytest.importorskip("imblearn.utils.testing")
    missing = unseeded(dict(discovery.all_estimators())) - listed("imblearn")
    assert not missing, f"add to [draws] of imbalanced-learn.toml: {' '.join(sorted(missing))}"


def test_every_function_that_takes_an_estimator_is_listed() -> None:
    working = ("sklearn.model_selection", "sklearn.inspection")
    taking = {
        name
        for name, made in all_functions()
        if made.__module__.startswith(working) and "estimator" in inspect.signature(made).parameters
    }
    missing = taking - {name.rpartition(".")[2] for name in KNOWN.fitting_functions}
    assert not missing, f"add to [functions] fits of scikit-learn.toml: {' '.join(sorted(missing))}"


def test_what_draws_is_listed_as_such() -> None:
    drew = {name: methods for name, kind in all_estimators() if (methods := drawing_methods(kind))}
    surely = {name for name, _ in all_estimators() if KNOWN.draws(f"sklearn.{name}") is Draws.SURELY}
    missing = drew.keys() - surely - seeded_by_default()
    assert not missing, f"add to [draws.surely] of scikit-learn.toml: {' '.join(sorted(missing))}"
    others = surely - drew.keys() - NOT_MADE
    assert not others, f"they drew nothing; do they belong to [draws.perhaps]? {' '.join(sorted(others))}"
    methods = {method for found in drew.values() for method in found}
    assert methods <= KNOWN.drawing_methods, "add to [methods] draws of scikit-learn.toml"


# they want more than data
NOT_MADE = {
    "GaussianRandomProjection", "HalvingGridSearchCV", "HalvingRandomSearchCV", "OutputCodeClassifier",
    "SparseRandomProjection",
}  # fmt: skip


def seeded_by_default() -> set[str]:
    places = {name: inspect.signature(kind).parameters.get("random_state") for name, kind in all_estimators()}
    return {name for name, place in places.items() if place is not None and type(place.default) is int}


def drawing_methods(kind: Callable[[], Any]) -> set[str]:
    """What an estimator that is made by default draws in, of fitting and all that can be asked afterwards."""
    for data in DATA:
        try:
            made = kind()
            if "n_estimators" in made.get_params():
                made.set_params(n_estimators=3)
            before = drawn()
            made.fit(*data)
        except Exception:  # it wants other data; the next one may suit it
            continue
        found = {"fit"} if drawn() != before else set()
        return found | {method for method in ASKED if hasattr(made, method) and asking_draws(made, method, data)}
    return set()


def asking_draws(made: Any, method: str, data: tuple[Any, ...]) -> bool:
    before = drawn()
    with contextlib.suppress(Exception):
        getattr(made, method)(*(() if method == "sample" else data if method == "score" else data[:1]))
    return drawn() != before


def drawn() -> tuple[bytes, int]:
    state = np.random.get_state(legacy=False)
    return state["state"]["key"].tobytes(), state["state"]["pos"]
