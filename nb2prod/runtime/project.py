"""A generated project as the runtime needs it: pipeline.toml and nb2prod.lock.json, read and checked."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any  # TOML and JSON

from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.files import read_json
from nb2prod.runtime.quantities import size

__all__ = ["LOCK", "SETTINGS", "Policy", "Settings", "read_settings"]

LOCK = "nb2prod.lock.json"
SETTINGS = "pipeline.toml"
_NUMBER = (int, float)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How a step is run.

    retries:      tries after the first, for errors worth it; `lost` those for a process or a host that was lost
    retry_delay:  seconds before the first retry; each later one waits twice as long, up to `retry_longest`
    retry_on:     classes of errors that are worth it, MODULE.NAME or a builtin's name; `retry_never` wins over it;
                  both together with what attempts.py knows of the libraries
    process:      True for a process of its own also where steps share one: its timeout then ends whatever it does
    memory, cpus, gpus: bytes, cores, and graphics cards (which targets ask for, and a Dask worker's resources)
    on_failure:   MODULE:FUNCTION, called with the failure when it is final
    """

    retries: int = 0
    lost: int = 1
    retry_delay: float = 1.0
    retry_longest: float = 60.0
    retry_on: tuple[str, ...] = ()
    retry_never: tuple[str, ...] = ()
    timeout: float | None = None
    cache: bool = True
    process: bool = False
    memory: int | None = None
    cpus: int | None = None
    gpus: int | None = None
    on_failure: str = ""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`steps` has a Policy for those that pipeline.toml names; `lines` maps a file's lines to cells.

    executor:    in-process, local, dask, or the name of a plug-in; `executors` are the options of each
    artifacts:   where results are kept: a path or an fsspec URL
    on_error:    continue (steps that do not need the failed one go on) or stop
    data:        of each step what it does with which data: read, write, update, connect
    tables:      pipeline.toml as it is with its environment: for those who read tables of their own
    """

    package: str
    name: str
    root: Path
    workdir: Path
    runs: Path
    notebook: str = ""
    environment: str = ""
    timeout: float | None = None
    executor: str = "in-process"
    executors: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    artifacts: str = ""
    on_error: str = "continue"
    on_failure: str = ""
    steps: Mapping[str, Policy] = field(default_factory=dict)
    metrics: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    after: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lines: Mapping[str, list[tuple[int, int, int]]] = field(default_factory=dict)
    data: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    tables: Mapping[str, Any] = field(default_factory=dict)


def read_settings(root: Path, package: str = "", environment: str = "") -> Settings:
    """Raises ProjectError. A package that was installed away from its project runs in the current folder.

    `environment` names an [env.NAME] whose tables lie over the others; NB2PROD_ENV does where it is "".
    """
    root = root.resolve()
    environment = environment or os.environ.get("NB2PROD_ENV", "")
    if not (root / SETTINGS).is_file():
        if not package:
            raise ProjectError(f"{root} has no {SETTINGS}: it is not a project made by nb2prod")
        here = Path.cwd()
        return Settings(package=package, name=package, root=root, workdir=here, runs=here / "runs")
    tables = _with_environment(_read_toml(root / SETTINGS), environment)
    head, run = _table(tables, "pipeline"), _table(tables, "run")
    lock = read_json(root / LOCK, dict)
    package = package or _get(head, "package", (str,), "")
    if not package:
        raise ProjectError(f'{root / SETTINGS} names no package: give [pipeline] its package = "NAME"')
    steps = {name: _policy(name, _table(_table(tables, "steps"), name)) for name in _table(tables, "steps")}
    return Settings(
        package=package,
        name=_get(head, "name", (str,), package),
        root=root,
        workdir=(root / _get(head, "workdir", (str,), ".")).resolve(),
        runs=root / _get(run, "runs", (str,), "runs"),
        notebook=lock.get("notebook", {}).get("name") or Path(_get(head, "notebook", (str,), "")).name,
        environment=environment,
        timeout=_get(run, "timeout", _NUMBER, None),
        executor=_get(run, "executor", (str,), "in-process"),
        executors={name: _table(_table(tables, "executors"), name) for name in _table(tables, "executors")},
        artifacts=_get(run, "artifacts", (str,), ""),
        on_error=_chosen(run, "on_error", ("continue", "stop")),
        on_failure=_get(run, "on_failure", (str,), ""),
        steps=steps,
        metrics={name: tuple(step.get("metrics", ())) for name, step in lock.get("steps", {}).items()},
        after={name: tuple(step.get("after", ())) for name, step in lock.get("steps", {}).items()},
        data={name: step.get("data", {}) for name, step in lock.get("steps", {}).items()},
        lines={path: [tuple(entry) for entry in entries] for path, entries in lock.get("lines", {}).items()},
        tables=tables,
    )


def _with_environment(tables: dict[str, Any], name: str) -> dict[str, Any]:
    known = _table(tables, "env")
    if not name:
        return tables
    if name not in known:
        there = f"there are {', '.join(sorted(known))}" if known else f"{SETTINGS} has no [env.NAME]"
        raise ProjectError(f"there is no environment '{name}': {there}")
    return _laid_over(tables, _table(known, name))


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Tables join, everything else is replaced."""
    found = dict(below)
    for key, value in above.items():
        both = isinstance(value, dict) and isinstance(found.get(key), dict)
        found[key] = _laid_over(found[key], value) if both else value
    return found


