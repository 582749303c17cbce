"""The source distributions of nbclient and papermill, in the versions that are installed, in an ignored cache."""

import subprocess
import sys
import tarfile
import time
from importlib.metadata import version
from pathlib import Path

CACHE = Path(__file__).parents[2] / ".cache" / "peers"
TRIES = 4


def source(name: str) -> Path:
    """The unpacked archive. Fetched when it is not in the cache."""
    folder = CACHE / f"{name}-{version(name)}"
    archive = CACHE / "sdists" / f"{folder.name}.tar.gz"
    archive.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "unearth", "--no-binary", "-d", str(archive.parent), f"{name}=={version(name)}"]
    for attempt in range(TRIES):
        if archive.exists():
            break
        time.sleep(5 * attempt)
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    if not archive.exists():
        raise SystemExit(f"cannot fetch {name} {version(name)} from the package index; try again later")
    if not folder.exists():
        with tarfile.open(archive) as files:
            files.extractall(CACHE, filter="data")
    return folder
