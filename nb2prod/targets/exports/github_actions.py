"""A GitHub Actions workflow: the whole pipeline on a runner, by schedule and by hand."""

import math
import re
import shlex
from dataclasses import dataclass
from typing import Any  # YAML

from nb2prod.errors import InvalidOption
from nb2prod.runtime.parameters import Spec
from nb2prod.targets.exports.base import Export, ExportOrder, Note
from nb2prod.targets.exports.defaults import default_texts
from nb2prod.targets.exports.texts import file_name, head, one_line, to_yaml
from nb2prod.targets.exports.times import clock_notes, moments_of, portable
from nb2prod.targets.exports.whole import command_of, credentials, variables

__all__ = ["PLUGIN"]

_INPUTS = 25  # as many as GitHub takes
_LONGEST = 360  # minutes, of a runner of GitHub's
_OFTEN = 5  # minutes
_MARGIN = 60  # seconds: our own deadline comes first
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RUNS = "runs"


@dataclass(frozen=True)
class GithubActionsTarget:
    name: str = "github-actions"
    summary: str = "a GitHub Actions workflow for the project's repository"

    def render(self, order: ExportOrder) -> Export:
        notes = (*_notes(order), *_credential_notes(order))
        if order.schedule:
            notes += clock_notes(order.schedule, "GitHub does not say what it does with a time that is leaped over")
        path = f".github/workflows/{file_name(order)}.yml"
        where = "It belongs into the repository's root, where pipeline.toml is."
        text = "\n".join([*head(self.name, order, notes, where), to_yaml(_workflow(order))])
        return Export(files={path: text}, notes=notes)


PLUGIN = GithubActionsTarget()


def _notes(order: ExportOrder) -> tuple[Note, ...]:
    settings, found = order.settings, []
    if not order.image and not settings.workdir.is_relative_to(settings.root):
        found.append(
            Note(
                what=f"the folder {settings.workdir}",
                why="the code's relative paths start there, and a runner has the repository alone",
                do='move what it reads into the project and set workdir = "."',
                unsafe=True,
            )
        )
    wanted = [
        name
        for name in ("memory", "cpus", "gpus")
        if any(getattr(order.policy(step), name) for step in order.graph.steps)
    ]
    if wanted:
        found.append(
            Note(what=", ".join(wanted), why="a runner is taken as it is", do="choose one that has them in runs-on")
        )
    if settings.timeout and _minutes(settings.timeout) > _LONGEST:
        found.append(
            Note(
                what=f"the timeout of {settings.timeout:g} s",
                why=f"GitHub ends a job on its own runners after {_LONGEST} minutes",
                do="use a runner of yours, or a shorter timeout",
            )
        )
    if not order.artifacts or "://" not in order.artifacts:
        found.append(
            Note(
                what="results of earlier runs",
                why="each run begins on an empty machine and computes everything",
                do="give --artifacts a URL",
            )
        )
    return (*found, *_often(order))


def _often(order: ExportOrder) -> list[Note]:
    minutes = sorted(moments_of(order.schedule.expression).minutes) if order.schedule else []
    pairs = zip(minutes, [*minutes[1:], minutes[0] + 60], strict=True) if minutes else ()
    if all(later - earlier >= _OFTEN for earlier, later in pairs):
        return []
    return [
        Note(what="the schedule", why=f"GitHub starts nothing twice in {_OFTEN} minutes", do="let it run less often")
    ]


def _credential_notes(order: ExportOrder) -> list[Note]:
    known = credentials(order)
    found = [
        Note(what=f"the secret {name}", why="pipeline.toml refers to it", do="make it in the repository's settings")
        for name in known["env"]
    ]
    return found + [
        Note(
            what=f"the {kind} {entry} that pipeline.toml refers to",
            why="a runner has none, and the run would fail",
            do="refer to a variable in [env.NAME]: {env:NAME}",
            unsafe=True,
        )
        for kind in ("file", "keyring")
        for entry in known[kind]
    ]


