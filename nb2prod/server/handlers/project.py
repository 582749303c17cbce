"""GET project and project/file: what was generated, as a tree, and each text beside what it was before."""

from dataclasses import asdict
from pathlib import Path
from typing import Any  # JSON

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from nb2prod.server.errors import Refused
from nb2prod.server.handlers.base import LARGEST, Handler
from nb2prod.server.places import Places


class ProjectHandler(Handler):
    @authenticated
    @authorized
    async def get(self) -> None:
        places, path = self.places, self.get_query_argument("path", strip=False)
        await self.give(lambda: _tree(places, path))


class ProjectFileHandler(Handler):
    @authenticated
    @authorized
    async def get(self) -> None:
        places, operations = self.places, self.rooms.operations
        path, file = self.get_query_argument("path", strip=False), self.get_query_argument("file", strip=False)

        def work() -> Any:
            folder = places.folder(path)
            return _file(folder, file, operations.before(folder).get(file))

        await self.give(work)


def _tree(places: Places, path: str) -> Any:
    from nb2prod.api.look import parameters_json
    from nb2prod.api.project import project_parameters, project_tree

    tree = project_tree(places.folder(path))
    is_ours = tree.notebook.is_file() and places.within(tree.notebook)
    return {
        "folder": places.shown(tree.folder),
        "name": tree.package,
        "notebook": places.shown(tree.notebook) if is_ours else None,
        "converted_at": tree.converted_at.isoformat(),
        "files": [asdict(file) for file in tree.files],
        "parameters": parameters_json(project_parameters(tree.folder)),
    }


def _file(folder: Path, file: str, before: str | None) -> Any:
    """One of the generated files, now or before the last conversion; of others, contents tell."""
    from nb2prod.api.project import generated_files

    place = generated_files(folder).get(file)
    if place is None and before is None:
        raise Refused.field("file", f"{file!r} is no generated file of that project", 404)
    if place is not None and place.stat().st_size > LARGEST:
        raise Refused.field("file", f"{file!r} is too large to be shown", 413)
    return {"file": file, "text": place.read_bytes().decode(errors="replace") if place else "", "before": before}


HANDLERS = [(r"/nb2prod/project", ProjectHandler), (r"/nb2prod/project/file", ProjectFileHandler)]
