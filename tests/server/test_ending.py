"""A real server ends, in each of the ways that there are, and nothing of its operations is left."""

import json
import os
import re
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any  # JSON

import pytest
from notify.servers import until
from server.marked import hanging, marked

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_operations_end_with_the_server(tmp_path: Path, how: signal.Signals) -> None:
    mark, token, log = f"nb2prod-end-{secrets.token_hex(8)}", secrets.token_hex(16), tmp_path / "server.log"
    root = tmp_path / "root"
    root.mkdir()
    (root / "n.ipynb").write_text(json.dumps(hanging(mark)), encoding="utf-8")
    environment = {**os.environ, "NB2PROD_STORE": str(tmp_path / "store.db"), "JUPYTER_TOKEN": token}
    environment |= {"JUPYTER_CONFIG_DIR": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime")}
    options = ["--port=0", "--no-browser", "--allow-root", f"--ServerApp.root_dir={root}", "--ServerApp.base_url=/x/"]
    with log.open("w") as written:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", *options], stdout=written, stderr=written, env=environment
        )
    try:
        until(lambda: re.search(r"http://127\.0\.0\.1:(\d+)/x/", log.read_text()), 90)
        found = re.search(r"http://127\.0\.0\.1:(\d+)/x/", log.read_text())
        assert found is not None
        address = f"{found[0]}nb2prod/operations"
        until(lambda: answers(address, token))
        operation = ask(address, token, {"verb": "convert", "path": "n.ipynb"})
        until(lambda: marked(mark), 90)
        assert ask(f"{address}/{operation['id']}", token)["state"] == "running"
        server.send_signal(how)
        began = time.monotonic()
        server.wait(60)
        until(lambda: not marked(mark))
        assert time.monotonic() - began < 15
    finally:
        server.kill()
        server.wait()
    assert [path.name for path in root.iterdir()] == ["n.ipynb"]


def answers(address: str, token: str) -> bool:
    """It tells its address a moment before it listens there."""
    try:
        ask(f"{address}/none", token)
    except urllib.error.HTTPError:
        return True
    except urllib.error.URLError:
        return False
    return True


def ask(address: str, token: str, body: object = None) -> Any:
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data=content, headers={"Authorization": f"token {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)
