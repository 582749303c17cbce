"""What an executor decides before and after a step runs, without a process."""

from typing import Any

import pytest
from executors.calls import call

from nb2prod.execution.kernels import order as kernels
from nb2prod.execution.steps.local import PLUGIN
from nb2prod.execution.steps.room import Room
from nb2prod.execution.steps.site import outcome_of
from nb2prod.execution.steps.verdict import Seen, verdict
from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.project import Settings
from nb2prod.runtime.steps.calls import Answer, Ending, Outcome, Ticket

WELL, BADLY = Answer(metrics={"auc": 0.5}), Answer(status="failed")
EXITED = kernels.Ending()


@pytest.mark.parametrize(
    ("seen", "answer", "ending"),
    [
        (Seen(ending=EXITED, text=WELL.to_json()), WELL, None),
        (Seen(ending=EXITED, text=BADLY.to_json()), BADLY, None),
        (Seen(ending=kernels.Ending(signal=9, reason="deadline"), text=WELL.to_json()), WELL, None),
        (Seen(ending=EXITED, text=WELL.to_json(), is_cancelled=True), WELL, None),
        (
            Seen(ending=kernels.Ending(signal=9, reason="memory"), text=BADLY.to_json()),
            None,
            Ending(reason="memory", signal=9, message="it took more than its memory of 1 MB"),
        ),
        (
            Seen(ending=EXITED, text=WELL.to_json()[:-5]),
            None,
            Ending(reason="died", message="its process ended with exit code 0 before the step had"),
        ),
        (
            Seen(ending=EXITED, text=WELL.to_json().replace('"format": 1', '"format": 99')),
            None,
            Ending(reason="died", message="its process ended with exit code 0 before the step had"),
        ),
        (
            Seen(ending=kernels.Ending(code=127), failure="FileNotFoundError: /nowhere"),
            None,
            Ending(reason="refused", message="its process could not be started: FileNotFoundError: /nowhere"),
        ),
        (
            Seen(ending=kernels.Ending(signal=9, reason="closed")),
            None,
            Ending(reason="lost", message="whoever had asked for it was gone"),
        ),
    ],
)
def test_an_answer_counts_when_it_is_whole(seen: Seen, answer: Answer | None, ending: Ending | None) -> None:
    assert verdict(call("add", timeout=2.0, memory=1_000_000), seen) == (answer, ending)


def test_an_outcome_crosses_the_cluster_as_it_is() -> None:
    from nb2prod.execution.steps.site import _text

    for outcome in (
        Outcome(ticket=Ticket("a", 2), answer=WELL, host="tcp://h:1", pid=7, seconds=1.5, memory=8, cpu=0.5, moved=9),
        Outcome(ticket=Ticket("b", 1), ending=Ending(reason="died", signal=9, message="killed")),
    ):
        assert outcome_of(_text(outcome)) == outcome


def test_cores_and_memory_are_shared() -> None:
    room = Room(jobs=4, memory=1000, peaks={"big": 700, "huge": 5000})
    assert room.fits(call("add", step="huge"))  # alone, it may try
    room.take(call("add", step="big"))
    assert room.fits(call("add", step="small", memory=300, cpus=3))
    assert not room.fits(call("add", step="small", memory=301))
    assert not room.fits(call("add", step="small", cpus=4))
    assert not room.fits(call("add", step="huge"))
    room.leave(Ticket("big", 1), peak=100)
    assert (len(room), room.peaks["big"]) == (0, 100)


def test_a_step_that_wants_more_cores_than_there_are_takes_all() -> None:
    room = Room(jobs=2, memory=1000)
    room.take(call("add", step="wide", cpus=64))
    assert not room.fits(call("add"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"job": 2}, "executors.local.job is no option of this executor; there are jobs, memory, start"),
        ({"jobs": 0}, "executors.local.jobs is 0; it must be a whole number above 0"),
        ({"jobs": True}, "executors.local.jobs is True; it must be a whole number above 0"),
        ({"memory": "much"}, "executors.local.memory is 'much'; it must be a size such as 500MB or 2GB"),
        ({"start": "spawn"}, "executors.local.start is 'spawn'; it must be fork or fresh"),
    ],
)
def test_options_that_are_refused(options: dict[str, Any], message: str, tmp_path: Any) -> None:
    settings = Settings(package="tiny", name="tiny", root=tmp_path, workdir=tmp_path, runs=tmp_path)
    with pytest.raises(ProjectError) as raised:
        PLUGIN.open(settings, options)
    assert str(raised.value) == message
