"""The notebooks themselves: which names they end with, and what each holds; two runs, so that chance is left out."""

import json
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import side
from side import Case, compare, final_names, in_a_child, sources


def names_of(case: Case) -> list[str] | None:
    """The names that two runs of the notebook end with alike; None when it fails."""
    runs = []
    for _ in range(2):
        with TemporaryDirectory() as folder:
            told, _cpu = in_a_child(Path(folder), partial(final_names, sources(case)))
        if "failed" in told:
            return None
        runs.append(told["values"])
    first, second = runs
    return [name for name in first if name in second and not compare(first[name], second[name])]


def asked_of(cases: list[Case]) -> list[dict[str, Any]]:
    return [{**case, "asked": names} for case in cases if (names := names_of(case))]


def main() -> None:
    side.prepare()
    cases = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    Path(sys.argv[2]).write_text(json.dumps(asked_of(cases)), encoding="utf-8")


if __name__ == "__main__":
    main()
