"""The law: a notebook's cells in an IPython shell, its package with a step that just calls, and the same values.

Each side runs in a forked child in an empty folder of its own, so that no case sees another's state.
"""

import json
import os
import random
import re
import signal
import sys
import tempfile
import traceback
import types
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from nb2prod.analysis.build import Build, build
from nb2prod.model.notebook import Cell, CellKind, Notebook
from nb2prod.runtime.proof.capture import capture
from nb2prod.runtime.recorded import names_that_differ
from nb2prod.runtime.states import STATES
from nb2prod.targets.package import PLUGIN
from nb2prod.targets.package.render import PackageTarget
from nb2prod.targets.write import LOCK, write_project

Values = dict[str, dict[str, Any]]  # step → name → value as text, or its fingerprint


def notebook_of(cells: list[str]) -> Notebook:
    """Each cell is a step of its own, but those that say otherwise in a first line `# tags: …`."""
    return Notebook(name="example.ipynb", cells=tuple(_cell(number, source) for number, source in enumerate(cells, 1)))


def _cell(number: int, source: str) -> Cell:
    tags = (
        source.split("\n")[0].removeprefix("# tags:").split() if source.startswith("# tags:") else [f"step:s{number}"]
    )
    return Cell(number=number, kind=CellKind.CODE, source=source, tags=tuple(tags))


def differences(cells: list[str]) -> list[str]:
    """The codes of what refuses the notebook; else a line for each value that is not the notebook's."""
    notebook = notebook_of(cells)
    built = build(notebook)
    if built.pipeline is None:
        return sorted({finding.code for finding in built.findings if finding.severity == "error"})
    maybe = {str(step.name): step.maybe for step in built.pipeline.steps}
    ours = in_a_child(lambda: run_package(notebook, built))
    theirs = in_a_child(lambda: run_cells(notebook, built))
    return [
        f"{step}: {name} is {value}, not {theirs[step].get(name, 'gone')}"
        for step, values in ours.items()
        for name, value in values.items()
        if theirs[step].get(name) != value
    ] + [
        f"{step}: {name} is missing"
        for step, values in theirs.items()
        for name in values
        if name not in ours.get(step, {}) and name not in maybe[step]
    ]


def runs_differ(cells: list[str], folder: Path) -> list[str]:
    """Run the package by a plain call and twice by the runner, the second time from its cache; where results differ."""
    notebook = notebook_of(cells)
    built = build(notebook)
    if built.pipeline is None:
        return []
    write_project(PLUGIN.render(built.pipeline, notebook), folder / "project")
    plain, cold, warm = (in_a_child(partial(run_by, folder, how)) for how in ("call", "runner", "runner"))
    return [
        f"{when}: {name} is {found['results'].get(name)}, not {value}"
        for when, found in (("cold", cold), ("warm", warm))
        for name, value in plain["results"].items()
        if found["results"].get(name) != value
    ]


def run_by(folder: Path, how: str) -> Values:
    """The Results of one run, in words."""
    from nb2prod.runtime.running.program import run_project

    os.chdir(folder / "project" / "notebooks")
    sys.path.insert(0, str(folder / "project" / "src"))
    pipeline: Any = __import__("example.pipeline", fromlist=["run"])
    run, found = pipeline.run, Values()

    def kept(parameters: Any, step: Any) -> Any:
        results = run(parameters, step)
        found["results"] = described(results._asdict())
        return results

    pipeline.run = kept
    if how == "call":
        parameters = __import__("example.parameters", fromlist=["Parameters"]).Parameters()
        kept(parameters, lambda function, *args, **kwargs: function(*args, **kwargs))
    elif run_project([str(folder / "project")]) != 0:
        raise AssertionError("the run failed")
    return found


def isolated_differs(cells: list[str], folder: Path, target: PackageTarget = PLUGIN) -> list[str]:
    """Run the package in one process, and with each step in a process of its own; where values differ."""
    notebook = notebook_of(cells)
    built = build(notebook)
    if built.pipeline is None:
        return []
    write_project(target.render(built.pipeline, notebook), folder / "project")
    together, apart = (in_a_child(partial(captured, folder, how)) for how in ("together", "apart"))
    lock = json.loads((folder / "project" / LOCK).read_text(encoding="utf-8"))
    return [
        f"{step}: {name}: {reason}"
        for step, values in together.items()
        for name, reason in names_that_differ(apart[step], values, lock["steps"].get(step, {}))
    ]


