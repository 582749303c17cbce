"""Running a package once, as verification does: what each step holds at its end, as fingerprints.

python -m nb2prod.runtime.proof.capture PACKAGE SRC LOCK ANSWER [isolated]    # paths start in the working directory
"""

import importlib
import json
import random
import sys
import tempfile
import traceback
import types
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from nb2prod.runtime.proof.fingerprint import Fingerprint, fingerprint
from nb2prod.runtime.proof.isolated import IsolatedSteps, Launch, StepDied, launch_process
from nb2prod.runtime.state import unwarned
from nb2prod.runtime.states import STATES

__all__ = ["ENVIRONMENT", "SEED", "answer_of", "capture", "failure", "seed_all", "with_locals"]

T = TypeVar("T")
SEED = 20250101
# what both sides of a comparison start with
ENVIRONMENT = {"PYTHONHASHSEED": "0", "MPLBACKEND": "module://nb2prod.runtime.figures"}


class Call(Protocol):
    """Runs a step: what it gives, and the fingerprints of its variables as it returned."""

    def __call__(
        self, function: Callable[..., T], names: Iterable[str], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> tuple[T, dict[str, Fingerprint]]: ...


def capture(package: str, lock: Mapping[str, Any], call: Call | None = None) -> dict[str, dict[str, Fingerprint]]:
    """Run the package's pipeline with its own parameters: step → name → fingerprint at the end of the step."""
    run = importlib.import_module(f"{package}.pipeline").run
    parameters = importlib.import_module(f"{package}.parameters").Parameters()
    seen: dict[str, dict[str, Fingerprint]] = {}
    chosen = call or with_locals
    seed_all()

    def step(function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        name = function.__name__
        touched: Iterable[str] = lock["steps"].get(name, {}).get("touched", ())
        given, found = chosen(function, touched, args, kwargs)
        seen[name] = found
        return given

    run(parameters, step)
    return seen


def seed_all() -> None:
    """Both sides draw the same numbers where nobody set a seed."""
    random.seed(SEED)
    try:
        numpy = importlib.import_module("numpy")
    except ImportError:
        return
    numpy.random.seed(SEED)


def with_locals(
    function: Callable[..., T], names: Iterable[str], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[T, dict[str, Fingerprint]]:
    """Call a step in this process.

    The profiler sees the step begin and then goes, so that the step runs at full speed: its frame keeps the variables.
    """
    frames: list[types.FrameType] = []
    code = function.__code__  # a step is a plain function

    def entered(frame: types.FrameType, event: str, _argument: Any) -> None:
        if event == "call" and frame.f_code is code:
            sys.setprofile(None)
            frames.append(frame)

    sys.setprofile(entered)
    try:
        given = function(*args, **kwargs)
    finally:
        sys.setprofile(None)
    held = frames[0].f_locals if frames else {}
    with unwarned():
        return given, {name: fingerprint(held[name]) for name in names if name in held}


def answer_of(package: str, source: str, lock: str, how: str, launch: Launch = launch_process) -> dict[str, Any]:
    """What `main` writes. It puts the package onto this process's path; `launch` is of IsolatedSteps."""
    sys.path[:0] = [source, ""]  # a notebook imports from its folder too
    try:
        known = json.loads(Path(lock).read_text(encoding="utf-8"))
        if how == "isolated":
            return {"steps": _capture_isolated(package, source, known, launch)}
        return {"steps": capture(package, known)}
    except StepDied as died:
        return {"failed": str(died), **died.told}
    except (Exception, SystemExit) as error:  # the user's code may raise anything, and the caller reports it
        return failure(error, source)


def _capture_isolated(
    package: str, source: str, lock: Mapping[str, Any], launch: Launch
) -> dict[str, dict[str, Fingerprint]]:
    states = {token for entry in lock["steps"].values() for token in entry.get("state", ())}
    with tempfile.TemporaryDirectory() as folder:
        attributes = tuple(sorted(states - STATES.keys()))
        steps = IsolatedSteps(source=source, folder=Path(folder), attributes=attributes, launch=launch)
        return capture(package, lock, steps)


def failure(error: BaseException, source: str) -> dict[str, Any]:
    """The failure in words, with the last place in `source` that it came from."""
    told = traceback.extract_tb(error.__traceback__)
    inside = [frame for frame in told if frame.filename.startswith(source)]
    place = inside[-1] if inside else told[-1]
    where = {"file": place.filename, "line": place.lineno}
    return {"failed": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc(), **where}


def main(arguments: list[str]) -> int:
    package, source, lock, answer, *how = arguments
    Path(answer).write_text(json.dumps(answer_of(package, source, lock, "".join(how))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
