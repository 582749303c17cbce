"""`nb2prod export`: a project as files for somebody else's orchestrator."""

import difflib
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nb2prod.errors import InvalidOption, NotAProject, ParameterRefused
from nb2prod.execution.environments import python_of
from nb2prod.execution.projects import project_settings, project_specs
from nb2prod.model.job import Cron
from nb2prod.runtime.errors import ParameterError
from nb2prod.runtime.parameters import Spec, coerce
from nb2prod.runtime.project import Settings
from nb2prod.runtime.running.graph import Graph
from nb2prod.scheduler import cron
from nb2prod.targets.exports.base import Export, ExportOrder, ExportTarget, Note, all_targets
from nb2prod.targets.exports.write import write_export

__all__ = ["ExportOptions", "Exported", "export", "order_of", "target_named"]

_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*(:[A-Za-z0-9._/-]+)*(@[A-Za-z0-9:]+)?")
_SECONDS = 120.0  # the import of a project's libraries may take long on a cold disk


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """What a target may be told besides the project. `python` is a path, of a virtual environment too; "" is ours."""

    schedule: str = ""
    timezone: str = "UTC"
    image: str = ""
    artifacts: str = ""
    environment: str = ""
    python: str = ""


@dataclass(frozen=True, kw_only=True)
class Exported:
    """`written` and `removed` are paths in `folder`; a file that was as it should be is in neither."""

    folder: Path
    files: tuple[str, ...]
    written: tuple[str, ...]
    removed: tuple[str, ...]
    notes: tuple[Note, ...]


_PLAIN = ExportOptions()


def export(
    project: Path,
    to: str,
    folder: Path,
    parameters: Mapping[str, object],
    *,
    options: ExportOptions = _PLAIN,
    allow_unmapped: bool = False,
    force: bool = False,
) -> Exported:
    """Write what the target makes of the project to `folder`; nothing is written when anything is refused.

    Raises InvalidOption, NotAProject, ParameterRefused, BadTrigger, and FolderNotOurs for a file that somebody else
    wrote or changed, unless `force`.
    """
    target = target_named(to)
    order = order_of(project, parameters, options=options, folder=folder)
    made = target.render(order)
    _check_notes(target, made, allow_unmapped=allow_unmapped)
    changed = write_export(made.files, folder, owner=f"{target.name}:{order.package}", force=force)
    return Exported(
        folder=folder,
        files=tuple(sorted(made.files)),
        written=changed.written,
        removed=changed.removed,
        notes=made.notes,
    )


def target_named(name: str) -> ExportTarget:
    known = {target.name: target for target in reversed(all_targets())}  # ours come first, and keep their names
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, n=1)
    there = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(sorted(known))}"
    raise InvalidOption("--to", f"there is no target {name!r}; {there}")


def order_of(
    project: Path, parameters: Mapping[str, object], *, options: ExportOptions = _PLAIN, folder: Path | None = None
) -> ExportOrder:
    """All that a target is given, checked. The project is imported in a process of its own Python."""
    settings = project_settings(project, options.environment)
    specs = project_specs(settings)
    texts, values = _parameters(parameters, specs)
    schedule = _schedule(options)
    python = _python(options.python)
    return ExportOrder(
        graph=_graph(settings, python),
        settings=settings,
        specs=specs,
        schedule=schedule,
        image=_image(options.image),
        artifacts=_clean("--artifacts", options.artifacts) or settings.artifacts,
        parameters=texts,
        values=values,
        python=python,
        folder=(folder or Path()).absolute(),
    )


def _check_notes(target: ExportTarget, made: Export, *, allow_unmapped: bool) -> None:
    unsafe = [note for note in made.notes if note.unsafe]
    if unsafe and not allow_unmapped:
        told = "".join(f"\n    {note}" for note in unsafe)
        raise InvalidOption(
            f"--to {target.name}",
            f"what cannot be carried over changes results or safety; nothing was written:{told}"
            "\n  to go on all the same: --allow-unmapped",
        )


def _parameters(given: Mapping[str, object], specs: tuple[Spec, ...]) -> tuple[dict[str, str], dict[str, object]]:
    """As texts that `-p` takes, and as values. Raises ParameterRefused for one that no text stands for."""
    texts = {name: value if isinstance(value, str) else repr(value) for name, value in given.items()}
    try:
        values = coerce(given, specs)
        read = coerce(texts, specs)
    except ParameterError as error:
        raise ParameterRefused(str(error)) from error
    for name, text in texts.items():
        if repr(read[name]) != repr(values[name]):
            raise ParameterRefused(f"parameter '{name}' has a value that no command line can give: {text[:80]}")
        _clean(f"parameter '{name}'", text)
    return texts, values


def _clean(where: str, text: str) -> str:
    """No command, variable or file takes these."""
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InvalidOption(where, "it has a letter that no command line takes (NUL, or half of a pair)")
    return text


def _image(text: str) -> str:
    if text and not _IMAGE.fullmatch(text):
        raise InvalidOption("--image", f"{text!r} is no image; write one as REGISTRY/NAME:TAG")
    return text


def _schedule(options: ExportOptions) -> Cron | None:
    if not options.schedule:
        return None
    times = cron.parse(Cron(expression=options.schedule, timezone=options.timezone))
    return Cron(expression=times.fields, timezone=options.timezone)


def _python(text: str) -> str:
    try:
        return python_of(text)[0] or python_of("")[0]
    except InvalidOption as error:
        raise InvalidOption("--python", error.reason) from error


def _graph(settings: Settings, python: str) -> Graph:
    command = [python, "-m", "nb2prod.runtime.running.graph", str(settings.root)]
    command += [settings.environment] if settings.environment else []
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise NotAProject(settings.root, f"its import took longer than {_SECONDS:g} s") from None
    except OSError as error:
        raise InvalidOption("--python", f"{python} cannot be started: {error.strerror}") from error
    if done.returncode:
        said = done.stderr.strip().rpartition("error: ")[2]
        raise NotAProject(settings.root, said or f"its steps could not be listed (exit {done.returncode})")
    return Graph.from_json(done.stdout)
