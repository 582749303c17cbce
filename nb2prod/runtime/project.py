"""A generated project as the runtime needs it: pipeline.toml and nb2prod.lock.json, read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any  # TOML and JSON

from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.files import read_json

__all__ = ["LOCK", "SETTINGS", "Policy", "Settings", "read_settings"]

LOCK = "nb2prod.lock.json"
SETTINGS = "pipeline.toml"
_NUMBER = (int, float)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How a step is run. `retry_delay` is the seconds before the first retry; each later one waits twice as long."""

    retries: int = 0
    timeout: float | None = None
    cache: bool = True
    retry_delay: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`steps` has a Policy for those that pipeline.toml names; `lines` maps a file's lines to cells."""

    package: str
    name: str
    root: Path
    workdir: Path
    runs: Path
    notebook: str = ""
    timeout: float | None = None
    steps: Mapping[str, Policy] = field(default_factory=dict)
    metrics: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lines: Mapping[str, list[tuple[int, int, int]]] = field(default_factory=dict)


def read_settings(root: Path, package: str = "") -> Settings:
    """Raises ProjectError. A package that was installed away from its project runs in the current folder."""
    root = root.resolve()
    if not (root / SETTINGS).is_file():
        if not package:
            raise ProjectError(f"{root} has no {SETTINGS}: it is not a project made by nb2prod")
        here = Path.cwd()
        return Settings(package=package, name=package, root=root, workdir=here, runs=here / "runs")
    tables = _read_toml(root / SETTINGS)
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
        timeout=_get(run, "timeout", _NUMBER, None),
        steps=steps,
        metrics={name: tuple(step.get("metrics", ())) for name, step in lock.get("steps", {}).items()},
        lines={path: [tuple(entry) for entry in entries] for path, entries in lock.get("lines", {}).items()},
    )


def _policy(name: str, table: Mapping[str, Any]) -> Policy:
    where = f"steps.{name}."
    return Policy(
        retries=_get(table, "retries", (int,), 0, where),
        timeout=_get(table, "timeout", _NUMBER, None, where),
        cache=_get(table, "cache", (bool,), True, where),
        retry_delay=_get(table, "retry_delay", _NUMBER, 1.0, where),
    )


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
