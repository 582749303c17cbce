"""What was exported really runs: the commands as they are written, by the orchestrator where it can be had."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from exports.engine import Argo
from exports.readers import kubelet, systemd_words
from runtime.tiny import Project

from nb2prod.api.export import ExportOptions, export
from nb2prod.model.job import Cron
from nb2prod.scheduler import cron

pytestmark = pytest.mark.slow

LABEL = 'it\'s 100% %h $HOME "{{x}}" \\n ${{y}} é\n$(id) `id` \u2028\x85\x07\t\r\x1b[0m \U0001f600 #; [Service]\\'
FAILS = "raise OSError('the disk is gone')"


def exported(project: Project, to: str, folder: Path, **options: str) -> Path:
    """With parameters that each layer of quoting would like to read something into."""
    project.settings()
    parameters = {"label": LABEL, "rows": "6"}
    export(project.root, to, folder, parameters, options=ExportOptions(**options), allow_unmapped=True)
    return folder


def completed(project: Project) -> Mapping[str, Any]:
    """The only record that there is."""
    (record,) = [json.loads(path.read_text()) for path in project.records()]
    assert record["status"] == "completed"
    assert record["parameters"] == {"rows": 6, "label": LABEL, "scale": 1.5}
    return dict(record["metrics"])


def in_image(project: Project, **more: str) -> dict[str, str]:
    """The package can be imported and `python` is its Python."""
    return {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "PYTHONPATH": str(project.root / "src"), **more}


def as_cron(folder: Path) -> subprocess.CompletedProcess[str]:
    """The last line of the crontab, as cron starts it: its words to the shell, and next to no environment."""
    line = (folder / "tiny.crontab").read_text().splitlines()[-1]
    command = line.split(" ", 5)[5]
    return subprocess.run(["/bin/sh", "-c", command], env={"HOME": "/"}, capture_output=True, text=True, check=False)


def test_cron_runs_it(project: Project, tmp_path: Path) -> None:
    folder = exported(project, "cron", tmp_path / "a folder", schedule="0 6 * * 1-5")
    done = as_cron(folder)
    assert done.returncode == 0, done.stderr
    assert completed(project) == {"total": 24.0}


def test_cron_runs_one_at_a_time_and_keeps_the_exit_code(
    project: Project, score: Callable[..., None], tmp_path: Path
) -> None:
    folder = exported(project, "cron", tmp_path / "deploy", schedule="@hourly")
    lock = project.root / ".tiny.lock"
    with subprocess.Popen(["flock", str(lock), "cat"], stdin=subprocess.PIPE) as holder:
        while subprocess.run(["flock", "--nonblock", str(lock), "true"], check=False).returncode == 0:
            pass
        assert as_cron(folder).returncode == 75
        holder.communicate()
    assert project.records() == []
    score(FAILS)
    assert as_cron(folder).returncode == 3


def test_the_command_of_the_systemd_unit_runs(project: Project, tmp_path: Path) -> None:
    folder = exported(project, "systemd", tmp_path / "deploy", schedule="0 6 * * 1-5", timezone="Asia/Kolkata")
    analyze = shutil.which("systemd-analyze")
    if analyze is not None:
        subprocess.run([analyze, "verify", *map(str, folder.glob("nb2prod-tiny.*"))], check=True, capture_output=True)
    service = (folder / "nb2prod-tiny.service").read_text().splitlines()
    (command,) = [line.partition("=")[2] for line in service if line.startswith("ExecStart=")]
    done = subprocess.run(systemd_words(command), env={"HOME": "/"}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert completed(project) == {"total": 24.0}


_SYSTEMD = """\
mount -t tmpfs none /run && mkdir -p /run/systemd/system /run/user/0 && chmod 700 /run/user/0 || exit 9
export XDG_RUNTIME_DIR=/run/user/0 HOME=$1
/usr/lib/systemd/systemd --user --log-target=null & manager=$!
for i in $(seq 100); do systemctl --user is-system-running --quiet && break; sleep 0.3; done
systemctl --user start nb2prod-tiny.service; echo "code $?"
systemctl --user start nb2prod-tiny.timer && systemctl --user show -P NextElapseUSecRealtime nb2prod-tiny.timer
kill $manager; wait $manager
"""


def test_systemd_itself_runs_it(project: Project, tmp_path: Path) -> None:
    """A manager of the user's, where nobody but root may start one: in a /run and among processes of its own."""
    own = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if not (os.getuid() == 0 and shutil.which("systemctl") and shutil.which("unshare") and _does([*own, "true"])):
        return  # the test above runs its command all the same
    home = tmp_path / "home"
    exported(project, "systemd", home / ".config/systemd/user", schedule="0 6 * * 1-5", timezone="Asia/Kolkata")
    alone = [*own, "sh", "-c", _SYSTEMD, "sh"]
    done = subprocess.run(
        [*alone, str(home)], capture_output=True, text=True, check=False, env={**os.environ, "TZ": "UTC"}
    )
    code, elapse = done.stdout.splitlines()
    assert code == "code 0", done.stderr
    assert completed(project) == {"total": 24.0}
    times = cron.parse(Cron(expression="0 6 * * 1-5", timezone="Asia/Kolkata"))
    assert elapse == f"{next(times.after(datetime.now(UTC))):%a %Y-%m-%d %H:%M:%S} UTC"


