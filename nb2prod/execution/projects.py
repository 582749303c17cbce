"""A project's folder, read: what it is, and what its parameters are. Nothing of it is imported."""

from collections.abc import Sequence
from pathlib import Path

from nb2prod.errors import NotAProject, SettingsWrong
from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.parameters import Spec, specs_of_source
from nb2prod.runtime.project import LOCK, SETTINGS, Settings, read_settings

__all__ = ["project_settings", "project_specs"]


def project_settings(project: Path, environment: str = "", *, needed: Sequence[str] = (SETTINGS, LOCK)) -> Settings:
    """With the tables of [env.NAME] over the others. Raises NotAProject and SettingsWrong."""
    for name in needed:
        if not (project / name).is_file():
            raise NotAProject(project, f"it has no {name}; make one with nb2prod convert NOTEBOOK -o {project}")
    try:
        return read_settings(project, environment=environment)
    except ProjectError as error:
        raise SettingsWrong(str(error)) from error


def project_specs(settings: Settings) -> tuple[Spec, ...]:
    """From the text of parameters.py. Raises NotAProject."""
    path = settings.root / "src" / settings.package / "parameters.py"
    try:
        return tuple(specs_of_source(path.read_text(encoding="utf-8")))
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        raise NotAProject(settings.root, f"its {path.name} cannot be read: {error}") from error
