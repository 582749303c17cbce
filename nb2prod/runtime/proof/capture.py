"""Running a package once, as verification does: what each step holds at its end, as fingerprints.

python -m nb2prod.runtime.proof.capture PACKAGE SRC LOCK ANSWER [isolated]    # paths start in the working directory
"""

import importlib
import json
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from nb2prod.runtime.proof.fingerprint import Fingerprint
from nb2prod.runtime.proof.isolated import IsolatedSteps, Launch, StepDied, launch_process
from nb2prod.runtime.proof.seeing import failure, seed_all, with_locals
from nb2prod.runtime.states import STATES

__all__ = ["ENVIRONMENT", "answer_of", "capture"]

T = TypeVar("T")
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


def main(arguments: list[str]) -> int:
    package, source, lock, answer, *how = arguments
    Path(answer).write_text(json.dumps(answer_of(package, source, lock, "".join(how))), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
