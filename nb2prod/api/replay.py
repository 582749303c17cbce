"""`nb2prod replay`: a failed step as a notebook, with what it was given and its cells in place."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any  # JSON

from nb2prod.analysis.build import build
from nb2prod.analysis.knowledge import knowledge_for
from nb2prod.api.replay_cells import ReplayCell, code_cell, digest_of, origin_cell, text_cell
from nb2prod.api.trace import stored_trace
from nb2prod.errors import Nb2ProdError, NotReplayable
from nb2prod.model.notebook import Notebook, RoleKind
from nb2prod.model.pipeline import Fragment, Pipeline, Step
from nb2prod.notebooks.read import notebook_data, read_notebook
from nb2prod.notebooks.roles import roles_of
from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.failures.replay import step_of
from nb2prod.runtime.files import read_json, write_json
from nb2prod.runtime.project import LOCK, SETTINGS, Settings, read_settings
from nb2prod.runtime.telling.measure import in_words
from nb2prod.targets.write import digest

__all__ = ["Replayed", "replay"]

_SECRET = re.compile(r"password|passwd|token|secret|api_?key|credential", re.IGNORECASE)
_IN_URL = re.compile(r"(\w+://[^\s:/@]*):[^\s@]+@")
_SHARED = {RoleKind.IMPORTS, RoleKind.FUNCTIONS}


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """`path` is the notebook; `failure` the sentence of the run; `notices` what it cannot show as it was."""

    path: Path
    project: Path
    failure: str
    notices: tuple[str, ...] = ()


def replay(
    run: str,
    step: str,
    output: Path | None = None,
    *,
    project: Path | None = None,
    runs: Path | None = None,
    store: str = "",
) -> Replayed:
    """Write the notebook to `output`, or to STEP.replay.ipynb. Raises NotReplayable and NotAProject."""
    folder, root = _found(run, project, runs, store)
    record = read_json(folder / "run.json", dict)
    try:
        failed = step_of(record, step)
        settings = read_settings(root, environment=str(record.get("environment", "")))
    except ProjectError as error:
        raise NotReplayable(str(error)) from error
    source = _Source.of(settings, step)
    path = output or Path(f"{step}.replay.ipynb")
    if path.exists() and output is None:
        raise NotReplayable(f"{path} is there already; remove it, or choose another name with -o")
    notices = (*_changed_since(settings, source), *_inputs_as_they_were(failed), *_data_elsewhere(settings, failed))
    case = _Case(source=source, failed=failed, folder=folder, root=root, path=path, notices=notices)
    head = {"format": 1, "project": str(root), "run": folder.name, "step": step, "notebook": str(source.original)}
    data = {
        "cells": [cell.data for cell in _cells(case)],
        "metadata": {**source.metadata, "nb2prod_replay": {**head, "resume": case.resume}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, data)
    except OSError as error:
        raise NotReplayable(f"cannot write {path}: {error.strerror}; choose another place with -o") from error
    message = str(failed.get("error", {}).get("message", "")).partition("\n")[0]
    return Replayed(path=path, project=root, failure=_hidden(message), notices=notices)


@dataclass(frozen=True, kw_only=True)
class _Source:
    """The notebook that the project keeps, and what was made of it; `original` is where the user works on it."""

    notebook: Notebook
    cells: Sequence[Mapping[str, Any]]
    metadata: Mapping[str, Any]
    pipeline: Pipeline
    step: Step
    original: Path
    file: str

    @classmethod
    def of(cls, settings: Settings, name: str) -> "_Source":
        lock = read_json(settings.root / LOCK, dict)
        about = lock.get("notebook", {})
        path = settings.root / about.get("path", "")
        try:
            notebook = replace(read_notebook(path), name=settings.notebook)
            known = knowledge_for(path)
            built = build(notebook, local=_modules_in(settings.workdir), trace=stored_trace(path), known=known)
        except Nb2ProdError as error:
            raise NotReplayable(f"the project's notebook cannot be used: {error}") from error
        steps = {str(each.name): each for each in built.pipeline.steps} if built.pipeline else {}
        known_as = name if name in steps else name.rpartition("-")[0]  # one that was called again is score-2
        if built.pipeline is None or known_as not in steps:
            raise NotReplayable(f"{path} gives no step '{name}' any more; convert the notebook again")
        data = notebook_data(path, notebook.text)
        return cls(
            notebook=notebook,
            cells=data["cells"],
            metadata={k: v for k, v in data["metadata"].items() if k in ("kernelspec", "language_info")},
            pipeline=built.pipeline,
            step=steps[known_as],
            original=settings.workdir / settings.notebook,
            file=str(lock.get("steps", {}).get(known_as, {}).get("file", "")),
        )


@dataclass(frozen=True, kw_only=True)
class _Case:
    """A failed step of a run, and the notebook that it becomes."""

    source: _Source
    failed: Mapping[str, Any]
    folder: Path
    root: Path
    path: Path
    notices: Sequence[str]

    @property
    def resume(self) -> str:
        known = self.failed.get("error", {}).get("resume")
        return _hidden(str(known or f"nb2prod run {self.root} --resume {self.folder.name}"))


def _cells(case: _Case) -> Iterator[ReplayCell]:
    """What it is about; the place; what steps share; the inputs; the step's own cells."""
    source, step = case.source, case.source.step
    roles = zip(source.notebook.cells, roles_of(source.notebook), strict=True)
    shared = [cell.number for cell, role in roles if role and role.kind in _SHARED]
    yield text_cell("about", _about(case))
    place = f"project={str(case.root)!r},\n    run={str(case.folder)!r},\n    step={case.failed['name']!r},\n"
    yield code_cell("place", f"from nb2prod.runtime.failures.replay import Replay\n\n_replay = Replay(\n    {place})")
    for number in shared:
        yield origin_cell(source.cells[number - 1], number)
    shown = {*shared, *step.cells}
    if support := _support(source, shared, shown):
        yield code_cell("support", support)
    yield code_cell("inputs", _loading(case.failed))
    if local := "\n\n".join(_told(each) for each in step.local if each.cell not in shown):
        yield code_cell("definitions", local)
    for number in step.cells:
        yield origin_cell(source.cells[number - 1], number)


