"""An export on disk: each file whole, and never over what somebody else wrote or changed."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from nb2prod.errors import FolderNotOurs
from nb2prod.runtime.files import read_json, write_bytes, write_json

__all__ = ["MANIFEST", "Changed", "write_export"]

MANIFEST = ".nb2prod-export.json"


@dataclass(frozen=True, kw_only=True)
class Changed:
    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def write_export(files: Mapping[str, str], folder: Path, *, owner: str, force: bool = False) -> Changed:
    """`owner` is who made them: what it wrote before and makes no more goes. A folder may have several owners.

    Raises FolderNotOurs with all files that are not as they were written, before anything is written.
    """
    for path in files:
        if not _is_inside(path):
            raise FolderNotOurs(folder, f"the target wants to write {path!r}, which is no path in it")
    known = _known(folder)
    gone = [path for path, entry in known.items() if entry.get("owner") == owner and path not in files]
    theirs = [
        path for path in [*files, *gone] if not force and _is_theirs(folder / path, files.get(path), known.get(path))
    ]
    if theirs:
        told = "".join(f"\n    {path}" for path in theirs)
        raise FolderNotOurs(
            folder, f"these files are not as nb2prod wrote them; move them, or write over them with --force:{told}"
        )
    try:
        return _write(files, gone, folder, known, owner)
    except OSError as error:
        raise FolderNotOurs(folder, f"{error.strerror or error}; choose a folder that you can write") from error


def _is_inside(path: str) -> bool:
    """A plug-in's path leads nowhere else, and neither does one of a manifest that somebody wrote."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and path != MANIFEST


def _known(folder: Path) -> dict[str, dict[str, object]]:
    found = read_json(folder / MANIFEST, dict)
    entries = found.items() if isinstance(found, dict) else ()
    return {path: entry for path, entry in entries if isinstance(entry, dict) and _is_inside(path)}


def _is_theirs(path: Path, text: str | None, entry: Mapping[str, object] | None) -> bool:
    if path.is_symlink() or (path.exists() and not path.is_file()):
        return True
    if not path.exists():
        return False
    content = path.read_bytes()
    if text is not None and content == text.encode():
        return False
    digests = (entry or {}).get("sha256", [])
    return not (isinstance(digests, list) and _digest(content) in digests)


def _write(
    files: Mapping[str, str], gone: list[str], folder: Path, known: Mapping[str, Mapping[str, object]], owner: str
) -> Changed:
    folder.mkdir(parents=True, exist_ok=True)
    new = {path: {"owner": owner, "sha256": [_digest(text.encode())]} for path, text in files.items()}
    kept = {path: entry for path, entry in known.items() if path not in gone}
    # first with the digests of both, so that one that was interrupted is known as ours
    both = {path: {**entry, "sha256": [*entry["sha256"], *_digests(known.get(path))]} for path, entry in new.items()}
    write_json(folder / MANIFEST, {**known, **both})
    written = tuple(path for path, text in sorted(files.items()) if _write_file(folder / path, text.encode()))
    removed = tuple(path for path in gone if (folder / path).exists())
    for path in removed:
        (folder / path).unlink()
    write_json(folder / MANIFEST, dict(sorted({**kept, **new}.items())))
    return Changed(written=written, removed=removed)


def _digests(entry: Mapping[str, object] | None) -> list[str]:
    found = (entry or {}).get("sha256", [])
    return [str(each) for each in found] if isinstance(found, list) else []


def _write_file(path: Path, content: bytes) -> bool:
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, content)
    if content.startswith(b"#!"):
        path.chmod(path.stat().st_mode | (0o111 & ~_umask()))
    return True


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
