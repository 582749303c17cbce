"""Definitions: what may run. One is made by sending a notebook."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query

from nb2prod.api.definitions import draft, save
from nb2prod.rest.orders import DefinitionIn, settings_of
from nb2prod.rest.routes.common import Limit, Name, Opened, problems
from nb2prod.rest.shapes import DefinitionOut, Page
from nb2prod.store import NotInStore

ROUTER = APIRouter(prefix="/definitions", tags=["definitions"])


@ROUTER.get("", summary="List the latest version of each definition, by name", responses=problems(422))
def list_definitions(
    store: Opened,
    search: Annotated[str, Query(description="a part of the name")] = "",
    after: Annotated[str, Query(description="`next` of the page before")] = "",
    limit: Limit = 100,
) -> Page[DefinitionOut]:
    found = [d for d in store.definitions() if d.name > after and search.lower() in d.name.lower()]
    page = [DefinitionOut.of(definition) for definition in found[:limit]]
    return Page(items=page, next=page[-1].name if len(found) > limit else None)


@ROUTER.post("", status_code=201, summary="Define a notebook", responses=problems(409, 413, 422))
def define(store: Opened, order: DefinitionIn) -> DefinitionOut:
    """A new version, or the latest one when nothing differs from it."""
    with tempfile.TemporaryDirectory(prefix="nb2prod-upload-") as folder:
        path = Path(folder) / order.filename
        path.write_text(json.dumps(order.notebook), encoding="utf-8")
        made = draft(store, path, name=order.name, settings=settings_of(order.settings))
    return DefinitionOut.of(save(store, replace(made, path=Path(order.filename))))


@ROUTER.get("/{name}", summary="Show the latest version of a definition", responses=problems(404))
def show_definition(store: Opened, name: Name) -> DefinitionOut:
    return DefinitionOut.of(store.latest_definition(name))


@ROUTER.get("/{name}/versions", summary="List the versions of a definition, the latest first", responses=problems(404))
def list_versions(store: Opened, name: Name) -> Page[DefinitionOut]:
    latest = store.latest_definition(name)  # refuses a name that there is not
    found = store.definitions(latest.name)
    return Page(items=[DefinitionOut.of(definition) for definition in reversed(found)], total=len(found))


@ROUTER.get("/{name}/versions/{version}", summary="Show a version of a definition", responses=problems(404))
def show_version(store: Opened, name: Name, version: int) -> DefinitionOut:
    known = {definition.version: definition for definition in store.definitions(name)}
    if version not in known:
        raise NotInStore("definition", f"{name} version {version}")
    return DefinitionOut.of(known[version])
