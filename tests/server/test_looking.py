"""What the panel is told of a notebook that is not saved."""

import asyncio
import json
import threading
from typing import Any  # JSON

import pytest
from server.conftest import EXAMPLES, NOTEBOOK, Api
from tornado.simple_httpclient import HTTPTimeoutError

from nb2prod.api.tag import tag
from nb2prod.server.errors import Refused
from nb2prod.server.latest import Latest

UNTAGGED = json.loads((EXAMPLES / "untagged.ipynb").read_text(encoding="utf-8"))


async def test_a_notebook_is_looked_at_as_it_is_on_the_screen(api: Api) -> None:
    found = await api.got("POST", "look", {"path": "not/there/yet.ipynb", "notebook": NOTEBOOK})
    assert found["refused"] is None
    assert [(cell["number"], cell["role"], cell["step"]) for cell in found["cells"]] == [
        (1, "parameters", None),
        (2, "step", "greet"),
    ]
    assert [(edge["source"], edge["target"], edge["names"]) for edge in found["edges"]] == [("", "greet", ["region"])]


async def test_a_text_notebook_is_sent_as_the_browser_has_it(api: Api) -> None:
    found = await api.got("POST", "look", {"path": "percent.py", "notebook": NOTEBOOK})
    assert [step["name"] for step in found["steps"]] == ["greet"]


async def test_other_languages_say_so(api: Api) -> None:
    metadata = {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}, "language_info": {"name": "R"}}
    found = await api.got("POST", "look", {"path": "r.ipynb", "notebook": {**NOTEBOOK, "metadata": metadata}})
    assert "R" in found["refused"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "body"),
        (b"{", "body"),
        (b"[1]", "body"),
        (b"\xff\xfe", "body"),
        (b"[" * 100_000, "body"),
        (b'{"path": "a.ipynb"}', "notebook"),
        (b'{"path": 3, "notebook": {}}', "path"),
        (b'{"path": "a.ipynb", "notebook": [], "more": 1}', "notebook"),
    ],
)
async def test_what_is_no_request_is_refused_with_the_field(api: Api, body: bytes, field: str) -> None:
    problem = await api.refused(422, "POST", "look", body)
    assert field in [error["path"] for error in problem["errors"]]


async def test_what_is_no_notebook_is_refused(api: Api) -> None:
    for notebook in ({}, {"nbformat": 4}, {"nbformat": 4, "cells": [3]}, {"nbformat": 9, "cells": []}):
        await api.refused(422, "POST", "look", {"path": "a.ipynb", "notebook": notebook})


async def test_suggestions_are_those_of_the_shell(api: Api) -> None:
    found = await api.got("POST", "suggestions", {"path": "untagged.ipynb", "notebook": UNTAGGED})
    told = [
        {"cell": each.cell, "tag": each.tag, "reason": each.reason}
        for each in tag(EXAMPLES / "untagged.ipynb").suggestions
    ]
    assert found == {"suggestions": told}
    assert told


async def test_a_rule_has_its_page(api: Api) -> None:
    found = await api.got("GET", "rules/NB101")
    assert found["code"] == "NB101"
    assert found["page"].startswith("NB101: ")
    problem = await api.refused(404, "GET", "rules/NB999")
    assert "NB999" in problem["detail"]


async def test_of_requests_that_wait_the_newest_of_a_panel_is_answered(api: Api) -> None:
    """The thread is held meanwhile, so that all of them wait."""
    free = threading.Event()
    held = asyncio.ensure_future(api.rooms.latest.do("held", lambda: free.wait(60)))
    asked: list[asyncio.Future[Any]] = []
    for client in ("a", "a", "b", "a", "", ""):
        order = {"path": "n.ipynb", "notebook": NOTEBOOK, "client": client}
        asked.append(asyncio.ensure_future(api("POST", "look", order)))
        await asyncio.sleep(0.3)  # until it waits
    waiting = len(api.rooms.latest.waiting)
    free.set()
    await held
    assert [(await each).code for each in asked] == [409, 409, 200, 200, 200, 200]
    assert (waiting, len(api.rooms.latest.waiting)) == (5, 0)


async def test_who_went_away_is_not_answered(api: Api) -> None:
    free = threading.Event()
    held = asyncio.ensure_future(api.rooms.latest.do("held", lambda: free.wait(60)))
    order = {"path": "n.ipynb", "notebook": NOTEBOOK}
    with pytest.raises(HTTPTimeoutError):
        await api("POST", "look", order, request_timeout=0.5)
    await asyncio.sleep(0.2)
    assert len(api.rooms.latest.waiting) == 2
    free.set()
    await held
    await asyncio.sleep(0.2)
    assert len(api.rooms.latest.waiting) == 0


async def test_the_loop_goes_on_while_a_notebook_is_looked_at() -> None:
    latest, free = Latest(), threading.Event()
    held = asyncio.ensure_future(latest.do("a", lambda: free.wait(30)))
    older, newer = (asyncio.ensure_future(latest.do("b", lambda: 1)) for _ in range(2))
    await asyncio.sleep(0.01)
    free.set()
    await held
    with pytest.raises(Refused):
        await older
    assert await newer == 1
    latest.close()


def _of_200_cells() -> dict[str, Any]:
    """A chain of steps, each with calculations of its own."""
    cells: list[dict[str, Any]] = [NOTEBOOK["cells"][0]]
    for number in range(199):
        source = f"rows_{number} = [each * {number} for each in range(10)]\ntotal_{number} = sum(rows_{number})"
        source += f" + total_{number - 1}\nprint(total_{number})" if number else ""
        tags = [f"step:part_{number // 10}"] if number % 10 == 0 else []
        cells.append({**NOTEBOOK["cells"][1], "id": f"c{number}", "metadata": {"tags": tags}, "source": source})
    return {**NOTEBOOK, "cells": cells}


async def test_200_cells_are_looked_at_while_one_is_typed_in(api: Api) -> None:
    notebook = _of_200_cells()
    for number in range(4):
        notebook["cells"][100]["source"] = f"typed = {number}"
        found = await api.got("POST", "look", {"path": "large.ipynb", "notebook": notebook})
        assert (len(found["cells"]), found["refused"]) == (200, None)
