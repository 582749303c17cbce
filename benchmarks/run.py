"""Run every benchmark of this folder, one after the other."""

import subprocess
import sys
from pathlib import Path


def main() -> None:
    here = Path(__file__)
    for script in sorted(here.parent.glob("*.py")):
        if script != here:
            print(f"\n## {script.stem}\n", flush=True)
            subprocess.run([sys.executable, str(script)], check=True)


if __name__ == "__main__":
    main()
