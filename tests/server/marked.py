"""A notebook that does not end by itself, and what is left of it."""

import copy
from typing import Any  # JSON

from processes import commands
from server.conftest import NOTEBOOK

__all__ = ["hanging", "marked", "with_cell"]


def with_cell(source: str) -> dict[str, Any]:
    notebook = copy.deepcopy(NOTEBOOK)
    notebook["cells"][1]["source"] = source
    return notebook


def hanging(mark: str) -> dict[str, Any]:
    """It starts a process of another session, which does not mind TERM, and waits for ever."""
    program = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    return with_cell(
        "import subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', {program!r}, {mark!r}], start_new_session=True)\n"
        "time.sleep(600)"
    )


def marked(mark: str) -> list[int]:
    """The processes with that word in their command."""
    return [number for number, words in commands() if mark.encode() in words]
