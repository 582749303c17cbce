"""What the panel is told of a notebook that is not saved."""

import asyncio
import json
import time
from statistics import median
from typing import Any

from server.conftest import NOTEBOOK, Api

from nb2prod.server.latest import Latest


async def test_a_notebook_is_looked_at_as_it_is_on_the_screen(api: Api) -> None:
    found = await api.got("POST", "look", {"path": "not/there/yet.ipynb", "notebook": NOTEBOOK})
    assert found["refused"] is None
    assert [(cell["number"], cell["role"], cell["step"]) for cell in found["cells"]] == [
        (1, "parameters", None),
        (2, "step", "greet"),
    ]
    assert [(edge["source"], edge["target"], edge["names"]) for edge in found["edges"]] == [("", "greet", ["region"])]


async def test_about(api: Api) -> None:
    found = await api.got("GET", "about")
    assert found["rest"] == "api/v1"
    assert found["scheduler"]["running"] is False
