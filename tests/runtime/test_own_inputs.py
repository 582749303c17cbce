"""Inputs that no step has given, where steps are carried out elsewhere."""

from pathlib import Path

from nb2prod.runtime.project import Policy, Settings
from nb2prod.runtime.results.artifacts import open_artifacts
from nb2prod.runtime.running.runner import Runner
from nb2prod.runtime.steps.calls import Answer, ErrorFacts, Outcome, StepCall, Ticket
from nb2prod.runtime.telling.record import Record


def count(names: list[str]) -> int:
    return len(names)


class Losing:
    """An executor that never has room at first, and before whose first try of a step its inputs are lost."""

    def __init__(self, artifacts: Path) -> None:
        self.artifacts, self.asked = artifacts, 0
        self.outcomes: list[Outcome] = []
        self.seen: list[object] = []

    def capacity(self, call: StepCall) -> bool:
        del call
        self.asked += 1
        return self.asked > 2

    def submit(self, call: StepCall) -> None:
        if call.attempt == 1:
            for path in blobs(self.artifacts):
                path.unlink()
            facts = ErrorFacts(families=("builtins.ConnectionError",))
            answer = Answer(status="failed", facts=facts, error={"reason": "it is gone"})
        else:
            store, given = open_artifacts(str(self.artifacts)), call.inputs["names"]
            self.seen.append(store.get_value(given["bundle"])[given["item"]])
            answer = Answer(bundle=store.put_value(1))
        self.outcomes.append(Outcome(ticket=call.ticket, answer=answer))

    def wait(self, timeout: float) -> list[Outcome]:
        del timeout
        ended, self.outcomes = self.outcomes, []
        return ended

    def cancel(self, ticket: Ticket) -> None:
        del ticket

    def close(self) -> None:
        pass


def blobs(artifacts: Path) -> set[Path]:
    return {path for path in (artifacts / "blobs").rglob("*") if path.is_file()}


def test_another_try_finds_what_was_lost(tmp_path: Path) -> None:
    policy = Policy(retries=1, retry_delay=0.0)
    settings = Settings(
        package="own", name="own", root=tmp_path, workdir=tmp_path, runs=tmp_path, steps={"count": policy}
    )
    executor = Losing(tmp_path / "artifacts")
    with Runner(settings, Record(tmp_path / "run", {})) as step:
        step.use(executor, artifacts=str(executor.artifacts))
        step(count, ["a", "b"])
        step.finish()
    assert executor.seen == [["a", "b"]]
