"""What keeps a daemon running: the texts that are printed are those in deploy/, and systemd takes the unit."""

import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from nb2prod.api.deploy import dockerfile, unit
from nb2prod.cli.main import main

DEPLOY = Path(__file__).parents[2] / "deploy"
PROGRAM = ["/opt/nb2prod/bin/nb2prod"]


def test_the_files_are_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert (DEPLOY / "nb2prod-scheduler.service").read_text() == unit(PROGRAM)
    assert (DEPLOY / "nb2prod-scheduler.user.service").read_text() == unit(PROGRAM, is_users=True)
    assert (DEPLOY / "Dockerfile").read_text() == dockerfile(version=version("nb2prod"))
    assert main(["scheduler", "dockerfile"]) == 0
    assert capsys.readouterr().out.startswith("# nb2prod scheduler dockerfile > Dockerfile\n")


def test_the_unit_has_what_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scheduler", "unit", "--account", "jobs", "--store", "postgresql://db/jobs%20x", "--jobs", "8"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {"User=jobs", "Environment=NB2PROD_STORE=postgresql://db/jobs%%20x", "KillMode=process"} <= set(lines)
    (command,) = [line for line in lines if line.startswith("ExecStart=")]
    assert command.endswith(" scheduler start --jobs 8")
    assert main(["scheduler", "unit", "--user"]) == 0
    own = capsys.readouterr().out
    assert "User=" not in own
    assert "WantedBy=default.target" in own


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        return  # it comes with systemd alone
    for is_users in (False, True):
        path = tmp_path / "nb2prod-scheduler.service"
        path.write_text(
            unit([sys.executable, "-m", "nb2prod"], options=["--jobs", "2"], user="root", is_users=is_users)
        )
        mode = ["--user"] if is_users else []
        done = subprocess.run([verify, "verify", *mode, str(path)], capture_output=True, text=True, check=False)
        wrong = [line for line in done.stderr.splitlines() if "nb2prod-scheduler" in line]
        assert wrong == []
