"""What goes wrong in production, one at a time: a retry that succeeds, or an exit code with one clear record.

Afterwards the run is resumed: only what is missing is computed, and all is as if nothing had happened.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any  # settings, as TOML

import pytest
from faults.ten import ALL, MISSING, Ran, Ten

pytestmark = pytest.mark.slow
HERE, OWN, LOCAL = "in-process", "own process", "local"


@dataclass(frozen=True, kw_only=True, eq=False)
class Fault:
    """`said` is part of the failure's reason."""

    name: str
    fault: str
    where: tuple[str, ...]
    code: int = 3
    said: str = ""
    policy: Mapping[str, Any] = field(default_factory=dict)


PASSING = (
    Fault(name="raise", fault="join:raise=ConnectionError", where=(HERE, LOCAL), policy={"retries": 1}),
    Fault(name="store", fault="join:store", where=(LOCAL,), policy={"retries": 1}),
    Fault(name="exit", fault="join:exit=7", where=(LOCAL, OWN)),
    Fault(name="kill", fault="join:kill", where=(OWN, LOCAL)),
    Fault(
        name="gil",
        fault="join:gil",
        where=(LOCAL,),
        policy={"retries": 1, "timeout": 0.7, "retry_on": ["timeout"]},
    ),
)
LASTING = (
    Fault(name="raise", fault="join:raise=OSError:gone", where=(HERE, LOCAL), said="OSError: gone"),
    Fault(name="hang", fault="join:hang", where=(LOCAL, HERE), code=4, policy={"timeout": 0.4}),
    Fault(name="gil", fault="join:gil", where=(OWN, LOCAL), code=4, policy={"timeout": 0.7}),
    Fault(name="exit", fault="join:exit=7", where=(LOCAL,), said="code 7", policy={"lost": 0}),
    Fault(
        name="kill", fault="join:kill", where=(OWN, LOCAL), said="its process was killed by SIGKILL", policy={"lost": 0}
    ),
    Fault(
        name="memory",
        fault="join:memory=2GB",
        where=(LOCAL, OWN),
        said="it took more than its memory of 400 MB",
        policy={"memory": "400MB"},
    ),
    Fault(name="disk", fault="join:disk", where=(LOCAL,), said="No space left on device"),
    Fault(name="store", fault="join:store", where=(LOCAL,), said="the artifacts cannot be reached"),
)


def cases(faults: tuple[Fault, ...]) -> list[Any]:
    where = {fault: fault.where if ALL else fault.where[:1] for fault in faults}
    return [pytest.param(fault, each, id=f"{fault.name}, {each}") for fault in faults for each in where[fault]]


def run(ten: Ten, where: str, *arguments: str, faults: str = "") -> Ran:
    ten.policy("join", process=where == OWN)
    return ten.run("--executor", LOCAL if where == LOCAL else HERE, *arguments, faults=faults)


@pytest.mark.parametrize(("fault", "where"), cases(PASSING))
def test_what_passes_is_tried_again(fault: Fault, where: str, ten: Ten, undisturbed: Mapping[str, float]) -> None:
    ten.policy("join", retry_delay=0.01, **fault.policy)
    ran = run(ten, where, faults=f"{fault.fault},times=1")
    assert (ran.code, ran.metrics) == (0, undisturbed), ran.err
    assert ran.step("join")["attempts"] == 2
    assert run(ten, where).computed() == ["world"]  # the second try is known by the key that the first one had
    assert ten.left_behind() == []


@pytest.mark.parametrize(("fault", "where"), cases(LASTING))
def test_what_lasts_is_told_once_and_resumed(
    fault: Fault, where: str, ten: Ten, undisturbed: Mapping[str, float]
) -> None:
    ten.policy("join", **fault.policy)
    ran = run(ten, where, faults=fault.fault)
    assert ran.code == fault.code, ran.err
    assert ran.record["status"] == ("timeout" if fault.code == 4 else "failed")
    told = ran.step("join")["error"]
    assert ran.record["error"] == told
    assert fault.said in told["reason"]
    assert told["environment"]["numpy"]
    assert ran.err.count("error: ") == 1
    assert ran.run in told["resume"]
    assert told["message"].startswith("step 'join' of pipeline 'ten' ")
    assert {step["name"] for step in ran.record["steps"] if step["status"] == "skipped"} == MISSING - {"join"}
    assert ten.left_behind() == []
    is_resumed(ten, where, ran, undisturbed)


