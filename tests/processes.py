"""What runs on this machine."""

from collections.abc import Iterator
from pathlib import Path


def commands() -> Iterator[tuple[int, list[bytes]]]:
    """The number of each process, with the words of its command."""
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                words = (place / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            yield int(place.name), words