def _workflow(order: ExportOrder) -> dict[str, Any]:
    inputs = {spec.name: _input(spec) for spec in _inputs(order)}
    name = file_name(order)
    return {
        "name": name,
        "on": {
            **({"schedule": [_schedule(order)]} if order.schedule else {}),
            "workflow_dispatch": {"inputs": inputs} if inputs else {},
        },
        "permissions": {"contents": "read"},
        "concurrency": {"group": f"nb2prod-{name}", "cancel-in-progress": False},
        "jobs": {"pipeline": _job(order)},
    }


def _schedule(order: ExportOrder) -> dict[str, str]:
    schedule = order.schedule
    fields = portable(schedule.expression) if schedule else None
    if schedule is None or fields is None:
        said = schedule.expression if schedule else ""
        raise InvalidOption(
            "--schedule",
            f"GitHub cannot say {said!r}: it knows no L and no #, and of a day of the month and a day of the week it "
            "takes either",
        )
    return {"cron": fields, **({"timezone": schedule.timezone} if schedule.timezone != "UTC" else {})}


def _inputs(order: ExportOrder) -> list[Spec]:
    """GitHub takes `a` and `A` for the same input."""
    found: dict[str, Spec] = {}
    for spec in order.specs:
        if _NAME.fullmatch(spec.name):
            found.setdefault(spec.name.lower(), spec)
    return list(found.values())[:_INPUTS]


def _input(spec: Spec) -> dict[str, Any]:
    default = default_texts([spec]).get(spec.name, "as in the package")
    about = one_line(f"{spec.comment or spec.name} [{spec.annotation}; default: {default}]")
    return {"description": about.replace("${{", "$ {{"), "type": "string", "required": False}


def _job(order: ExportOrder) -> dict[str, Any]:
    deadline = order.settings.timeout
    return {
        "runs-on": "ubuntu-latest",
        **({"container": {"image": order.image, "options": "--user 0"}} if order.image else {}),
        **({"timeout-minutes": _minutes(deadline)} if deadline else {}),
        "steps": [
            *([] if order.image else _installed()),
            {"name": "Run the pipeline", "env": _environment(order), "run": _script(order)},
            {
                "name": "Keep the record",
                "if": "always()",
                "uses": "actions/upload-artifact@v4",
                "with": {"name": "runs", "path": f"{_RUNS}\n!{_RUNS}/cache\n", "if-no-files-found": "ignore"},
            },
        ],
    }


def _installed() -> list[dict[str, Any]]:
    return [
        {"uses": "actions/checkout@v4"},
        {
            "uses": "actions/setup-python@v5",
            "with": {"python-version": "3.11", "cache": "pip", "cache-dependency-path": "requirements.lock"},
        },
        {"run": "pip install --requirement requirements.lock"},
        {"run": "pip install --no-deps --editable ."},
    ]


def _minutes(seconds: float) -> int:
    return math.ceil((seconds + _MARGIN) / 60)


def _environment(order: ExportOrder) -> dict[str, str]:
    """What the script reads. An input stands in a variable: in the script itself it would be code."""
    found = {f"INPUT_{spec.name}": f"${{{{ inputs.{spec.name} }}}}" for spec in _inputs(order)}
    found |= {name: f"${{{{ secrets.{name} }}}}" for name in credentials(order)["env"]}
    return {**found, **variables(order)}


def _script(order: ExportOrder) -> str:
    where = ["--artifacts", order.artifacts] if order.artifacts != order.settings.artifacts else []
    lines = [_shell(["set", "--", "--runs", _RUNS, *where])]
    inputs = [spec.name for spec in _inputs(order)]
    for name, text in order.parameters.items():
        if name not in inputs:
            lines.append(f'set -- "$@" {_shell(["-p", f"{name}={text}"])}')
    for name in inputs:
        lines += [f'if [ -n "$INPUT_{name}" ]; then', f'  set -- "$@" -p "{name}=$INPUT_{name}"']
        if name in order.parameters:
            lines += ["else", f'  set -- "$@" {_shell(["-p", f"{name}={order.parameters[name]}"])}']
        lines.append("fi")
    return "\n".join([*lines, f'exec {_shell(command_of(order))} "$@"', ""])


def _shell(words: list[str]) -> str:
    """GitHub puts values in the place of ${{ }} before any shell sees it: the quotes end and begin again within."""
    return shlex.join(words).replace("${{", "$''{{")
