"""A pipeline as the files of a package."""

import hashlib
import json
import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import PurePosixPath
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from nb2prod.errors import ConversionRefused
from nb2prod.model.finding import Finding, Severity
from nb2prod.model.notebook import Notebook
from nb2prod.model.pipeline import Pipeline
from nb2prod.model.project import Project
from nb2prod.runtime.workcopy import levels_above
from nb2prod.targets.formatting import LINE_LENGTH, NotPython, format_files
from nb2prod.targets.lines import Origin, after_formatting, origins
from nb2prod.targets.lockfile import Lookup, installed, lock_lines
from nb2prod.targets.package.inference import inference_of
from nb2prod.targets.package.view import StepView, View, fragments_of, plain, view_of
from nb2prod.targets.write import FINGERPRINTS

_FILES = {
    "README.md": "README.md.j2",
    "pyproject.toml": "pyproject.toml.j2",
    "Dockerfile": "Dockerfile.j2",
    ".dockerignore": "dockerignore.j2",
    ".gitignore": "gitignore.j2",
    ".github/workflows/ci.yml": "ci.yml.j2",
    "pipeline.toml": "pipeline.toml.j2",
    "src/{name}/pipeline.py": "pipeline.py.j2",
    "src/{name}/parameters.py": "parameters.py.j2",
    "src/{name}/__main__.py": "main.py.j2",
    "tests/test_steps.py": "test_steps.py.j2",
    "tests/test_pipeline.py": "test_pipeline.py.j2",
}


@dataclass(frozen=True, kw_only=True)
class PackageTarget:
    """A folder with `pyproject.toml`, `src/` and `tests/`.

    workdir        where the code's relative paths start, relative to the project's folder
    recorded       the text of `tests/fingerprints.json`, "" when the notebook was not run
    trace          the text of the trace that the project was made with, "" for none
    version        of nb2prod that the project asks for, "" for this one
    distributions  what the project asks for besides
    formatted      gives the files as they are written
    """

    name: str = "package"
    summary: str = "a Python package with one module for each step"
    workdir: str = "notebooks"
    recorded: str = ""
    trace: str = ""
    version: str = ""
    distributions: Lookup = installed
    formatted: Callable[[dict[str, str]], dict[str, str]] = format_files

    def render(self, pipeline: Pipeline, notebook: Notebook) -> Project:
        view = view_of(pipeline)
        raw = self._render(view)
        try:
            done = self.formatted(raw)
        except NotPython as error:
            raise ConversionRefused(notebook.name, [_not_python(error, view, raw, notebook.name)]) from error
        done[f"notebooks/{pipeline.name}.ipynb"] = notebook.text
        if self.trace:
            done[f"notebooks/{pipeline.name}.trace.json"] = self.trace
        if self.recorded:
            done[FINGERPRINTS] = self.recorded
        done["nb2prod.lock.json"] = _lock(view, notebook, raw, done, self._version())
        return Project(name=pipeline.name, files=dict(sorted(done.items())))

    def _version(self) -> str:
        return self.version or version("nb2prod")

    def _render(self, view: View) -> dict[str, str]:
        requirements = [
            f"{r.distribution}=={r.version}" if r.version else r.distribution for r in view.pipeline.requirements
        ]
        common: dict[str, Any] = {
            "view": view,
            "name": str(view.pipeline.name),
            "workdir": self.workdir,
            "requirements": requirements,
            "recorded": bool(self.recorded),
            "version": self._version(),
            "line_length": LINE_LENGTH,
            "above": _above(view.pipeline),
        }
        files = _templates(view, common)
        lines = lock_lines([*requirements, f"nb2prod=={self._version()}"], self.distributions)
        files["requirements.lock"] = "".join(f"{line}\n" for line in lines)
        return files


PLUGIN = PackageTarget()


def _above(pipeline: Pipeline) -> str:
    """How a copy of the working folder is told of the folders above that the code looks into."""
    fragments = [*pipeline.functions, *(part for step in pipeline.steps for part in fragments_of(step))]
    paths = [source.url for source in pipeline.data]
    levels = levels_above("\n".join([*pipeline.process, *(part.text for part in fragments), *paths]))
    return f", levels={levels}" if levels else ""


