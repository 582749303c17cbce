"""How the steps of a run go, told to its record and to the user; and how a failure reads."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any  # JSON

from nb2prod.runtime.errors import RunTimeout, RuntimeTrouble, StepFailed, StepTimeout
from nb2prod.runtime.failure import described_place
from nb2prod.runtime.project import Settings
from nb2prod.runtime.record import Record
from nb2prod.runtime.steps.calls import Answer, Ending

__all__ = ["Ledger", "answer_of", "notes_of"]

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

    def begin(self, step: str, inputs: Mapping[str, Any]) -> None:
        if step in self.entries:  # it is tried again
            self.entries[step]["inputs"] = inputs
            return
        self.entries[step] = self.record.begin(step, inputs)

    def retried(self, step: str, attempt: int, tries: int, reason: str, seconds: float) -> None:
        self.entries[step]["attempts"] = attempt
        self.record.event("step.retried", step=step, attempt=attempt, error=reason)
        self.tell(f"{step}: {reason}; attempt {attempt} of {tries} in {seconds:.1f} s")

    def heard(self, event: Mapping[str, Any]) -> None:
        """What a step says while it runs."""
        if event.get("event") == "metric":
            self.entries[event["step"]].setdefault("metrics", {})[event["metric"]] = event["value"]
        more = {key: value for key, value in event.items() if key != "event"}
        self.record.event(str(event["event"]), **more)

    def completed(self, step: str, answer: Answer, **more: Any) -> None:
        found: dict[str, Any] = {"from_run": answer.from_run} if answer.cached else {}
        found |= {"uncacheable": answer.uncacheable} if answer.uncacheable else {}
        self._end(step, answer, "completed", cached=answer.cached, outputs=answer.outputs, **found, **more)
        self._tell_done(step, "(cache)" if answer.cached else "")

    def failed(self, step: str, answer: Answer, trouble: BaseException, **more: Any) -> None:
        """Also for one that was interrupted, whose `trouble` is not ours."""
        said = str(trouble) if isinstance(trouble, RuntimeTrouble) else "interrupted"
        if isinstance(trouble, RuntimeTrouble):
            self.failures[step] = trouble
        status = answer.status if isinstance(trouble, RuntimeTrouble) else "interrupted"
        self._end(step, answer, status, cached=False, error={"message": said, **answer.error}, **more)
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
    ) -> RuntimeTrouble:
        """The failure as it reads. `seconds` is the step's limit; `run_seconds` the run's, when that was reached."""
        error, pipeline = answer.error, self.settings.name
        notes = [*notes, *notes_of(error)]
        notes += [f"to resume: {self.resume}"] if self.resume else []
        if answer.status == "timeout":
            notes = [f"it was in {described_place(error)}", *notes] if error.get("file") else notes
            if run_seconds is not None:
                return RunTimeout(pipeline=pipeline, step=step, seconds=run_seconds, notes=notes)
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

    def log(self, step: str) -> Path:
        return self.record.folder / "logs" / f"{step}.log"

    def _end(self, step: str, answer: Answer, status: str, **found: Any) -> None:
        entry = self.entries[step]
        for name, value in answer.metrics.items():
            entry.setdefault("metrics", {})[name] = value
        self.record.end(entry, status, **found, **answer.measured)

    def _tell_done(self, step: str, note: str = "") -> None:
        line = f"{step} ... {self.entries[step].get('seconds', 0):.1f} s"
        self.tell(f"{line}  {note}".rstrip())


def notes_of(error: Mapping[str, Any]) -> list[str]:
    """What is said under a failure of what went in."""
    inputs = error.get("inputs") or {}
    return [f"inputs: {', '.join(f'{name} {text}' for name, text in inputs.items())}"] if inputs else []


def answer_of(ending: Ending) -> Answer:
    """A process that gave no answer, as one."""
    how = f"signal {ending.signal}" if ending.signal else f"code {ending.code}"
    reason = ending.message or _REASONS.get(ending.reason, f"its process ended with {how}")
    status = "timeout" if ending.reason == "timeout" else "failed"
    error = {"type": ending.reason, "reason": reason, "place": "its process", "ending": ending.reason}
    return Answer(status=status, error=error)
