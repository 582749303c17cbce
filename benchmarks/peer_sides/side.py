"""One peer over many notebooks, inside the peer's own environment: `python side.py PEER cases.json answers.json`.

Each conversion and each run is a forked child in an empty folder. The oracle is the notebook itself, run cell by cell
in an IPython shell of the same environment, so that versions of libraries never tell two values apart.
"""

import ast
import importlib
import json
import os
import pickle
import signal
import sys
import tempfile
import traceback
import types
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

from nb2prod.runtime.proof.compare import compare
from nb2prod.runtime.proof.fingerprint import fingerprint

SECONDS = 120
NOT_VALUES = frozenset({"name", "method", "shown", "opaque", "deep"})
Case = dict[str, Any]  # name, cells: [{kind, step, source}], asked: [name]


def main() -> None:
    peer, cases, answers = sys.argv[1], json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")), Path(sys.argv[3])
    side = importlib.import_module(f"{peer}_side")
    prepare()
    side.prepare()
    with answers.open("w", encoding="utf-8") as file:
        for case in cases:
            json.dump({"name": case["name"], **answer(side, case)}, file)
            file.write("\n")
            file.flush()


def prepare() -> None:
    """What most notebooks import, before any fork, so that a child's CPU is its own work's."""
    for name in ("numpy", "pandas", "matplotlib.pyplot", "sklearn.linear_model", "sklearn.ensemble"):
        importlib.import_module(name)
    sys.modules["matplotlib"].use("Agg")


def answer(side: types.ModuleType, case: Case) -> dict[str, Any]:
    """`outcome`: refused, fails, different or equal; `reason` in a few words; `cpu` of the conversion alone."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve()
        path = folder / "notebook.ipynb"
        path.write_text(json.dumps(side.notebook_of(asking(case))), encoding="utf-8")
        converted, cpu = in_a_child(folder, partial(side.convert, path))
        if "failed" in converted:
            return {"outcome": "refused", "reason": converted["failed"], "cpu": cpu}
        theirs, _ = in_a_child(folder, partial(side.run, folder))
    if "failed" in theirs:
        return {"outcome": "fails", "reason": theirs["failed"], "cpu": cpu}
    with tempfile.TemporaryDirectory() as place:
        ours, _ = in_a_child(Path(place), partial(run_notebook, sources(asking(case))))
    if "failed" in ours:
        raise RuntimeError(f"{case['name']}: the notebook itself fails here: {ours['failed']}")
    reason = first_difference(theirs["values"], ours["values"])
    return {"outcome": "different" if reason else "equal", "reason": reason, "cpu": cpu}


def first_difference(theirs: dict[str, Any], ours: dict[str, Any]) -> str:
    reasons = ((name, compare(theirs[name], value) if name in theirs else "missing") for name, value in ours.items())
    return next((f"{name}: {reason}" for name, reason in reasons if reason), "")


def asking(case: Case) -> Case:
    """The case with a last step that asks for the final values."""
    wanted = ", ".join(f'"{name}": {name}' for name in case["asked"])
    return {**case, "cells": [*case["cells"], {"kind": "step", "step": "asked", "source": f"asked = {{{wanted}}}"}]}


def sources(case: Case) -> list[str]:
    return [cell["source"] for cell in case["cells"]]


# ---------------------------------------------------------------------- running


class Shell(InteractiveShell):
    """Knows `%matplotlib inline`, as a kernel does."""

    def enable_gui(self, gui: object = None) -> None:
        """There are no windows here."""


def run_cells(shell: Shell, cells: Iterable[str]) -> None:
    """As a kernel does; the first error ends it."""
    for source in cells:
        shell.run_cell(source, store_history=True).raise_error()  # type: ignore[no-untyped-call]


def values_of(asked: dict[str, Any]) -> dict[str, Any]:
    """Fingerprints. A number of numpy's that comes back as an array without dimensions counts as the same."""
    numbers = {name: value[()] if _is_number(value) else value for name, value in asked.items()}
    return {name: fingerprint(value) for name, value in numbers.items()}


def _is_number(value: Any) -> bool:
    return type(value).__name__ == "ndarray" and value.shape == ()


def run_notebook(cells: list[str]) -> dict[str, Any]:
    shell = Shell()
    run_cells(shell, cells)
    return values_of(shell.user_ns["asked"])


def final_names(cells: list[str]) -> dict[str, Any]:
    """Each name that a cell assigns at its top and that ends with a plain value, which can be stored."""
    shell = Shell()
    run_cells(shell, cells)
    found = {}
    for name in sorted(_assigned(shell, cells) & shell.user_ns.keys()):
        value = shell.user_ns[name]
        if name.startswith("_") or isinstance(value, type | types.ModuleType):
            continue
        told = fingerprint(value)
        if told["t"] not in NOT_VALUES and "cut" not in told and _can_be_stored(value):
            found[name] = told
    return found


def _assigned(shell: Shell, cells: list[str]) -> set[str]:
    """By `name = ...`: to ask for a loop's variable would ask some peers for more than the notebook does."""
    trees = [ast.parse(shell.transform_cell(source)) for source in cells]
    targets = [
        target for tree in trees for node in tree.body if isinstance(node, ast.Assign) for target in node.targets
    ]
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def _can_be_stored(value: Any) -> bool:
    try:
        pickle.dumps(value)
    except Exception:  # each kind of object says it with an error of its own
        return False
    return True


# ---------------------------------------------------------------------- children


def in_a_child(folder: Path, work: Callable[[], dict[str, Any] | None]) -> tuple[dict[str, Any], float]:
    """What the work gives as {"values": ...}, or {"failed": why}, and the CPU seconds of the child and its children."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _work(folder, work, writer)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    _, status, used = os.wait4(child, 0)
    told = json.loads(text) if text else {"failed": f"the process died ({os.waitstatus_to_exitcode(status)})"}
    return told, used.ru_utime + used.ru_stime


def _work(folder: Path, work: Callable[[], dict[str, Any] | None], writer: int) -> None:
    """Never comes back."""
    signal.alarm(SECONDS)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115 (die with it)
    warnings.simplefilter("ignore")
    try:
        text = json.dumps({"values": work()})
    except BaseException as error:  # SystemExit too: a command that ends so has failed
        traceback.print_exc()
        text = json.dumps({"failed": f"{type(error).__name__}: {error}"[:500]})
    sys.stdout.flush()
    with os.fdopen(writer, "w") as pipe:
        pipe.write(text)
    os._exit(0)


def run_command(command: Callable[[], object]) -> None:
    """A command of a command line: it may end with SystemExit, of which only code 0 is well."""
    try:
        command()
    except SystemExit as ended:
        if ended.code not in (None, 0):
            sys.stderr.flush()
            raise RuntimeError(_last_words()) from ended


def _last_words() -> str:
    lines = [line.strip() for line in Path("log.txt").read_text(encoding="utf-8").splitlines() if line.strip()]
    return " / ".join(lines[-4:])


def notebook(cells: list[dict[str, Any]]) -> dict[str, Any]:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    numbered = [{**cell, "id": f"cell-{number}"} for number, cell in enumerate(cells)]
    language = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
    metadata = {"kernelspec": kernel, "language_info": language}
    return {"cells": numbered, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def code(source: str, *tags: str) -> dict[str, Any]:
    metadata = {"tags": list(tags)} if tags else {}
    return {"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": [], "source": source}


def heading(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": f"## {text}"}


if __name__ == "__main__":
    sys.modules["side"] = sys.modules["__main__"]
    main()
