"""Wall time of `nb2prod --help`, interleaved with `python -c pass`: the floor under every command."""

import statistics
import subprocess
import sys
import time

ROUNDS = 10
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import nb2prod.runtime": [sys.executable, "-c", "import nb2prod.runtime"],
    "nb2prod --help": [sys.executable, "-m", "nb2prod", "--help"],
}


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    for command in COMMANDS.values():
        seconds(command)  # bytecode is compiled and the files are in memory
    rounds = [[seconds(command) for command in COMMANDS.values()] for _ in range(ROUNDS)]
    medians = [statistics.median(column) for column in zip(*rounds, strict=True)]
    for name, median in zip(COMMANDS, medians, strict=True):
        print(f"{name:24} {1000 * median:6.0f} ms  {median / medians[0]:5.1f} x")


if __name__ == "__main__":
    main()
