"""What becomes of a notebook: it fails by itself, is refused, is equal, or is different, which no notebook may be.

The package may also stop with an error where the notebook goes on: at a step that has to give a name which got no value
in this run, and which the notebook did not read either.

It is compared as a plain call of the pipeline, and with each step's arguments and results cut off from those of the
other steps, as they are when each step has a process of its own.
"""

import json
import signal
import sys
import tempfile
import types
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any  # values of notebooks

from law import sides
from law.sides import Values, in_a_child, isolated_differs, notebook_of

from nb2prod.analysis.build import Build, build
from nb2prod.model.notebook import Notebook
from nb2prod.model.pipeline import Pipeline
from nb2prod.targets.package import PLUGIN
from nb2prod.targets.write import write_project

__all__ = ["Outcome", "outcome_of"]

TARGET = replace(PLUGIN, formatted=dict)  # formatting changes no value and takes most of the time of a conversion
_END = " at the end"
_CODE = "code"  # a function, class or module: no value to compare


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`kind` is fails, refused, equal, stops, different or isolated; `details` are codes, or differences."""

    kind: str
    details: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()

    @property
    def is_wrong(self) -> bool:
        return self.kind in ("different", "isolated")


def outcome_of(cells: list[str]) -> Outcome:
    notebook = notebook_of(cells)
    built = build(notebook, environment={})
    try:
        theirs = in_a_child(partial(_notebook_values, notebook, built))
    except AssertionError as error:
        return Outcome(kind="fails", details=(_last_line(error),))
    if built.pipeline is None:
        errors = [finding for finding in built.findings if finding.severity == "error"]
        return Outcome(
            kind="refused",
            details=tuple(sorted({finding.code for finding in errors})),
            refusals=tuple(str(finding) for finding in errors),
        )
    _forget_deleted(built, theirs)
    wrong = _differences(notebook, built.pipeline, theirs)
    if wrong and wrong[0].startswith(("UnboundLocalError", "NameError")):
        return Outcome(kind="stops", details=tuple(wrong))
    if wrong:
        return Outcome(kind="different", details=tuple(wrong))
    wrong = _differences_apart(cells)
    return Outcome(kind="isolated" if wrong else "equal", details=tuple(wrong))


def _differences_apart(cells: list[str]) -> list[str]:
    """With each step in a process of its own; a value that cannot leave its process is said, and nothing is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return isolated_differs(cells, Path(folder), TARGET)
        except AssertionError as error:
            line = _last_line(error)
            return [] if "cannot leave its process" in line else [line]


def _forget_deleted(built: Build, theirs: Values) -> None:
    """A name that a later cell of its step deletes is not there when the step ends."""
    cells = {cell.number: cell.effects.deletes for cell in built.analysis.production}
    for step in built.pipeline.steps if built.pipeline else ():
        for name, last in step.touched:
            if any(name in cells[number] for number in step.cells if number > last):
                theirs[str(step.name)].pop(name, None)


def _differences(notebook: Notebook, pipeline: Pipeline, theirs: Values) -> list[str]:
    try:
        ours = in_a_child(partial(_package_values, notebook, pipeline))
    except AssertionError as error:
        return [_last_line(error)]
    maybe = {str(step.name): step.maybe for step in pipeline.steps}
    return [
        f"{step}: {name} is {values[name]}, not {theirs[step].get(name, 'gone')}"
        for step, values in ours.items()
        for name in values
        if not _is_same(values[name], theirs[step].get(name), theirs[step].get(_later(name)))
    ] + [
        f"{step}: {name} is missing"
        for step, values in theirs.items()
        for name in values
        if not name.endswith(_END) and values[name] != _CODE
        if name not in ours.get(step, {}) and name not in maybe[step]
    ]


def _is_same(ours: str, touched: str | None, at_end: str | None) -> bool:
    return ours in (touched, at_end) or touched == _CODE


def _later(name: str) -> str:
    return name + _END


def _described(objects: dict[str, Any]) -> dict[str, str]:
    """Not of functions that are wrapped, by a cache or so, nor where a class stands: that names a module."""
    told = sides.described({name: value for name, value in objects.items() if not hasattr(value, "__wrapped__")})
    return {name: text.replace("<locals>.", "") for name, text in told.items()}


def _last_line(error: AssertionError) -> str:
    return str(error).strip().rpartition("\n")[2]


# ---------------------------------------------------------------------- the two sides


def _notebook_values(notebook: Notebook, built: Build) -> Values:
    """Each name that a step touches, at the end of the last of its cells that touches it, and as the step ends.

    Where another step's cells stand between the two, either may be what the package has: which of the steps runs first
    is its own choice, where nothing depends on it.
    """
    signal.setitimer(signal.ITIMER_PROF, 4)  # of CPU time: a busy machine is no fault of the notebook
    sys.stderr = sys.stdout
    steps = built.pipeline.steps if built.pipeline else ()
    values: Values = {str(step.name): {} for step in steps}
    touched: dict[str, dict[str, Any]] = {str(step.name): {} for step in steps}
    skipped = {cell.number for cell in built.analysis.cells if cell.is_skipped}
    namespace: dict[str, Any] = {"__name__": "__main__"}
    sys.modules["__main__"] = types.ModuleType("__main__")
    for cell in notebook.code_cells:
        if cell.number in skipped:
            continue
        exec(compile(cell.source, f"cell {cell.number}", "exec"), namespace)
        for step in steps:
            names = [name for name, last in step.touched if last == cell.number and name in namespace]
            objects = {name: namespace[name] for name in names}
            touched[str(step.name)] |= objects
            values[str(step.name)] |= dict.fromkeys(objects, _CODE) | _described(objects)
            if cell.number == step.cells[-1]:
                told = _described(touched[str(step.name)])
                values[str(step.name)] |= {_later(name): text for name, text in told.items()}
    return values


def _package_values(notebook: Notebook, pipeline: Pipeline) -> Values:
    signal.setitimer(signal.ITIMER_PROF, 8)
    sys.stderr = sys.stdout
    project = TARGET.render(pipeline, notebook)
    with tempfile.TemporaryDirectory() as folder:  # apart, since notebooks look into the working directory
        write_project(project, Path(folder))
        sys.path.insert(0, str(Path(folder, "src")))
        package = __import__(f"{project.name}.pipeline", fromlist=["run"])
        parameters = __import__(f"{project.name}.parameters", fromlist=["Parameters"])
        touched = {str(step.name): {name for name, _ in step.touched} for step in pipeline.steps}
        values: Values = {}
        package.run(parameters.Parameters(), partial(_watched, touched, values))
    return json.loads(json.dumps(values))  # type: ignore[no-any-return]


def _watched(touched: dict[str, set[str]], values: Values, function: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a step, and note its local names as it ends."""

    def seen(frame: types.FrameType, event: str, _argument: Any) -> None:
        if event == "return" and frame.f_code is function.__code__:
            found = {name: value for name, value in frame.f_locals.items() if name in touched[function.__name__]}
            sys.setprofile(None)
            values[function.__name__] = _described(found)

    sys.setprofile(seen)
    try:
        return function(*args, **kwargs)
    finally:
        sys.setprofile(None)
