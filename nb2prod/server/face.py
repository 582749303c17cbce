"""Whether the JupyterLab extension is there, which a checkout without Node.js does not build."""

from collections.abc import Iterable
from logging import Logger
from pathlib import Path

MISSING = (
    "the JupyterLab extension of nb2prod is not there: nothing of nb2prod shows in the browser. In a checkout "
    "`make setup` builds it, which needs Node.js 20.19 or newer; the wheel of nb2prod has it built"
)


def tell_if_missing(labextensions: Iterable[str], log: Logger) -> None:
    """`labextensions` are the folders in which JupyterLab looks."""
    if not any((Path(folder) / "nb2prod" / "package.json").is_file() for folder in labextensions):
        log.warning(MISSING)
