"""What docs/lab-rest.md says is so: its requests are sent, in its order."""

import json
import re
from pathlib import Path

import pytest
from server.conftest import Api

from nb2prod.server.handlers import HANDLERS

TEXT = (Path(__file__).parents[2] / "docs/lab-rest.md").read_text(encoding="utf-8")


@pytest.mark.slow
async def test_the_requests_of_the_document_are_answered_as_it_says(api: Api) -> None:
    api.put("churn.ipynb")
    blocks = re.findall(r"```http\n(.*?)```", TEXT, re.DOTALL)
    assert len(blocks) > 15
    operation = ""
    for block in blocks:
        first, *lines = block.strip().splitlines()
        method, path, status = first.replace("{id}", operation).split()
        answer = await api(method, path, json.loads("".join(lines)) if lines else None)
        assert answer.code == int(status), (first, answer.body)
        if first.startswith("POST operations") and answer.code == 201:
            operation = json.loads(answer.body)["id"]
            await api.ended(json.loads(answer.body))


def test_every_request_is_told() -> None:
    told = {path.partition("?")[0] for path in re.findall(r"(?:GET|POST|DELETE|PATCH) ([a-z][\w/{}?.=&-]*)", TEXT)}
    known = {re.sub(r"\([^)]*\)", "", pattern).removeprefix("/nb2prod/") for pattern, _ in HANDLERS}
    assert {each for each in known if not any(path == each or path.startswith(each) for path in told)} == set()
