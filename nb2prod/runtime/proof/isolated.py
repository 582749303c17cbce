"""Each step in a process of its own: what it needs goes in as a bundle, what it gives and leaves comes out as one.

python -m nb2prod.runtime.proof.isolated FOLDER    # `call` in the folder is read; `answer`, else `failed`, is written
"""

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar  # Any: a step's values

from nb2prod.runtime import state
from nb2prod.runtime.proof.fingerprint import Fingerprint
from nb2prod.runtime.proof.seeing import failure, seed_all, with_locals
from nb2prod.runtime.results.bundles import NotPortable, dumps, loads
from nb2prod.runtime.states import STATES
from nb2prod.runtime.telling.measure import inputs_of

__all__ = ["IsolatedSteps", "Launch", "StepDied", "launch_process", "main"]

T = TypeVar("T")
Launch = Callable[[Path], int]


class StepDied(Exception):
    """A step's process did not answer. `told` has the failure with file and line, when there was one to tell."""

    def __init__(self, reason: str, told: Mapping[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.told = told or {}


@dataclass(kw_only=True)
class IsolatedSteps:
    """Runs steps one after the other, each in a fresh process in the working directory; used as capture's `call`.

    Hidden state goes from step to step with the values: what each left different from what it found. `attributes` are
    the tokens of assigned attributes that the pipeline declares. `launch` makes the process for a call's folder.
    """

    source: str
    folder: Path
    launch: Launch = field(default_factory=lambda: launch_process)
    attributes: tuple[str, ...] = ()
    carried: dict[str, object] = field(default_factory=dict)
    count: int = 0

    def __call__(
        self, function: Callable[..., T], names: Iterable[str], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[T, dict[str, Fingerprint]]:
        """Raises StepDied."""
        self.count += 1
        place = self.folder / str(self.count)
        place.mkdir()
        call = {
            "source": self.source,
            "module": function.__module__,
            "function": function.__name__,
            "names": list(names),
            "states": [*STATES, *self.attributes],
        }
        (place / "call.json").write_text(json.dumps(call), encoding="utf-8")
        (place / "values").write_bytes(self._packed(function, args, kwargs))
        self._run(place)
        given, left = loads((place / "given").read_bytes(), function)
        for name, value in left.items():
            self.carried[name] = _merged(self.carried.get(name), value)
        found: dict[str, Fingerprint] = json.loads((place / "answer.json").read_text(encoding="utf-8"))
        return given, found

    def _packed(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bytes:
        """One bundle, so that values which share an object share it there too."""
        try:
            return dumps((args, dict(kwargs), self.carried))
        except NotPortable:
            for name, value in inputs_of(function, args, kwargs).items():
                _check(function, f"input '{name}'", value)
            raise

    def _run(self, place: Path) -> None:
        code = self.launch(place)
        failed = place / "failed.json"
        if failed.is_file():
            told = json.loads(failed.read_text(encoding="utf-8"))
            raise StepDied(told["failed"], told)
        if code:
            log = place / "log"
            said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.is_file() else []
            raise StepDied(f"the process of a step died: {said[-1] if said else f'exit code {code}'}")


def launch_process(place: Path) -> int:
    """A fresh interpreter; what it started ends with it."""
    command = [sys.executable, "-P", "-m", "nb2prod.runtime.proof.isolated", str(place)]
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            return process.wait()
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _merged(old: object, new: object) -> object:
    return {**old, **new} if isinstance(old, dict) and isinstance(new, dict) else new


def _check(function: Callable[..., Any], what: str, value: object) -> None:
    try:
        dumps(value)
    except NotPortable as error:
        raise StepDied(f"{what} of step '{function.__name__}' cannot leave its process ({error})") from error


def answer(place: Path, call: Mapping[str, Any]) -> None:
    """The child's side: run the step as the call says, in this process."""
    sys.path[:0] = [call["source"], ""]
    seed_all()
    importlib.import_module(f"{call['module'].partition('.')[0]}.pipeline")  # all that a process of a run imports
    function = getattr(importlib.import_module(call["module"]), call["function"])
    args, kwargs, carried = loads((place / "values").read_bytes(), function)
    state.restore(carried)
    before = state.capture(call["states"])
    given, found = with_locals(function, call["names"], args, kwargs)
    after = state.capture(call["states"])
    was, now = state.digests(before), state.digests(after)
    changed = {name: value for name, value in after.items() if was.get(name) != now[name]}
    left = {name: state.difference(name, before.get(name), value) for name, value in changed.items()}
    with state.unwarned():
        (place / "given").write_bytes(_given(function, given, left))
    (place / "answer.json").write_text(json.dumps(found), encoding="utf-8")


def _given(function: Callable[..., Any], given: Any, left: Mapping[str, object]) -> bytes:
    try:
        return dumps((given, left))
    except NotPortable:
        values = given._asdict() if hasattr(given, "_asdict") else {"result": given}
        for name, value in values.items():
            _check(function, f"output '{name}'", value)
        for name, value in left.items():
            _check(function, f"'{name}'", value)
        raise


def main(arguments: list[str]) -> int:
    place = Path(arguments[0])
    call = json.loads((place / "call.json").read_text(encoding="utf-8"))
    try:
        answer(place, call)
    except (Exception, SystemExit) as error:  # the user's code may raise anything, and the caller reports it
        (place / "failed.json").write_text(json.dumps(failure(error, call["source"])), encoding="utf-8")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
