"""Contents paths become real ones, and never lead out of the server's folder."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from nb2prod.server.errors import Refused

__all__ = ["Places"]

_LONGEST = 2000  # letters of a path
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # and halves of letters, which no path can have


@dataclass(frozen=True, kw_only=True)
class Places:
    """`root` has no links in it; `allow_hidden` is the server's."""

    root: Path
    allow_hidden: Callable[[], bool]

    def file(self, path: str) -> Path:
        """One that is there. Raises Refused, as all of these."""
        place = self.real(path)
        if not place.is_file():
            raise Refused.field("path", f"there is no file {path!r}", 404)
        return place

    def folder(self, path: str) -> Path:
        place = self.real(path)
        if not place.is_dir():
            raise Refused.field("path", f"there is no folder {path!r}", 404)
        return place

    def real(self, path: str, field: str = "path") -> Path:
        """Whether there is something or not; links are followed."""
        if len(path) > _LONGEST or _CONTROL.search(path):
            raise Refused.field(field, "that is no path", 403)
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or Path(path).drive or path.startswith("~"):
            raise Refused.field(field, f"{path!r} is no path below the server's folder", 403)
        self._check_hidden(pure, path, field)
        try:
            place = Path(os.path.realpath(self.root / pure, strict=False))
            place.exists()  # a name may be too long for the disk
        except (OSError, ValueError) as error:
            raise Refused.field(field, f"{path!r} cannot be looked at", 403) from error
        if not place.is_relative_to(self.root):
            raise Refused.field(field, f"{path!r} leads out of the server's folder", 403)
        self._check_hidden(PurePosixPath(place.relative_to(self.root).as_posix()), path, field)
        return place

    def within(self, place: Path) -> bool:
        """Whether a real path may be worked on: one that something else than a request has named."""
        try:
            self.real(Path(os.path.realpath(place)).relative_to(self.root).as_posix())
        except (Refused, ValueError, OSError):
            return False
        return True

    def shown(self, place: Path) -> str:
        """The contents path of a real one; "" of the server's folder itself."""
        text = Path(os.path.realpath(place)).relative_to(self.root).as_posix()
        return "" if text == "." else text

    def _check_hidden(self, pure: PurePosixPath, path: str, field: str) -> None:
        if not self.allow_hidden() and any(part.startswith(".") for part in pure.parts):
            raise Refused.field(field, f"there is nothing at {path!r} that this server shows", 404)