def _templates(view: View, common: Mapping[str, Any]) -> dict[str, str]:
    name = view.pipeline.name
    environment = _environment()
    package = f"src/{name}"
    templates = {path.format(name=name): template for path, template in _FILES.items()}
    if view.functions:
        templates[f"{package}/functions.py"] = "functions.py.j2"
    files = {path: environment.get_template(source).render(common) for path, source in templates.items()}
    inference = inference_of(view)
    if inference:
        files[f"{package}/inference.py"] = environment.get_template("inference.py.j2").render(inference=inference)
    for step in view.steps:
        files[_file(name, step)] = environment.get_template("step.py.j2").render(step=step)
    files[f"{package}/__init__.py"] = f'"""{view.doc}"""\n'
    files[f"{package}/steps/__init__.py"] = environment.get_template("steps.py.j2").render(common)
    return files


def _not_python(error: NotPython, view: View, raw: Mapping[str, str], notebook: str) -> Finding:
    """The refusal for a file that would not be Python, at the cell where its line comes from."""
    places = {_file(view.pipeline.name, step): step for step in view.steps}
    cell, line = 0, 0
    if error.path in places:
        known = _origins(places[error.path], raw[error.path])
        cell, line = known.get(error.line, (places[error.path].step.cells[0], 0))
    message = f"{PurePosixPath(error.path).name} would not be Python in line {error.line}: {error.reason}"
    hint = "write the line so that it can stand in a function, or tag the cell `skip`"
    return Finding(
        code="NB219", severity=Severity.ERROR, message=message, hint=hint, cell=cell, line=line, notebook=notebook
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("nb2prod.targets.package"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,
    )
    environment.filters |= {"repr": repr, "toml": _toml, "key": _key, "markdown": _markdown, "code": _code}
    environment.filters |= {"shell": _shell, "image": _image}
    return environment


def _toml(text: str) -> str:
    return json.dumps(plain(text), ensure_ascii=False)


def _key(name: str) -> str:
    """TOML's bare keys are ASCII; Python's names need not be."""
    return str(name) if name.isascii() else _toml(name)


def _markdown(text: str) -> str:
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in plain(text))


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _shell(text: str) -> str:
    return shlex.quote(" ".join(text.split()))


def _image(name: str) -> str:
    """Docker's names are ASCII in lower case, and start and end with a letter or digit."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "pipeline"


def _file(name: str, step: StepView) -> str:
    return f"src/{name}/steps/{step.name}.py"


def _origins(step: StepView, raw: str) -> dict[int, Origin]:
    start = raw[: raw.index(f"\ndef {step.name}(")].count("\n") + 2
    return origins(fragments_of(step.step), raw, start)


def _lock(view: View, notebook: Notebook, raw: Mapping[str, str], done: Mapping[str, str], made_by: str) -> str:
    name = view.pipeline.name
    lines = {}
    for step in view.steps:
        path = _file(name, step)
        lines[path] = after_formatting(raw[path], done[path], _origins(step, raw[path]))
    lock = {
        "format": 1,
        "nb2prod": made_by,
        "package": name,
        "notebook": {
            "path": f"notebooks/{name}.ipynb",
            "name": notebook.name,
            "sha256": notebook.sha256,
        },
        "steps": {step.name: _step_entry(name, step) for step in view.steps},
        "lines": lines,
        "files": {path: hashlib.sha256(text.encode()).hexdigest() for path, text in sorted(done.items())},
    }
    return json.dumps(lock, indent=1, ensure_ascii=False) + "\n"


def _step_entry(name: str, step: StepView) -> dict[str, object]:
    return {
        "file": _file(name, step),
        "cells": list(step.step.cells),
        "touched": dict(step.step.touched),
        "maybe": list(step.step.maybe),
        "state": list(step.step.state),
        "after": list(step.step.after),
        "metrics": list(step.step.metrics),
        "data": {data.name: data.mode for data in step.step.data},
    }
