"""Functions of the user's that are told of a failure: `on_failure = "MODULE:FUNCTION"`, of a step or of the run.

def tell(failure: dict[str, Any]) -> None: ...        # the failure as run.json has it, with run and step
"""

import copy
import importlib
import re
import threading
from collections.abc import Mapping
from typing import Any  # a failure, as JSON

from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.failures.failure import reason_of
from nb2prod.runtime.project import SETTINGS, Settings

__all__ = ["call_handler", "check_handlers"]

SECONDS = 30.0
_NAME = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def check_handlers(settings: Settings) -> None:
    """Before anything starts. Raises ProjectError for what is not MODULE:FUNCTION; nothing is imported."""
    named = {f"steps.{name}.on_failure": policy.on_failure for name, policy in settings.steps.items()}
    for where, name in {**named, "run.on_failure": settings.on_failure}.items():
        if name and not _NAME.fullmatch(name):
            raise ProjectError(f'{SETTINGS}: {where} is {name!r}; write "MODULE:FUNCTION"')


def call_handler(name: str, failure: Mapping[str, Any], settings: Settings, seconds: float = SECONDS) -> str:
    """Call it with a copy of the failure. What went wrong with that comes back as a sentence, and changes nothing.

    It has a thread of its own: one that hangs is left behind, and ends with the process.
    """
    trouble: list[str] = []

    def call() -> None:
        try:
            _found(name)(copy.deepcopy(dict(failure)))
        except BaseException as error:  # whatever it is, the run's own failure is what matters
            trouble.append(f"on_failure {name} of pipeline '{settings.name}' failed itself: {reason_of(error)}")

    thread = threading.Thread(target=call, name=f"on_failure {name}", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        return f"on_failure {name} of pipeline '{settings.name}' was left after {seconds:g} s: it did not end"
    return trouble[0] if trouble else ""


def _found(name: str) -> Any:
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)