def _about(case: _Case) -> str:
    error = case.failed.get("error", {})
    reason = str(error.get("reason") or error.get("message") or case.failed.get("status", ""))
    for name, given in case.failed["replay"]["inputs"].items():
        value = given.get("value")
        if _SECRET.search(name) and isinstance(value, str) and value:
            reason = reason.replace(value, "***")
    where = f" in cell {error['cell']}, line {error['line']}" if error.get("cell") else ""
    lines = [
        f"# Step `{case.failed['name']}` of run {case.folder.name}",
        f"It failed{where} of `{case.source.notebook.name}`:",
        "\n".join(f"    {line}" for line in _hidden(reason).splitlines()),
        "Run all cells: it fails again. Repair its cells below, run them from the one with the inputs, save, and take "
        "the change back into the notebook and into the project. What it completed is not computed again:",
        f"    nb2prod convert {case.path.name}\n    {case.resume}",
        *(f"**Note:** {notice}." for notice in case.notices),
    ]
    return "\n\n".join(lines)


def _support(source: _Source, shared: Sequence[int], shown: set[int]) -> str:
    """What the step stands on and no cell here has: imports, and functions of cells of other steps."""
    texts = "\n".join(["", *(source.notebook.cell(number).source for number in shared), ""])
    imports = [*source.pipeline.process, *source.pipeline.functions_imports, *source.step.imports]
    lines = [text for text in dict.fromkeys(imports) if f"\n{text}\n" not in texts]
    elsewhere = [each for each in source.pipeline.functions if each.cell not in shown] if source.step.functions else []
    parts = ["\n".join(lines)] if lines else []
    return "\n\n".join([*parts, *(_told(each) for each in elsewhere)])


def _told(fragment: Fragment) -> str:
    where = f"# of cell {fragment.cell}: change it there\n" if fragment.cell else ""
    return where + fragment.text.strip("\n")


def _loading(failed: Mapping[str, Any]) -> str:
    """Names are bound in the open, so that a reader sees what the step was given."""
    names = list(failed["replay"]["inputs"])
    shapes = failed.get("inputs", {})
    told = [f"#   {name}: {in_words(shapes[name])}" for name in names if shapes.get(name)]
    lines = ["# what the step was given, and the hidden state, as they were when it began", *told]
    begin = "_replay.begin(globals())"
    target = f"({names[0]},) = " if len(names) == 1 else f"{', '.join(names)} = " if names else ""
    return "\n".join([*lines, f"{target}{begin}"])


