"""A worker small enough to see through: the step's function, called with the values that stand in the call."""

import importlib
import os
import sys
from pathlib import Path

from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.failures.attempts import Expired, deadline
from nb2prod.runtime.steps.calls import Answer, StepCall
from nb2prod.runtime.steps.worker import tell_guard


def prepare(_project: str, package: str, *_: str) -> None:
    importlib.import_module(f"{package}.pipeline")


__all__ = ["carry_out", "prepare", "tell_guard"]


def carry_out(call: StepCall) -> Answer:
    if call.function == "nowhere:nothing":
        raise ProjectError("there is no such project")
    module, _, name = call.function.partition(":")
    if call.project and call.project not in sys.path:
        sys.path.insert(0, call.project)
    function = getattr(importlib.import_module(module), name)
    inputs = {key: value["value"] for key, value in call.inputs.items() if "value" in value}
    try:
        with deadline(call.timeout):
            given = function(**inputs)
        return Answer(outputs={"result": given}, bundle=f"bundle-of-{call.step}")
    except Expired:
        return Answer(status="timeout")
    except KeyboardInterrupt:
        return Answer(status="interrupted")
    except Exception as error:
        return Answer(status="failed", error={"type": type(error).__name__, "reason": str(error)})


if __name__ == "__main__":
    if "NB2PROD_GUARD" in os.environ:
        tell_guard(int(os.environ["NB2PROD_GUARD"]))
    file = Path(sys.argv[1])
    answer = carry_out(StepCall.from_json(file.read_text()))
    part = Path(f"{file}.part")
    part.write_text(answer.to_json())
    part.rename(f"{file}.answer")
