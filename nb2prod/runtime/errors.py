"""How a run can end otherwise than well. Each class builds its own sentence and knows its exit code."""

from collections.abc import Mapping, Sequence

__all__ = [
    "ExecutorLost",
    "OutputNotWritten",
    "ParameterError",
    "ProjectError",
    "RecordNotWritten",
    "ResultsNotKept",
    "RunTimeout",
    "RuntimeTrouble",
    "StepFailed",
    "StepTimeout",
]


class RuntimeTrouble(Exception):
    """The root of the runtime's exceptions; the text is a whole message for the user."""

    exit_code = 2


class ProjectError(RuntimeTrouble):
    """The project cannot be run as it is: nothing was started."""


class ParameterError(RuntimeTrouble):
    """A parameter that does not exist, or a value that does not fit it: nothing was started."""


class ExecutorLost(RuntimeTrouble):
    """Who carries steps out is gone, with its whole cluster; what was completed is in the artifacts."""

    exit_code = 3


class RecordNotWritten(RuntimeTrouble):
    """A run that nobody could look at afterwards is ended."""

    exit_code = 7

    def __init__(self, folder: object, reason: str, resume: str = "") -> None:
        text = f"cannot write the record of the run in {folder}: {reason}; make room there"
        super().__init__("\n".join([text, *([f"  to resume: {resume}"] if resume else [])]))


class ResultsNotKept(RuntimeTrouble):
    """A run whose values are right, and which left less than who resumes it or looks at it relies on."""

    exit_code = 7

    def __init__(self, *, pipeline: str, reasons: Mapping[str, str], resume: str = "") -> None:
        steps = ", ".join(f"'{step}'" for step in reasons)
        text = f"pipeline '{pipeline}' computed everything, but what {steps} gave could not be kept: "
        text += f"{next(iter(reasons.values()))}; make room there, or see that it can be reached"
        super().__init__("\n".join([text, *([f"  to resume: {resume}"] if resume else [])]))


class StepFailed(RuntimeTrouble):
    """`cell` and `line` are those of the notebook, from 1; 0 when they cannot be told."""

    exit_code = 3

    def __init__(
        self,
        *,
        pipeline: str,
        step: str,
        where: str,
        reason: str,
        notes: Sequence[str] = (),
        cell: int = 0,
        line: int = 0,
    ) -> None:
        text = f"step '{step}' of pipeline '{pipeline}' failed in {where}: {reason}"
        super().__init__("\n".join([text, *(f"  {note}" for note in notes)]))
        self.step, self.reason, self.cell, self.line = step, reason, cell, line


class StepTimeout(RuntimeTrouble):
    exit_code = 4

    def __init__(self, *, pipeline: str, step: str, seconds: float, notes: Sequence[str] = ()) -> None:
        text = f"step '{step}' of pipeline '{pipeline}' took longer than its timeout of {seconds:g} s"
        super().__init__("\n".join([text, *(f"  {note}" for note in notes)]))
        self.step, self.seconds = step, seconds


class RunTimeout(RuntimeTrouble):
    exit_code = 4

    def __init__(self, *, pipeline: str, step: str, seconds: float, notes: Sequence[str] = ()) -> None:
        where = step if " " in step else f"step '{step}'"
        text = f"pipeline '{pipeline}' took longer than its timeout of {seconds:g} s; it was in {where}"
        super().__init__("\n".join([text, *(f"  {note}" for note in notes)]))
        self.step, self.seconds = step, seconds


class OutputNotWritten(RuntimeTrouble):
    """The steps have completed, and what the pipeline gives could not be written where pipeline.toml wants it."""

    exit_code = 3

    def __init__(self, *, pipeline: str, output: str, place: str, reason: str) -> None:
        super().__init__(f"result '{output}' of pipeline '{pipeline}' could not be written to {place}: {reason}")
        self.output, self.reason = output, reason