def is_resumed(ten: Ten, where: str, ran: Ran, undisturbed: Mapping[str, float]) -> None:
    resumed = run(ten, where, "--resume", ran.run)
    assert (resumed.code, resumed.metrics) == (0, undisturbed), resumed.err
    assert set(resumed.computed()) == MISSING


@pytest.mark.parametrize("kind", ["disk", "store"])
def test_a_run_in_one_process_goes_on_without_its_store(kind: str, ten: Ten, undisturbed: Mapping[str, float]) -> None:
    """The values are there, and hours of work may be: it ends with what is missing, which who resumes computes."""
    ran = run(ten, HERE, faults=f"join:{kind}")
    assert (ran.code, ran.metrics, ran.record["status"]) == (7, undisturbed, "failed")
    assert ran.record["error"]["message"].startswith("pipeline 'ten' computed everything, but what 'join' gave could ")
    assert (ran.err.count("error: "), f"--resume {ran.run}" in ran.err) == (1, True)
    assert "join: it could not be kept: " in ran.err
    assert "it could not be kept" in ran.step("join")["uncacheable"]
    resumed = run(ten, HERE, "--resume", ran.run)
    assert (resumed.code, set(resumed.computed())) == (0, {"join"})


def test_a_job_says_once_what_could_not_be_kept(ten: Ten) -> None:
    command = [sys.executable, "-m", "nb2prod", "run", str(ten.project), "--store", f"sqlite:///{ten.root}/store.db"]
    ran = ten.run(command=command, faults="join:disk")
    assert (ran.code, ran.record["status"]) == (7, "failed")
    assert (ran.err.count("what 'join' gave could not be kept"), ran.err.count("to resume")) == (1, 1), ran.err


def test_the_circuit_ends_a_run_whose_service_is_down(ten: Ten, undisturbed: Mapping[str, float]) -> None:
    ten.policy("join", retries=9, retry_delay=0.01)
    ten.policy("run", circuit=3)
    ran = run(ten, HERE, faults="join:raise=ConnectionError")
    assert (ran.code, ran.step("join")["attempts"]) == (3, 3)
    assert "3 failures in a row that another try may mend, in 'join'" in ran.err
    is_resumed(ten, HERE, ran, undisturbed)


def test_handlers_are_told_of_a_failure(ten: Ten) -> None:
    ten.policy("join", on_failure="ten.handlers:tell")
    ten.policy("run", on_failure="ten.handlers:fall")
    handlers = ten.project / "src/ten/handlers.py"
    handlers.write_text(
        "import json\n\n\ndef tell(failure):\n    open('told.json', 'w').write(json.dumps(failure))\n\n\n"
        "def fall(failure):\n    raise KeyError(failure['step'])\n"
    )
    ran = run(ten, HERE, faults="join:raise=ValueError:no")
    assert ran.code == 3
    told = json.loads((ten.root / "told.json").read_text())
    assert (told["run"], told["step"], told["reason"]) == (ran.run, "join", "ValueError: no")
    assert "on_failure ten.handlers:fall of pipeline 'ten' failed itself: KeyError: 'join'" in ran.err
    ten.policy("join", on_failure="ten.handlers")
    refused = run(ten, HERE)
    assert (refused.code, 'write "MODULE:FUNCTION"' in refused.err, refused.record) == (2, True, {})


def test_faults_that_make_no_sense_are_refused_before(ten: Ten) -> None:
    ran = run(ten, HERE, faults="join:explode")
    assert (ran.code, ran.record) == (2, {})
    assert "there is no kind 'explode'" in ran.err


def test_a_run_whose_own_process_was_killed_is_told_by_who_started_it(
    ten: Ten, undisturbed: Mapping[str, float]
) -> None:
    command = [sys.executable, "-m", "nb2prod", "run", str(ten.project), "--store", f"sqlite:///{ten.root}/store.db"]
    ran = ten.run(command=command, faults="join:kill")
    assert (ran.code, ran.record["status"], ran.step("join")["status"]) == (5, "died", "died"), ran.err
    assert ran.step("join")["error"] == ran.record["error"]
    assert ran.record["error"]["message"] == "its process was ended by signal 9"
    resume = f"nb2prod run {ten.project} --runs {ten.project}/runs --resume {ran.run}"
    assert ran.err.splitlines()[-3:] == [
        "died: its process was ended by signal 9",
        f"  to resume: {resume}",
        f"  record: {ran.folder}/run.json",
    ]
    resumed = ten.run("--store", f"sqlite:///{ten.root}/store.db", command=[sys.executable, "-m", *resume.split()])
    assert (resumed.code, resumed.metrics, set(resumed.computed())) == (0, undisturbed, MISSING), resumed.err
