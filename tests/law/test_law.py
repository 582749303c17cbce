"""The law over small notebooks: converted, they compute the same, or they are refused; never a third thing."""

import json
from pathlib import Path

import pytest
from law.sides import differences

pytestmark = pytest.mark.slow
CASES: dict[str, list[str]] = json.loads((Path(__file__).parent / "cases.json").read_text(encoding="utf-8"))
REFUSED = {
    "async_": "NB209",
    "base_class_made_again": "NB210",
    "bound_in_a_branch_and_again_in_the_next_step": "NB220",
    "bound_in_a_branch_and_shown_if_there_is_something": "NB220",
    "bound_in_one_branch_and_read_in_another": "NB220",
    "cache_info": "NB216",
    "cd_history": "NB201",
    "class_attr": "NB216",
    "class_body_same_name": "NB218",
    "cls_assign": "NB216",
    "cls_list": "NB216",
    "cls_method": "NB216",
    "cls_patch": "NB216",
    "counter_global": "NB211",
    "default_at_def": "NB210",
    "default_gen": "NB216",
    "default_mut": "NB216",
    "definition_between": "NB301",
    "dictview": "NB214",
    "env_os_is_a_name": "NB201",
    "exec_": "NB204",
    "fn_attr": "NB216",
    "fn_attr_in": "NB216",
    "function_made_again_before_a_step_that_waits": "NB212",
    "gen_cross": "NB214",
    "global_first_bound_inside": "NB211",
    "import_between": "NB301",
    "import_hides_a_builtin_between": "NB208",
    "init_subclass": "NB216",
    "instance_that_calls_a_function_made_again": "NB212",
    "iter_cross": "NB214",
    "lambda_default": "NB210",
    "late_parameter": "NB106",
    "list_of_a_function_that_calls_one_made_again": "NB212",
    "lru": "NB216",
    "memview": "NB214",
    "method_global": "NB212",
    "options_between": "NB301",
    "perhaps_deleted_and_bound_again_in_a_branch": "NB102",
    "repr_display": "NB217",
    "rng_default_arg": "NB210",
    "second_parameters": "NB106",
    "setattr_cls": "NB216",
    "shell": "NB201",
    "shell_dollar": "NB201",
    "star_before_a_name": "NB212",
    "star_hides_a_builtin_between": "NB212",
    "star_hides_a_name": "NB212",
    "star_hides_a_name_in_another_step": "NB301",
    "type_self": "NB216",
    "vars_of_an_object": "NB214",
    "wrap_deco": "NB216",
    "writefile_module": "NB201",
    "zipit": "NB214",
}


@pytest.fixture(scope="module", autouse=True)
def imported() -> None:
    """Children are forked: what they need is imported once, before."""
    import IPython.core.interactiveshell
    import matplotlib
    import numpy
    import pandas
    import sklearn.linear_model
    import sklearn.model_selection

    matplotlib.use("Agg")
    assert all([IPython, numpy, pandas, sklearn])


def test_every_refusal_is_of_a_case() -> None:
    assert REFUSED.keys() <= CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_a_notebook_computes_the_same_or_is_refused(name: str) -> None:
    assert differences(CASES[name]) == ([REFUSED[name]] if name in REFUSED else [])


def test_a_command_that_fails_stops_the_step() -> None:
    with pytest.raises(AssertionError, match="Command 'false' returned non-zero exit status 1"):
        differences(["x = 1", "!false", "y = x"])
