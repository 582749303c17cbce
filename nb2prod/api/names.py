"""Names of definitions, schedules, batches, pools and channels."""

import re
import unicodedata
from pathlib import Path

from nb2prod.errors import InvalidName

__all__ = ["check_name", "name_of"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def check_name(name: str) -> str:
    """It stands in paths, URLs and shell lines. Raises InvalidName."""
    if not _NAME.fullmatch(name):
        raise InvalidName(name, "use up to 100 letters, digits, '.', '_' and '-', with a letter or a digit first")
    return name


def name_of(path: Path) -> str:
    """The name that a path suggests: 'Daily report.ipynb' is Daily-report."""
    stem = path.resolve().name if path.is_dir() else path.name.removesuffix(path.suffix)
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._]+", "-", plain).strip("-._")[:100] or "job"
