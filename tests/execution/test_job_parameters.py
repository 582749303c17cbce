"""What a job may be given, by whom, and what is refused before anything starts."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from nb2prod.analysis.parameters import declared_parameters
from nb2prod.errors import ParameterRefused
from nb2prod.execution.job_parameters import Secret, Text, check, from_store, read_given, to_store
from nb2prod.notebooks.read import parse_notebook

CELL = """import os
from typing import Literal
region: Literal["EU", "US"] = "EU"  # where the customers are
customer: int  # whose report it is
code: str = "000"
share: float = 0.5
pair = (1, 2)
limits: dict[str, int] = {}
anything = None
home = os.environ.get("HOME")
password: str | None = None"""


def declared(cell: str = CELL) -> tuple[tuple[str, str, str, str], ...]:
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "metadata": {"tags": tags}, "source": source, "outputs": [], "execution_count": None}
        for tags, source in ((["parameters"], cell), (["stepp:typo"], "x = 1"))
    ]
    text = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    return declared_parameters(parse_notebook(Path("demo.ipynb"), text))


def test_the_cell_declares_its_parameters() -> None:
    assert declared() == (
        ("region", "Literal['EU', 'US']", "'EU'", "where the customers are"),
        ("customer", "int", "", "whose report it is"),
        ("code", "str", "'000'", ""),
        ("share", "float", "0.5", ""),
        ("pair", "tuple", "(1, 2)", ""),
        ("limits", "dict[str, int]", "{}", ""),
        ("anything", "Any", "None", ""),
        ("home", "Any", "os.environ.get('HOME')", ""),
        ("password", "str | None", "None", ""),
    )


def test_an_annotation_and_a_value_are_one_parameter() -> None:
    assert declared("x: int  # rows\nx = 5\ny = 'a'\ny: str\n%matplotlib inline") == (
        ("x", "int", "5", "rows"),
        ("y", "str", "'a'", ""),
    )


TAKEN: Mapping[str, tuple[tuple[str, object], object]] = {
    "a text that looks like a number": (("code", Text("007")), "007"),
    "an int in a shell": (("customer", Text("007")), 7),
    "an int in JSON": (("customer", 7), 7),
    "an int as a text in JSON": (("customer", "7"), 7),
    "a choice": (("region", Text("US")), "US"),
    "a whole number for a float": (("share", 1), 1.0),
    "a list for a tuple": (("pair", [3, 4]), (3, 4)),
    "a mapping": (("limits", {"a": 1}), {"a": 1}),
    "a number in a shell for what has no type": (("anything", Text("5")), 5),
    "a text in JSON for what has no type": (("anything", "5"), "5"),
    "what the notebook computes": (("home", Text("/tmp")), "/tmp"),
    "nothing": (("password", None), None),
    "a secret of the environment": (("password", Text("secret:env:DB_PASSWORD")), Secret("env:DB_PASSWORD")),
    "a secret in JSON": (("password", {"secret": "file:/run/secrets/x"}), Secret("file:/run/secrets/x")),
    "a secret of the keyring": (("customer", "secret:keyring:db/me"), Secret("keyring:db/me")),
}


@pytest.mark.parametrize("name", TAKEN)
def test_values_are_taken_with_their_types_and_come_back_from_the_store(name: str) -> None:
    (key, value), wanted = TAKEN[name]
    given = {"customer": 1, key: value}
    values = check(declared(), given)
    assert repr(values[key]) == repr(wanted)
    assert repr(from_store(json.loads(json.dumps(to_store(values))))) == repr(values)


def test_all_that_is_wrong_is_told_at_once() -> None:
    given = {
        "regoin": Text("EU"),
        "region": Text("DE"),
        "share": Text("half"),
        "x = __import__('os').system('touch here')": Text("1"),
        "class": 1,
        "password": Text("secret:envv:DB_PASSWORD"),
        "limits": {"a": "b"},
    }
    with pytest.raises(ParameterRefused) as caught:
        check(declared(), given, name="demo.ipynb")
    known = "region, customer, code, share, pair, limits, anything, home, password"
    assert str(caught.value).splitlines() == [
        f"there is no parameter 'regoin'; did you mean 'region'? (the parameters are {known})",
        "parameter 'region' was given 'DE', which is not one of 'EU', 'US'",
        "parameter 'share' was given 'half', which is not a float",
        "\"x = __import__('os').system('touch here')\" cannot be a parameter: it is not a name",
        "'class' cannot be a parameter: it is not a name",
        "parameter 'password' was given a secret that is none of secret:env:NAME, secret:file:/path or "
        "secret:keyring:SERVICE/USER",
        "parameter 'limits' was given \"{'a': 'b'}\", which is not a dict[str, int]",
        "parameter 'customer' must be given: it has no default (int: whose report it is)",
    ]


def test_files_then_the_environment_then_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"code": "1", "share": 0.25, "customer": 1, "region": "US"}', encoding="utf-8")
    (tmp_path / "b.yaml").write_text("code: 007\nshare: .75\nlimits: {a: 1}\npassword: ~\n", encoding="utf-8")
    environment = {"NB2PROD_PARAM_share": "0.8", "NB2PROD_PARAM_customer": "2", "OTHER": "x"}
    given = read_given([tmp_path / "a.json", tmp_path / "b.yaml"], environment, {"customer": "3"})
    assert check(declared(), given) == {
        "code": "007",
        "share": 0.8,
        "customer": 3,
        "region": "US",
        "limits": {"a": 1},
        "password": None,
    }


UNREADABLE = {
    "no such file": ("none.json", None, "No such file or directory"),
    "no JSON": ("a.json", "{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    "twice in JSON": ("a.json", '{"a": 1, "a": 2}', "'a' is given twice"),
    "twice in YAML": ("a.yml", "a: 1\na: 2", "'a' is given twice"),
    "a list": ("a.yml", "- 1", "it must be one mapping of names to values"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_is_refused(name: str, tmp_path: Path) -> None:
    file, text, reason = UNREADABLE[name]
    path = tmp_path / file
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ParameterRefused) as caught:
        read_given([path])
    assert str(caught.value) == f"cannot read parameters from {path}: {reason}"


def test_a_notebook_without_parameters_takes_none() -> None:
    with pytest.raises(ParameterRefused) as caught:
        check((), {"x": Text("2")}, name="demo.ipynb")
    assert str(caught.value) == "demo.ipynb has no cell tagged `parameters`, so none can be given"
