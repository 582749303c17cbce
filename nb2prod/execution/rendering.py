"""The output notebook as a page: HTML by nbconvert, PDF by a Chromium that is installed."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any  # JSON of nbformat

from nb2prod.errors import InvalidOption

__all__ = ["FORMATS", "NotRendered", "check_formats", "render"]

FORMATS = ("ipynb", "html", "pdf")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_PATIENCE = 120.0
_PRINTING = (
    "--headless",
    "--disable-gpu",
    "--no-pdf-header-footer",
    "--virtual-time-budget=10000",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NotRendered(OSError):
    def __init__(self, form: str, reason: str) -> None:
        super().__init__(f"the {form.upper()} was not made: {reason}")


def check_formats(formats: Sequence[str]) -> None:
    """Raises InvalidOption for one that cannot be made here."""
    for form in formats:
        if form not in FORMATS:
            raise InvalidOption("--format", f"there is no format {form!r}; there are {', '.join(FORMATS)}")
    if "pdf" in formats and not _browser():
        names = ", ".join(_BROWSERS[:3])
        raise InvalidOption("--format", f"pdf needs a Chromium, and none is installed here under a name of {names}")


def render(document: Mapping[str, Any], form: str, title: str) -> bytes:
    """`form` is html or pdf. Raises NotRendered."""
    page = _html(document, title, "webpdf" if form == "pdf" else "lab")
    return _pdf(page) if form == "pdf" else page


def _html(document: Mapping[str, Any], title: str, template: str) -> bytes:
    import nbformat
    from nbconvert.exporters import HTMLExporter

    try:
        node = nbformat.from_dict(document)  # type: ignore[no-untyped-call]
        exporter = HTMLExporter(template_name=template)  # type: ignore[no-untyped-call]
        page, _ = exporter.from_notebook_node(node, {"metadata": {"name": title}})
    except Exception as error:  # its templates and filters raise what they like over what stands in outputs
        raise NotRendered("html", f"{type(error).__name__}: {error}") from error
    return str(page).encode("utf-8", "backslashreplace")


def _browser() -> str:
    return next((found for name in _BROWSERS if (found := shutil.which(name))), "")


def _pdf(page: bytes) -> bytes:
    browser = _browser()
    if not browser:
        raise NotRendered("pdf", "there is no Chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        source, printed = Path(place, "page.html"), Path(place, "page.pdf")
        source.write_bytes(page)
        command = [browser, *_PRINTING, f"--user-data-dir={place}/profile", f"--print-to-pdf={printed}"]
        command += ["--no-sandbox"] if os.geteuid() == 0 else []  # it refuses to run as root with one
        said = _print([*command, source.as_uri()])
        if not printed.is_file():
            raise NotRendered("pdf", said or f"{browser} wrote nothing")
        return printed.read_bytes()


def _print(command: Sequence[str]) -> str:
    """The last line that the browser said. It is ended with all that it started when it takes too long."""
    try:
        browser = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", process_group=0
        )
    except OSError as error:
        raise NotRendered("pdf", str(error)) from error
    with browser:
        try:
            said = browser.communicate(timeout=_PATIENCE)[1]
        except subprocess.TimeoutExpired as error:
            os.killpg(browser.pid, signal.SIGKILL)
            raise NotRendered("pdf", f"{command[0]} took over {_PATIENCE:g} s") from error
    return next(iter(said.strip().splitlines()[-1:]), "")