def _changed_since(settings: Settings, source: _Source) -> tuple[str, ...]:
    """What tells that these cells may not be what has failed."""
    lock = read_json(settings.root / LOCK, dict)
    notices = []
    path = settings.root / source.file
    if path.is_file() and digest(path.read_bytes().decode()) != lock.get("files", {}).get(source.file):
        notices.append(f"{source.file} was changed by hand, and these are the notebook's cells: compare them")
    if not source.original.is_file():
        notices.append(f"{source.original} is not there, so a change cannot be taken back to it")
        return tuple(notices)
    now = read_notebook(source.original)
    cells = {cell.number: digest_of(cell.source) for cell in now.cells}
    changed = [number for number in source.step.cells if cells.get(number) != _digest(source, number)]
    if changed:
        notices.append(
            f"cell {changed[0]} of {source.original.name} is not what was converted: convert it again before a change "
            "here can be taken back"
        )
    return tuple(notices)


def _digest(source: _Source, number: int) -> str:
    return digest_of(source.notebook.cell(number).source)


def _inputs_as_they_were(failed: Mapping[str, Any]) -> Iterator[str]:
    inputs = failed["replay"]["inputs"]
    late = [name for name, given in inputs.items() if given.get("late")]
    gone = {name: given["gone"] for name, given in inputs.items() if "gone" in given}
    if late:
        yield f"{', '.join(late)} was kept after the step had failed, and the step may have changed it before"
    for name, why in gone.items():
        yield f"{name} could not be kept ({why}); make it by hand"


def _data_elsewhere(settings: Settings, failed: Mapping[str, Any]) -> Iterator[str]:
    """A run fetched it; the notebook's cells have the path that they always had."""
    data = settings.tables.get("data", {})
    for name, given in failed["replay"]["inputs"].items():
        url = data.get(name, {}).get("url") if isinstance(data, dict) else None
        if url and "value" in given:
            yield _hidden(f"{name} was {url} for the run, and these cells look at {given['value']}: put it there first")


def _hidden(text: str) -> str:
    """Without what should not be read: passwords of URLs, and the values of secrets in the environment."""
    text = _IN_URL.sub(r"\1:***@", text)
    for name, value in os.environ.items():
        if _SECRET.search(name) and len(value) >= 4:
            text = text.replace(value, "***")
    return text


def _modules_in(folder: Path) -> frozenset[str]:
    from nb2prod.api.convert import modules_beside

    return modules_beside(folder)


def _found(run: str, project: Path | None, runs: Path | None, store: str) -> tuple[Path, Path]:
    """The folder of the record, and the project's."""
    known = Path(run) if (Path(run) / "run.json").is_file() else None
    here = project or (Path.cwd() if (Path.cwd() / SETTINGS).is_file() else None)
    try:
        places = [known, runs / run if runs else None, read_settings(here).runs / run if here else None]
    except ProjectError as error:
        raise NotReplayable(str(error)) from error
    folder = next((each for each in places if each and (each / "run.json").is_file()), None)
    entry: Path | None = None
    if folder is None:
        folder, entry = _in_store(run, store)
    folder = folder.resolve()
    recorded = read_json(folder / "run.json", dict).get("project", "")
    roots = [here, entry, Path(recorded) if recorded else None, folder.parent.parent]  # a daemon runs a copy of it
    root = next((each for each in roots if each and (each / LOCK).is_file()), None)
    if root is None:
        raise NotReplayable(f"the project of {folder} is not there any more; give its folder with --project")
    return folder, root.resolve()


def _in_store(run: str, url: str) -> tuple[Path, Path | None]:
    from nb2prod.store import open_store

    looked = "a folder with a run.json, a run of --project, or one that the store knows"
    try:
        with open_store(url) as store:
            found = store.run(run)
            records = [each.url for each in store.artifacts(run) if each.name.endswith("run.json")]
            folders = [Path(each.folder) for each in store.attempts(run) if each.folder]
            entry = Path(store.definition(found.definition_id).path)
    except Nb2ProdError as error:
        raise NotReplayable(f"there is no run '{run}': it is not {looked} ({error})") from error
    places = [*(Path(each).parent for each in records), *reversed(folders)]
    folder = next((each for each in places if (each / "run.json").is_file()), None)
    if folder is None:
        raise NotReplayable(f"run '{run}' has no record on this host; its folder was {places[:1] or 'never made'}")
    return folder, entry
