"""A worker small enough to see through: the step's function, called with the values that stand in the call."""

import importlib
import sys
from pathlib import Path

from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.steps.calls import Answer, StepCall


def prepare(_project: str, package: str, _environment: str, _workdir: str) -> None:
    importlib.import_module(f"{package}.pipeline")


def carry_out(call: StepCall) -> Answer:
    if call.function == "nowhere:nothing":
        raise ProjectError("there is no such project")
    module, _, name = call.function.partition(":")
    if call.project and call.project not in sys.path:
        sys.path.insert(0, call.project)
    function = getattr(importlib.import_module(module), name)
    inputs = {key: value["value"] for key, value in call.inputs.items() if "value" in value}
    try:
        return Answer(outputs={"result": function(**inputs)}, bundle=f"bundle-of-{call.step}")
    except KeyboardInterrupt:
        return Answer(status="interrupted")
    except Exception as error:
        return Answer(status="failed", error={"type": type(error).__name__, "reason": str(error)})


if __name__ == "__main__":
    file = Path(sys.argv[1])
    answer = carry_out(StepCall.from_json(file.read_text()))
    part = Path(f"{file}.part")
    part.write_text(answer.to_json())
    part.rename(f"{file}.answer")