def captured(folder: Path, how: str) -> Values:
    """Fingerprints of every name of every step."""
    from nb2prod.runtime.proof.isolated import IsolatedSteps

    source = str(folder / "project" / "src")
    lock = json.loads((folder / "project" / LOCK).read_text(encoding="utf-8"))
    sys.path.insert(0, source)
    calls = Path(tempfile.mkdtemp(dir=folder))
    states = sorted({state for entry in lock["steps"].values() for state in entry["state"]} - STATES.keys())
    steps = IsolatedSteps(source=source, folder=calls, attributes=tuple(states), launch=launch_fork)
    return capture("example", lock, steps if how == "apart" else None)


def launch_fork(place: Path) -> int:
    """Instead of a fresh interpreter, a child of this process, which never runs a step: the same, without the wait."""
    from nb2prod.runtime.proof.isolated import main

    child = os.fork()
    if child == 0:
        try:
            os._exit(main([str(place)]))
        finally:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def in_a_child(side: Callable[[], Values]) -> Values:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os._exit(_answer(side, writer))
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    answer: dict[str, Any] = json.loads(text) if text else {"failed": "the process died"}
    if "failed" in answer:
        raise AssertionError(answer["failed"])
    found: Values = answer["values"]
    return found


def _answer(side: Callable[[], Values], writer: int) -> int:
    signal.alarm(240)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 (the process ends with it)
        warnings.simplefilter("ignore")
        random.seed(0)
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(0)
        try:
            text = json.dumps({"values": side()})
        except BaseException:
            text = json.dumps({"failed": traceback.format_exc()})
        with os.fdopen(writer, "w") as pipe:
            pipe.write(text)
        os.chdir("/")
    return 0


def run_cells(notebook: Notebook, built: Build) -> Values:
    """Each name that a step touches, at the end of the last of its cells that touches it."""
    from IPython.core.interactiveshell import InteractiveShell

    assert built.pipeline is not None
    shell = InteractiveShell()  # type: ignore[no-untyped-call]
    values: Values = {step.name: {} for step in built.pipeline.steps}
    skipped = {cell.number for cell in built.analysis.cells if cell.is_skipped}
    for cell in notebook.code_cells:
        if cell.number in skipped:
            continue
        shell.run_cell(cell.source, store_history=True).raise_error()  # type: ignore[no-untyped-call]
        for step in built.pipeline.steps:
            names = [name for name, last in step.touched if last == cell.number and name in shell.user_ns]
            values[step.name] |= described({name: shell.user_ns[name] for name in names})
    return values


def run_package(notebook: Notebook, built: Build) -> Values:
    assert built.pipeline is not None
    project = PLUGIN.render(built.pipeline, notebook)
    write_project(project, Path("project"))
    sys.path.insert(0, str(Path("project/src").resolve()))
    package = __import__(f"{project.name}.pipeline", fromlist=["run"])
    parameters = __import__(f"{project.name}.parameters", fromlist=["Parameters"])
    touched = {str(step.name): {name for name, _ in step.touched} for step in built.pipeline.steps}
    values: Values = {}

    def call(function: Any, /, *args: Any, **kwargs: Any) -> Any:
        def seen(frame: types.FrameType, event: str, _argument: Any) -> None:
            if event == "return" and frame.f_code is function.__code__:
                found = {name: value for name, value in frame.f_locals.items() if name in touched[function.__name__]}
                values[function.__name__] = described(found)

        sys.setprofile(seen)
        try:
            return function(*args, **kwargs)
        finally:
            sys.setprofile(None)

    package.run(parameters.Parameters(), call)
    return values


def described(values: dict[str, Any]) -> dict[str, str]:
    told = {name: _text(value) for name, value in values.items()}
    return {name: text for name, text in told.items() if text}


def _text(value: Any, depth: int = 0) -> str:
    """The value in words that know no address and no module; nothing for code, which is not a value."""
    if isinstance(value, type | types.ModuleType) or (callable(value) and not hasattr(value, "__dict__")):
        return ""
    if isinstance(value, types.FunctionType | types.MethodType | types.BuiltinMethodType):
        return ""
    if type(value).__name__ in ("Generator", "RandomState"):
        return str(value.__getstate__() if type(value).__name__ == "RandomState" else value.bit_generator.state)
    shows_itself: object = type(value).__repr__
    if shows_itself is object.__repr__ and depth < 5:
        inside = {name: _text(part, depth + 1) for name, part in getattr(value, "__dict__", {}).items()}
        return f"{type(value).__name__}{inside}"
    return re.sub(r" at 0x[0-9A-Fa-f]+|\b(example|__main__)\.(\w+\.)*|\w+\.<locals>\.", "", repr(value))
