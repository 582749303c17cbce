"""What requests import takes a second or two: imported in threads, before somebody waits for it."""

import contextlib
import importlib
from collections.abc import Sequence

__all__ = ["JOBS", "LOOKS", "import_all"]

LOOKS = ("nb2prod.server.looking",)
JOBS = ("nb2prod.store", "nb2prod.rest.app", "nb2prod.rest.security", "nb2prod.server.shown")


def import_all(names: Sequence[str]) -> None:
    """What cannot be imported is told by the request that needs it."""
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
