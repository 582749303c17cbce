"""How the steps of a run go, told to its record and to the user; and how a failure reads."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any  # JSON

from nb2prod.runtime.errors import RunTimeout, RuntimeTrouble, StepFailed, StepTimeout
from nb2prod.runtime.failures.attempts import worth_retrying
from nb2prod.runtime.failures.failure import described_place, whole_failure
from nb2prod.runtime.files import write_bytes
from nb2prod.runtime.project import Policy, Settings
from nb2prod.runtime.results.artifacts import Artifacts
from nb2prod.runtime.steps.calls import Answer, Ending
from nb2prod.runtime.telling.record import Record

__all__ = ["Ledger", "answer_is_worth", "answer_of", "notes_of", "trouble_of", "was_lost"]

_REASONS = {
    "timeout": "it took longer than its timeout",
    "memory": "it took more memory than it may",
    "lost": "the host or the worker that it was on is gone",
    "refused": "it could not be started",
    "cancelled": "it was cancelled",
}


class Ledger:
    """Of one run. `tell` takes a line for the user; `resume` is the command that resumes."""

    def __init__(self, settings: Settings, record: Record, tell: Callable[[str], None], resume: str) -> None:
        self.settings, self.record, self.tell, self.resume = settings, record, tell, resume
        self.entries: dict[str, dict[str, Any]] = {}
        self.failures: dict[str, RuntimeTrouble] = {}
        self.not_kept: dict[str, str] = {}

    def begin(self, step: str, inputs: Mapping[str, Any]) -> None:
        if step in self.entries:  # it is tried again
            self.record.profile(self.entries[step], inputs=inputs)
            return
        self.entries[step] = self.record.begin(step, inputs)

    def retried(self, step: str, attempt: int, tries: int, reason: str, seconds: float) -> None:
        self.entries[step]["attempts"] = attempt
        self.record.event("step.retried", step=step, attempt=attempt, error=reason)
        self.tell(f"{step}: {reason}; attempt {attempt} of {tries} in {seconds:.1f} s")

    def heard(self, answer: Answer, artifacts: Artifacts, step: str) -> None:
        """What a step has said, printed and shown in another process."""
        folder = self.record.folder
        if answer.log and (content := artifacts.get(answer.log)):
            with (folder / "logs" / f"{step}.log").open("ab") as log:
                log.write(content)
        for file in answer.files:
            path = folder / file["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, artifacts.get(file["digest"]) or b"", durable=False)
        for event in answer.events:
            more = {key: value for key, value in event.items() if key != "event"}
            self.record.event(str(event["event"]), **more)

    def completed(self, step: str, answer: Answer, **more: Any) -> None:
        found: dict[str, Any] = {"from_run": answer.from_run} if answer.cached else {}
        found |= {"uncacheable": answer.uncacheable} if answer.uncacheable else {}
        if answer.not_kept:
            self.not_kept[step] = answer.not_kept
        found |= {"bundle": answer.bundle} if answer.bundle else {}  # no collector takes what a record names
        self._end(step, answer, "completed", cached=answer.cached, outputs=answer.outputs, **found, **more)
        self._tell_done(step, "(cache)" if answer.cached else "")

    def failed(self, step: str, answer: Answer, trouble: BaseException, **more: Any) -> None:
        """Also for one that was interrupted, whose `trouble` is not ours."""
        said = str(trouble) if isinstance(trouble, RuntimeTrouble) else "interrupted"
        if isinstance(trouble, RuntimeTrouble):
            self.failures[step] = trouble
        status = answer.status if isinstance(trouble, RuntimeTrouble) else "interrupted"
        commands = {"resume": self.resume, "replay": self._replay(step) if "replay" in more else ""}
        error = whole_failure({**answer.error, "message": said, **commands}, self.settings)
        self._end(step, answer, status, cached=False, error=error, **more)
        self._tell_done(step, status)

    def skipped(self, step: str, because: str) -> None:
        self.begin(step, {})
        self.record.end(self.entries[step], "skipped", because=because)
        self.tell(f"{step} ... skipped: it needs {because}")

    def trouble(
        self,
        step: str,
        answer: Answer,
        *,
        seconds: float | None,
        run_seconds: float | None,
        notes: Sequence[str] = (),
        can_replay: bool = False,
    ) -> RuntimeTrouble:
        """The failure as it reads. `seconds` is the step's limit; `run_seconds` the run's, when that was reached."""
        error, pipeline = answer.error, self.settings.name
        notes = [*notes, *notes_of(error)]
        notes += [f"to replay: {self._replay(step)}"] if can_replay else []
        notes += [f"to resume: {self.resume}"] if self.resume else []
        if answer.status == "timeout":
            notes = [f"it was in {described_place(error)}", *notes] if error.get("file") else notes
            if run_seconds is not None:
                return RunTimeout(pipeline=pipeline, step=step, seconds=run_seconds, notes=notes)
        return trouble_of(answer, pipeline=pipeline, step=step, seconds=seconds, notes=notes)

    def _replay(self, step: str) -> str:
        return shlex.join(["nb2prod", "replay", str(self.record.folder), step])

    def _end(self, step: str, answer: Answer, status: str, **found: Any) -> None:
        entry = self.entries[step]
        figures = [Path(file["path"]).name for file in answer.files if file["kind"] == "figure"]
        files = [dict(file) for file in answer.files if file["kind"] != "figure"]
        shown = {"metrics": dict(answer.metrics), "figures": figures, "files": files, "scores": list(answer.scores)}
        self.record.end(entry, status, **found, **{k: v for k, v in shown.items() if v}, **answer.measured)

    def _tell_done(self, step: str, note: str = "") -> None:
        line = f"{step} ... {self.entries[step].get('seconds', 0):.1f} s"
        self.tell(f"{line}  {note}".rstrip())


def trouble_of(
    answer: Answer, *, pipeline: str, step: str, seconds: float | None, notes: Sequence[str]
) -> StepTimeout | StepFailed:
    """What to raise for a step that has not completed. `seconds` is its limit."""
    error = answer.error
    if answer.status == "timeout":
        return StepTimeout(pipeline=pipeline, step=step, seconds=seconds or 0, notes=notes)
    return StepFailed(
        pipeline=pipeline,
        step=step,
        where=described_place(error),
        reason=str(error.get("reason", "")),
        notes=notes,
        cell=int(error.get("cell", 0)),
        line=int(error.get("line", 0)),
    )


def notes_of(error: Mapping[str, Any]) -> list[str]:
    """What is said under a failure of what went in."""
    inputs = error.get("inputs") or {}
    return [f"inputs: {', '.join(f'{name} {text}' for name, text in inputs.items())}"] if inputs else []


def was_lost(answer: Answer) -> bool:
    """Its process or its host went away: nothing that the step did, as far as anybody knows."""
    return answer.error.get("ending") in ("died", "lost")


def answer_is_worth(answer: Answer, policy: Policy) -> bool:
    """Whether it may go otherwise next time. `retry_on` may name how a process ended too: timeout, memory."""
    ended = {answer.error.get("ending"), answer.status if answer.status == "timeout" else None}
    return bool(ended & {*policy.retry_on}) or worth_retrying(answer.facts, policy)


def answer_of(ending: Ending) -> Answer:
    """A process that gave no answer, as one."""
    how = f"signal {ending.signal}" if ending.signal else f"code {ending.code}"
    reason = ending.message or _REASONS.get(ending.reason, f"its process ended with {how}")
    status = "timeout" if ending.reason == "timeout" else "failed"
    error = {"type": ending.reason, "reason": reason, "place": "its process", "ending": ending.reason}
    return Answer(status=status, error=error)
