"""What the server sends has the shapes of labextension/src/api.ts, field by field."""

import json
import re
from pathlib import Path
from typing import Any  # JSON

import pytest
from server.conftest import EXAMPLES, Api
from server.marked import with_cell

TEXT = (Path(__file__).parents[2] / "labextension/src/api.ts").read_text(encoding="utf-8")
INTERFACES = {
    name: dict(re.findall(r"^  readonly (\w+)\??: (.*?);$", body, re.MULTILINE))
    for name, body in re.findall(r"^export interface (\w+)(?:<.*?>)? \{\n(.*?)^\}", TEXT, re.MULTILINE | re.DOTALL)
}
ALIASES = dict(re.findall(r"^export type (\w+) = (.*?);$", TEXT, re.MULTILINE))
PLAIN: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "unknown": (object,),
    "Result": (object,),
}


def check(value: Any, kind: str, where: str) -> None:
    """Every field that an interface has, no other, and each of its kind."""
    kind = ALIASES.get(kind, kind)
    if kind in INTERFACES:
        assert set(value) - {"type"} == set(INTERFACES[kind]), where
        for name, of in INTERFACES[kind].items():
            check(value[name], of, f"{where}.{name}")
    elif kind.startswith("readonly ") and kind.endswith("[]"):
        assert isinstance(value, list), where
        for number, item in enumerate(value):
            check(item, kind.removeprefix("readonly ").removesuffix("[]"), f"{where}[{number}]")
    elif kind.startswith("{"):
        assert isinstance(value, dict), where
    elif "|" in kind:
        inner = [each.strip() for each in kind.split("|")]
        chosen = "null" if value is None else next((each for each in inner if each == f"{value!r}"), "")
        check(value, chosen or next(each for each in inner if not each.startswith("'") and each != "null"), where)
    elif kind.startswith("'"):
        assert f"{value!r}" == kind, where
    else:
        assert isinstance(value, PLAIN[kind]), f"{where}: {value!r} is no {kind}"


def test_the_interfaces_are_read() -> None:
    assert {"ILook", "ICellLook", "IStep", "IFinding", "IFix", "IOperation", "IProblem"} <= set(INTERFACES)
    assert INTERFACES["IEdit"] == dict.fromkeys(("cell", "first", "last"), "number") | {"text": "string"}


@pytest.mark.parametrize("name", [path.name for path in sorted(EXAMPLES.glob("*.ipynb"))])
async def test_a_look(api: Api, name: str) -> None:
    notebook = json.loads((EXAMPLES / name).read_text(encoding="utf-8"))
    found = await api.got("POST", "look", {"path": name, "notebook": notebook})
    check(found, "ILook", name)
    for suggestion in (await api.got("POST", "suggestions", {"path": name, "notebook": notebook}))["suggestions"]:
        check(suggestion, "ISuggestion", name)


async def test_a_finding_with_its_fix(api: Api) -> None:
    notebook = with_cell("from math import *\nprint(sqrt(2), region)")
    found = await api.got("POST", "look", {"path": "a.ipynb", "notebook": notebook})
    check(found, "ILook", "look")
    assert [finding["fix"] for finding in found["findings"] if finding["fix"]]


@pytest.mark.slow
async def test_an_operation_and_a_refusal(api: Api) -> None:
    started = await api.got(
        "POST", "operations", {"verb": "convert", "path": api.put("n.ipynb"), "record": False}, status=201
    )
    check(started, "IOperation", "started")
    done = await api.ended(started)
    check(done, "IOperation", "done")
    check(await api.refused(404, "POST", "operations", {"verb": "verify", "path": "nothing"}), "IProblem", "problem")