def _policy(name: str, table: Mapping[str, Any]) -> Policy:
    where = f"steps.{name}."
    unknown = sorted(table.keys() - {each.name for each in fields(Policy)})
    if unknown:
        known = ", ".join(each.name for each in fields(Policy))
        raise ProjectError(f"{SETTINGS}: {where}{unknown[0]} is no option of a step; there are {known}")
    return Policy(
        retries=_get(table, "retries", (int,), 0, where),
        lost=_get(table, "lost", (int,), 1, where),
        retry_delay=_get(table, "retry_delay", _NUMBER, 1.0, where),
        retry_longest=_get(table, "retry_longest", _NUMBER, 60.0, where),
        retry_on=_names(table, "retry_on", where),
        retry_never=_names(table, "retry_never", where),
        timeout=_get(table, "timeout", _NUMBER, None, where),
        cache=_get(table, "cache", (bool,), True, where),
        process=_get(table, "process", (bool,), False, where),
        memory=_size(table, "memory", where),
        cpus=_get(table, "cpus", (int,), None, where),
        gpus=_get(table, "gpus", (int,), None, where),
        on_failure=_get(table, "on_failure", (str,), "", where),
    )


def _names(table: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ProjectError(f"{SETTINGS}: {where}{name} is {value!r}; it must be a list of names")
    return tuple(value)


def _size(table: Mapping[str, Any], name: str, where: str) -> int | None:
    value = _get(table, name, (int, str), None, where)
    try:
        return size(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ProjectError(f"{SETTINGS}: {where}{name}: {error}") from None


def _chosen(table: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> str:
    value: str = _get(table, name, (str,), choices[0])
    if value not in choices:
        raise ProjectError(f"{SETTINGS}: {name} is {value!r}; it must be {' or '.join(choices)}")
    return value


def _read_toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ProjectError(f"cannot read {path}: {error}") from error


def _table(tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise ProjectError(f"{SETTINGS}: '{name}' is {table!r}; it must be a table")
    return table


def _get(table: Mapping[str, Any], name: str, kinds: tuple[type, ...], otherwise: Any, where: str = "") -> Any:
    value = table.get(name, otherwise)
    if value is otherwise:
        return value
    if type(value) not in kinds or (kinds != (bool,) and not isinstance(value, str) and value < 0):
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise ProjectError(f"{SETTINGS}: {where}{name} is {value!r}; it must be {wanted}, and not negative")
    return value
