"""Run every benchmark of this folder, one after the other, but for those that need the network and half an hour."""

import subprocess
import sys
from pathlib import Path

BY_HAND = {"peers.py"}


def main() -> None:
    here = Path(__file__)
    for script in sorted(here.parent.glob("*.py")):
        if script != here and script.name not in BY_HAND:
            print(f"\n## {script.stem}\n", flush=True)
            subprocess.run([sys.executable, str(script)], check=True)


if __name__ == "__main__":
    main()
