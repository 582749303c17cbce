"""What the documents say is so: the requests of docs/rest.md, the commands and fields of docs/notifications.md."""

import json
import re
import shlex
from pathlib import Path

import pytest
from rest.conftest import Api

from nb2prod.cli.main import main
from nb2prod.scheduler.notify.template import FIELDS

DOCS = Path(__file__).parents[2] / "docs"


def test_the_requests_of_the_document_are_answered_as_it_says(api: Api) -> None:
    blocks = re.findall(r"```http\n(.*?)```", (DOCS / "rest.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) > 10
    for block in blocks:
        first, *lines = block.strip().splitlines()
        method, path, status = first.split()
        headers = dict(line.split(": ", 1) for line in lines if re.match(r"[A-Z][\w-]+: ", line))
        body = "".join(line for line in lines if line.split(": ", 1)[0] not in headers)
        answer = api(method, f"http://127.0.0.1{path}", json.loads(body) if body else None, headers=headers)
        assert answer.status_code == int(status), (first, answer.text)


def test_the_metrics_of_the_document_are_told(api: Api) -> None:
    told = api("GET", "http://127.0.0.1/metrics").text
    named = re.findall(r"nb2prod_\w+", (DOCS / "rest.md").read_text(encoding="utf-8"))
    assert [name for name in named if name not in told] == []


def test_the_commands_of_the_document_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NB2PROD_STORE", str(tmp_path / "store.db"))
    text = (DOCS / "notifications.md").read_text(encoding="utf-8")
    commands = re.findall(r"^    nb2prod (.*)$", text, re.MULTILINE)
    assert len(commands) == 6
    for command in commands:
        assert main(shlex.split(command)) == 0, (command, capsys.readouterr().err)


def test_the_fields_of_templates_are_those_of_the_document() -> None:
    text = (DOCS / "notifications.md").read_text(encoding="utf-8")
    listed = text.partition("The fields: ")[2].partition(".\n")[0]
    assert re.findall(r"`([\w.]+)`", listed) == list(FIELDS)
