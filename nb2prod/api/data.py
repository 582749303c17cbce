"""`nb2prod data`: what a project reads and writes, and whether all of it can be reached."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nb2prod.errors import SettingsWrong
from nb2prod.execution.projects import project_settings
from nb2prod.runtime.data.trying import TIMEOUT, Tried, known_data, try_all
from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.project import SETTINGS

__all__ = ["TIMEOUT", "Known", "Tried", "check_data", "list_data", "to_json"]


@dataclass(frozen=True, kw_only=True)
class Known:
    """`kind` is data or outputs; `place` is as pipeline.toml has it; `steps` take it as an argument;
    `secrets` are the references that must be there where they run: env:DB_PASSWORD."""

    name: str
    kind: str
    mode: str
    path: str
    place: str
    steps: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()


def list_data(project: Path, environment: str = "") -> tuple[Known, ...]:
    """The data and outputs of pipeline.toml, with those of [env.NAME]. Raises NotAProject and SettingsWrong."""
    settings = project_settings(project, environment, needed=(SETTINGS,))
    try:
        return tuple(
            Known(
                name=data.name,
                kind=data.kind,
                mode=data.mode,
                path=data.path,
                place=data.shown,
                secrets=data.secrets,
                steps=tuple(step for step, names in settings.data.items() if data.name in names),
            )
            for data in known_data(settings)
        )
    except ProjectError as error:
        raise SettingsWrong(str(error)) from error


def check_data(project: Path, environment: str = "", timeout: float = TIMEOUT) -> tuple[Tried, ...]:
    """Try each: nothing of it is changed. Raises NotAProject and SettingsWrong."""
    settings = project_settings(project, environment, needed=(SETTINGS,))
    try:
        return try_all(known_data(settings), settings.workdir, timeout)
    except ProjectError as error:
        raise SettingsWrong(str(error)) from error


def to_json(rows: tuple[Known, ...] | tuple[Tried, ...]) -> list[dict[str, Any]]:
    return [asdict(row) for row in rows]
