"""Kale: its cell tags, and its generated steps called as Kubeflow Pipelines would, each in a process of its own.

The generated file is executed as it stands, with stand-ins for the decorators of Kubeflow Pipelines and for the
kernel: a step's blocks run in an IPython shell, and the first error ends the step.
"""

import inspect
import shutil
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from side import Case, Shell, code, in_a_child, notebook, run_cells, run_command, values_of

_TAGS = {"parameters": "pipeline-parameters", "imports": "imports", "functions": "functions"}


def prepare() -> None:
    import kfp.kubernetes  # noqa: F401


def notebook_of(case: Case) -> dict[str, Any]:
    cells, steps = [], list[str]()
    for cell in case["cells"]:
        tags = [_TAGS[cell["kind"]] if not cell["step"] else f"step:{cell['step']}"]
        if cell["step"] and cell["step"] not in steps:
            tags += [f"prev:{steps[-1]}"] if steps else []
            steps.append(cell["step"])
        cells.append(code(cell["source"], *tags))
    return notebook(cells)


def convert(path: Path) -> None:
    from kale.cli import main

    sys.argv = ["kale", "--nb", path.name]
    run_command(main)


class Artifact:
    """A file that a step leaves, with what Kale notes about it."""

    def __init__(self, path: Path, metadata: dict[str, Any]) -> None:
        self.path = str(path)
        self.metadata = metadata


class Task:
    """A step that has run; what else Kubeflow Pipelines could be told about it is of no matter here."""

    def __init__(self, outputs: dict[str, Artifact]) -> None:
        self.outputs = outputs

    def __getattr__(self, _name: str) -> Callable[..., "Task"]:
        return lambda *_args, **_kwargs: self


class Steps:
    """Calls each component when the pipeline names it, in a child; keeps what the step `asked` told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.values: dict[str, Any] = {}

    def component(self, **_options: Any) -> Callable[[Callable[..., None]], Callable[..., Task]]:
        return lambda function: partial(self.run, function)

    def run(self, function: Callable[..., None], **given: Any) -> Task:
        place = self.folder / "artifacts" / function.__name__
        place.mkdir(parents=True)
        names = [name for name, one in inspect.signature(function).parameters.items() if one.default is one.empty]
        outputs = {name: Artifact(place / name, {}) for name in names if name not in given}
        shutil.rmtree(self.folder / "marshal", ignore_errors=True)  # a step's own container has none
        told, _cpu = in_a_child(self.folder, partial(_call, function, given, outputs))
        if "failed" in told:
            raise RuntimeError(f"{function.__name__}: {told['failed']}")
        for name, artifact in outputs.items():
            artifact.metadata = told["values"]["metadata"][name]
        self.values = told["values"]["asked"] or self.values
        return Task(outputs)


def _call(function: Callable[..., None], given: dict[str, Any], outputs: dict[str, Artifact]) -> dict[str, Any]:
    import kale.common.jputils

    shell = Shell()

    def run_code(blocks: Iterable[str], *_args: Any) -> str:
        run_cells(shell, blocks)
        return ""

    kale.common.jputils.run_code = run_code
    function(**given, **outputs)
    asked = values_of(shell.user_ns["asked"]) if function.__name__ == "asked_step" else None
    return {"metadata": {name: artifact.metadata for name, artifact in outputs.items()}, "asked": asked}


def run(folder: Path) -> dict[str, Any]:
    import kfp.dsl
    import kfp.kubernetes

    steps = Steps(folder)
    kfp.dsl.component = steps.component
    kfp.dsl.pipeline = lambda **_options: lambda function: function
    kfp.kubernetes.security_context.set_security_context = lambda **_options: None
    text = next((folder / ".kale").glob("*.kale.py")).read_text(encoding="utf-8")
    namespace: dict[str, Any] = {"__name__": "generated"}
    exec(compile(text.replace('"/tmp/marshal"', repr(str(folder / "marshal"))), "generated", "exec"), namespace)
    namespace["auto_generated_pipeline"]()
    if not steps.values:
        raise RuntimeError("no step is left that asks")
    return steps.values
