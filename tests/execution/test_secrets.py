"""A secret's value is in nothing that a run leaves."""

import base64
import html
import json
import urllib.parse
from pathlib import Path

import pytest
from execution.stage import Stage, cells_of, texts_of

from nb2prod.errors import ParameterRefused
from nb2prod.execution.job_parameters import Secret
from nb2prod.execution.redactor import Redactor, StreamRedactor
from nb2prod.execution.secret_values import look_up

VALUE = "s3cr3t'\"<&> Ünïcode/\\+word"


def forms() -> list[bytes]:
    raw = VALUE.encode()
    texts = [
        VALUE,
        repr(VALUE)[1:-1],
        json.dumps(VALUE)[1:-1],
        json.dumps(VALUE, ensure_ascii=False)[1:-1],
        base64.b64encode(raw).decode(),
        base64.b64encode(b"u:" + raw).decode(),
        urllib.parse.quote(VALUE),
        urllib.parse.quote_plus(VALUE),
        html.escape(VALUE),
        raw.hex(),
    ]
    return [text.encode() for text in texts]


def test_every_way_to_write_it_is_taken_out() -> None:
    redactor = Redactor({"password": VALUE})
    for form in forms():
        told = redactor.text(f"before {form.decode()} after")
        assert "[secret password]" in told
        assert form.decode() not in told
    coloured = "\x1b[31ms3cr3t\x1b[39m'\"<&> Ünïcode/\\+word"
    assert redactor.text(coloured) == "[secret password]"
    assert redactor.json({"a": [VALUE, 1], VALUE: None}) == {"a": ["[secret password]", 1], "[secret password]": None}
    assert Redactor({}).text("nothing") == "nothing"


def test_a_value_that_comes_in_pieces() -> None:
    stream = StreamRedactor(Redactor({"password": "hunter2"}))
    told = "".join(stream.feed(piece) for piece in "a hunt hunter hunter2 hunter2hunte r2") + stream.rest()
    assert told == "a hunt hunter [secret password] [secret password]hunte r2"


def test_a_key_of_many_lines_is_known_by_each() -> None:
    key = "-----BEGIN KEY-----\nAAAABBBBCCCC\nDDDDEEEEFFFF\n-----END KEY-----"
    assert Redactor({"key": key}).text("it has DDDDEEEEFFFF in it") == "it has [secret key] in it"


def test_what_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    values = {"a": Secret("env:NO_SUCH"), "b": Secret(f"file:{tmp_path}/none"), "c": Secret("env:SHORT"), "d": 1}
    with pytest.raises(ParameterRefused) as caught:
        look_up(values, {"SHORT": "abc"})
    assert str(caught.value).splitlines() == [
        "parameter 'a': the environment has no NO_SUCH",
        f"parameter 'b': cannot read the secret in {tmp_path}/none: No such file or directory",
        "parameter 'c': the secret at env:SHORT has fewer than 4 letters, so it could not be kept out of the outputs",
    ]


def test_a_file_gives_its_text_without_the_last_line_end(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("hunter2\n", encoding="utf-8")
    assert look_up({"a": Secret(f"file:{tmp_path}/x")}, {}) == {"a": "hunter2"}


CELLS = [
    "# tags: parameters\npassword: str\nuser = 'me'",
    "import sys, time\nfor letter in password:\n    print(letter, end='', flush=True)\n    time.sleep(0.02)",
    "print(password, repr(password), file=sys.stderr)\npassword",
    "import base64, json, urllib.parse\nfrom IPython.display import HTML, display\n"
    "print(base64.b64encode(password.encode()), json.dumps(password), urllib.parse.quote(password))\n"
    "display(HTML(f'<b>{password}</b>'))\nprint(base64.b64encode(f'u:{password}'.encode()))",
    "import os\nos.write(2, f'past the notebook: {password}'.encode())\nos.system('echo \"$PASSWORD\"')",
    "from nb2prod.runtime import log_metric\nlog_metric(password, 1)",
    "%history -n\nprint([line for line in In if 'password =' in line])",
    "class Wrong(Exception): pass\ndef login(password):\n    raise Wrong(f'bad password {password}')\nlogin(password)",
]


@pytest.mark.slow
def test_no_byte_of_what_a_run_leaves_has_the_value(stage: Stage) -> None:
    job = stage.start(
        *CELLS,
        parameters={"password": "secret:env:PASSWORD", "user": "you"},
        environment={"PASSWORD": VALUE},
        output=str(stage.root / "out/{run}"),
        formats=("ipynb", "html"),
    )
    assert job.wait() == 3
    assert stage.failure(job).message == "Wrong: bad password [secret password]"
    output = stage.root / "out" / job.run.id / "demo.ipynb"
    injected = next(c for c in cells_of(output) if "injected-parameters" in c["metadata"].get("tags", ()))
    assert "".join(injected["source"]).splitlines() == [
        "# Parameters",
        "# password: secret from env:PASSWORD",
        "user = 'you'",
    ]
    assert texts_of(output)[0] == "[secret password]"  # it was there for the cells
    left = [path for path in stage.root.rglob("*") if path.is_file()]
    names = {path.name for path in left}
    assert {"store.db", "store.db-wal", "run.log", "run.json", "journal.jsonl", "demo.html", "demo.ipynb"} <= names
    found = [(path.name, form) for path in left for form in forms() if form in path.read_bytes()]
    assert found == []
