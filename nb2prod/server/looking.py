"""The unsaved notebook of a panel, looked at."""

import json
from pathlib import Path
from typing import Any  # JSON

from nb2prod.api import look as verbs
from nb2prod.api import tag
from nb2prod.server.orders import LookIn, read_body
from nb2prod.server.places import Places

__all__ = ["LookIn", "look", "read", "suggestions"]


def read(body: bytes) -> LookIn:
    return read_body(LookIn, body)


def look(asked: LookIn, places: Places) -> Any:
    return verbs.to_json(verbs.look(_place(asked, places), json.dumps(asked.notebook)))


def suggestions(asked: LookIn, places: Places) -> Any:
    return {"suggestions": tag.suggestions(_place(asked, places), json.dumps(asked.notebook))}


def _place(asked: LookIn, places: Places) -> Path:
    """What the panel sends is nbformat, however it is kept in its file; the file need not be there yet."""
    return places.real(asked.path).with_suffix(".ipynb")
