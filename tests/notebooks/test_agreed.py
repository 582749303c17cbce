"""What the JupyterLab extension takes for a step's name or an option is what nb2prod does."""

import json
from pathlib import Path
from typing import Any

import pytest

from nb2prod.errors import InvalidName, InvalidOption
from nb2prod.notebooks.options import read_options
from nb2prod.notebooks.tags import step_name

AGREED: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "labextension/test/agreed.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize(("words", "name"), AGREED["names"].items())
def test_names_of_steps(words: str, name: str | None) -> None:
    try:
        found = str(step_name("a.ipynb", 1, words))
    except InvalidName:
        found = None
    assert found == name


@pytest.mark.parametrize(("option", "value", "valid"), AGREED["options"])
def test_options(option: str, value: object, valid: bool) -> None:
    try:
        read_options("a.ipynb", {option: value}, {option: 1})
        found = True
    except InvalidOption:
        found = False
    assert found is valid
