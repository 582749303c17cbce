"""A pipeline as the files of a package."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from nb2prod.model.notebook import Notebook
from nb2prod.model.pipeline import Pipeline
from nb2prod.model.project import Project
from nb2prod.targets.formatting import format_files
from nb2prod.targets.lines import after_formatting, origins
from nb2prod.targets.package.inference import inference_of
from nb2prod.targets.package.view import StepView, View, fragments_of, view_of
from nb2prod.targets.write import FINGERPRINTS

_FILES = {
    "README.md": "README.md.j2",
    "pyproject.toml": "pyproject.toml.j2",
    "Dockerfile": "Dockerfile.j2",
    ".dockerignore": "dockerignore.j2",
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
    """`workdir` is where the code's relative paths start, relative to the project's folder. `recorded` is the text of
    `tests/fingerprints.json`, "" when the notebook was not run."""

    name: str = "package"
    summary: str = "a Python package with one module for each step"
    workdir: str = "notebooks"
    recorded: str = ""

    def render(self, pipeline: Pipeline, notebook: Notebook) -> Project:
        view = view_of(pipeline)
        raw = _render(view, self.workdir, recorded=bool(self.recorded))
        done = format_files(raw)
        done[f"notebooks/{pipeline.name}.ipynb"] = notebook.text
        if self.recorded:
            done[FINGERPRINTS] = self.recorded
        done["nb2prod.lock.json"] = _lock(view, notebook, raw, done)
        return Project(name=pipeline.name, files=dict(sorted(done.items())))


PLUGIN = PackageTarget()


def _render(view: View, workdir: str, *, recorded: bool) -> dict[str, str]:
    name = view.pipeline.name
    requirements = [
        f"{r.distribution}=={r.version}" if r.version else r.distribution for r in view.pipeline.requirements
    ]
    environment = _environment()
    common: dict[str, Any] = {"view": view, "name": str(name), "workdir": workdir, "requirements": requirements}
    common["recorded"] = recorded
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
    files[f"{package}/steps/__init__.py"] = '"""The steps: one module, one function each."""\n'
    files["requirements.lock"] = "".join(f"{line}\n" for line in requirements)
    return files


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("nb2prod.targets.package"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,
    )
    environment.filters |= {"repr": repr, "toml": _toml, "key": _key, "markdown": _markdown}
    return environment


def _toml(text: str) -> str:
    return json.dumps(" ".join(text.split()) if "\n" in text else text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    """TOML's bare keys are ASCII; Python's names need not be."""
    return str(name) if name.isascii() else _toml(name)


def _markdown(text: str) -> str:
    plain = " ".join(text.split())
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in plain)


def _file(name: str, step: StepView) -> str:
    return f"src/{name}/steps/{step.name}.py"


def _lock(view: View, notebook: Notebook, raw: Mapping[str, str], done: Mapping[str, str]) -> str:
    name = view.pipeline.name
    lines = {}
    for step in view.steps:
        path = _file(name, step)
        start = raw[path][: raw[path].index(f"\ndef {step.name}(")].count("\n") + 2
        lines[path] = after_formatting(raw[path], done[path], origins(fragments_of(step.step), raw[path], start))
    lock = {
        "format": 1,
        "nb2prod": version("nb2prod"),
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
        "metrics": list(step.step.metrics),
    }