def _does(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_compose_takes_its_file(project: Project, tmp_path: Path) -> None:
    folder = exported(project, "compose", tmp_path / "deploy")
    if shutil.which("docker") is None or not _does(["docker", "compose", "version"]):
        return  # the schema is checked all the same
    file = str(folder / "tiny.compose.yaml")
    subprocess.run(["docker", "compose", "--file", file, "config", "--quiet"], check=True)


def test_the_command_of_the_job_runs(project: Project, tmp_path: Path) -> None:
    folder = exported(project, "kubernetes", tmp_path / "deploy", image="tiny:1")
    job = yaml.safe_load((folder / "tiny.yaml").read_text())
    (container,) = job["spec"]["template"]["spec"]["containers"]
    words = [kubelet(word, {"HOME": "/tmp"}) for word in [*container["command"], *container["args"]]]
    words[words.index("/data/runs")] = str(project.root / "runs")
    done = subprocess.run(words, env=in_image(project), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert completed(project) == {"total": 24.0}


@pytest.mark.parametrize("rows", ["", "8"])
def test_the_script_of_github_actions_runs(project: Project, tmp_path: Path, rows: str) -> None:
    folder = exported(project, "github-actions", tmp_path / "deploy")
    workflow = yaml.safe_load((folder / ".github/workflows/tiny.yml").read_text())
    (step,) = [each for each in workflow["jobs"]["pipeline"]["steps"] if "env" in each]
    assert set(step["env"]) == {"INPUT_rows", "INPUT_label", "INPUT_scale"}
    variables = in_image(project, INPUT_rows=rows)
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(shell, cwd=project.root, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (record,) = [json.loads(path.read_text()) for path in project.records()]
    assert record["parameters"] == {"rows": int(rows or 6), "label": LABEL, "scale": 1.5}


def workflow(project: Project, tmp_path: Path) -> Argo:
    where = str(tmp_path / "artifacts {{ $(x)")
    folder = exported(project, "argo", tmp_path / "deploy", image="tiny:1", artifacts=where)
    manifest = yaml.safe_load((folder / "tiny.argo.yaml").read_text())
    return Argo(manifest, in_image(project), run_id="5a1c-7")


def test_argo_runs_a_step_a_pod(project: Project, tmp_path: Path) -> None:
    argo = workflow(project, tmp_path)
    assert (argo.run(), argo.codes) == ("Succeeded", {"load": [0], "score": [0], "on--exit": [0]}), argo.out
    assert json.loads(argo.out.splitlines()[-1]) == {"total": 24.0}
    record = json.loads((tmp_path / "artifacts {{ $(x)/runs/5a1c-7/run.json").read_text())
    assert (record["status"], record["metrics"]) == ("completed", {"total": 24.0})
    assert record["parameters"] == {"rows": 6, "label": LABEL, "scale": 1.5}
    assert project.run("-p", "rows=6").record["metrics"] == record["metrics"]
    again = Argo(argo.manifest, argo.variables, run_id="5a1c-8")
    assert again.run(scale="2.0") == "Succeeded", again.out
    assert json.loads(again.out.splitlines()[-1]) == {"total": 32.0}


def test_argo_retries_what_pipeline_toml_lets_it_retry(
    project: Project, score: Callable[..., None], tmp_path: Path
) -> None:
    project.policies["score"] = {"retries": 2, "retry_delay": 0.1}
    mark = tmp_path / "mark"
    once = [f"p = pathlib.Path({str(mark)!r})", "if not p.exists():", "    p.touch()", f"    {FAILS}"]
    score(*once, "return sum(table) * scale", imports="import pathlib")
    argo = workflow(project, tmp_path)
    assert (argo.run(), argo.codes["score"]) == ("Succeeded", [75, 0]), argo.out


def test_argo_stops_after_the_attempts_and_goes_on_from_there(
    project: Project, score: Callable[..., None], tmp_path: Path
) -> None:
    project.policies["score"] = {"retries": 1, "retry_delay": 0.1}
    score(FAILS)
    argo = workflow(project, tmp_path)
    assert (argo.run(), argo.codes) == ("Failed", {"load": [0], "score": [75, 75], "on--exit": [3]}), argo.out
    assert "the disk is gone" in argo.out
    score("return sum(table) * scale")
    again = Argo(argo.manifest, argo.variables, run_id="5a1c-8")
    assert (again.run(), '"step": "load", "status": "completed", "cached": true' in again.out) == ("Succeeded", True), (
        again.out
    )


@pytest.mark.parametrize(("times", "codes"), [(1, [-9, 0]), (9, [-9, -9])])
def test_argo_tries_a_pod_again_that_was_killed(project: Project, tmp_path: Path, times: int, codes: list[int]) -> None:
    argo = workflow(project, tmp_path)
    argo.variables = {**argo.variables, "NB2PROD_FAULTS": f"score:kill,times={times}"}
    argo.run()
    assert argo.codes == {"load": [0], "score": codes, "on--exit": [0 if codes[-1] == 0 else 3]}, argo.out
