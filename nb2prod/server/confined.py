"""What requests for jobs name of the disk: paths below the server's folder, or they are refused."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any  # JSON

from nb2prod.server.errors import Refused
from nb2prod.server.places import Places

__all__ = ["confined"]

_ELSEWHERE = re.compile(r"(s3|gs|gcs|az|abfss?|adl)://[^:]*$")  # no chain of file systems behind it
_WILD = re.compile(r"[*?\[]")
_FILE = "file:"


def confined(body: bytes, places: Places) -> bytes:
    """The body of a request, with paths as the scheduler needs them. Raises Refused.

    The path of a trigger is a contents path; a secret may be in a file below the server's folder.
    """
    try:
        order = json.loads(body)
    except (ValueError, RecursionError):
        return body  # the app says what is wrong with it
    if not isinstance(order, dict):
        return body
    _check_secrets(order.get("parameters"), places)
    trigger = order.get("trigger")
    if not isinstance(trigger, dict) or not isinstance(trigger.get("url"), str):
        return body
    return json.dumps({**order, "trigger": {**trigger, "url": _watched(trigger["url"], places)}}).encode()


def _watched(url: str, places: Places) -> str:
    if _ELSEWHERE.match(url):
        return url
    if "://" in url or "::" in url:
        raise Refused.field("trigger.url", "name files by a path below the server's folder, or of s3, gs or az", 403)
    path = url.removeprefix(f"{places.root}/")  # as it was told before
    parts = path.split("/")
    first = next((number for number, part in enumerate(parts) if _WILD.search(part)), len(parts))
    if path.startswith("/") or ".." in parts:
        raise Refused.field("trigger.url", f"{url!r} leads out of the server's folder", 403)
    if not places.allow_hidden() and any(part.startswith(".") for part in parts):
        raise Refused.field("trigger.url", f"{url!r} looks at hidden files", 403)
    return "/".join([str(places.real("/".join(parts[:first]), "trigger.url")), *parts[first:]])


def _check_secrets(parameters: Any, places: Places) -> None:
    for reference in _references(parameters):
        place = Path(reference.removeprefix(_FILE))
        if reference.startswith(_FILE) and not ("\0" not in reference and places.within(place)):
            raise Refused.field("parameters", f"the secret's file {place} is not below the server's folder", 403)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("secret"), str):
            yield value["secret"]
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)
    elif isinstance(value, str) and value.startswith("secret:"):
        yield value.removeprefix("secret:")
