"""A notebook or a project below the server's folder becomes a definition, which may use what is below it alone."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any  # JSON

from nb2prod.api.definitions import draft, save
from nb2prod.execution.output_paths import is_local
from nb2prod.model.job import JobSettings
from nb2prod.rest.orders import settings_of
from nb2prod.rest.shapes import DefinitionOut
from nb2prod.server.errors import Refused
from nb2prod.server.orders import DefineIn, read_body
from nb2prod.server.places import Places
from nb2prod.store import Store

__all__ = ["define"]


def define(body: bytes, places: Places, store: Store) -> Any:
    """What the notebook is on the screen, or in its file. Raises Refused, and what `draft` raises."""
    asked = read_body(DefineIn, body)
    if asked.kind == "pipeline" and asked.notebook is not None:
        raise Refused.field("notebook", "a pipeline is defined by its project's folder, not by a notebook")
    path = places.folder(asked.path) if asked.kind == "pipeline" else places.file(asked.path)
    settings = _confined(settings_of(asked.settings), places)
    if asked.kind == "notebook" and not settings.workdir:
        settings = replace(settings, workdir=str(path.parent))  # what it reads from there is found
    text = None if asked.notebook is None else json.dumps(asked.notebook)
    made = save(store, draft(store, path, name=asked.name, settings=settings, text=text))
    return DefinitionOut.of(made).model_dump(mode="json")


def _confined(settings: JobSettings, places: Places) -> JobSettings:
    return replace(
        settings,
        workdir=str(_folder(settings.workdir, "settings.workdir", places)) if settings.workdir else "",
        output=_output(settings.output, places),
        environment=_environment(settings.environment, places),
    )


def _folder(path: str, field: str, places: Places) -> Path:
    place = places.real(path, field)
    if not place.is_dir():
        raise Refused.field(field, f"there is no folder {path!r}")
    return place


def _output(template: str, places: Places) -> str:
    """The fields of a template never make another folder, so that it may be looked at as a path."""
    if not template or not is_local(template):
        return template
    if "://" in template:
        raise Refused.field("settings.output", "name a folder by its path below the server's folder", 403)
    place = str(places.real(template, "settings.output"))
    return f"{place}/" if template.endswith("/") else place


def _environment(environment: str, places: Places) -> str:
    if not environment or environment.startswith("kernel:"):
        return environment
    return str(_folder(environment, "settings.environment", places))
