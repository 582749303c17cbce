"""What a page loads of the extension, by size as it comes over the wire."""

import gzip
from pathlib import Path

BUILT = Path(__file__).parents[2] / "nb2prod" / "labextension"
BOUND = 150_000  # bytes


def compressed_sizes() -> dict[str, int]:
    """Of every script, whether a page needs it at once or later, by its name without the hash."""
    scripts = sorted((BUILT / "static").glob("*.js"))
    return {path.name: len(gzip.compress(path.read_bytes(), 6)) for path in scripts}
