"""Rendered files as they are written: each Python file compiles, its imports are sorted, and it is formatted."""

import ast
import re
import subprocess
import sys
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

LINE_LENGTH = 100
_OPTIONS = ["--isolated", "--no-cache", "--line-length", str(LINE_LENGTH), "--target-version", "py311"]
_FORMATTED = re.compile(r"(\d+) files? (?:reformatted|already formatted|left unchanged)")


class NotPython(Exception):
    """A rendered file that Python or ruff does not read: nothing of the project may be written."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(f"{path}:{line}: {reason}")
        self.path, self.line, self.reason = path, line, reason


def format_files(files: Mapping[str, str]) -> dict[str, str]:
    """The files with each Python file formatted. Raises NotPython."""
    python = [path for path in files if path.endswith(".py")]
    unsorted = [path for path in python if order_matters(_tree(path, files[path]))]
    with tempfile.TemporaryDirectory(prefix="nb2prod-") as folder:
        for path in python:
            place = Path(folder, path)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(files[path].encode())
        _ruff(
            ["check", "--select", "I", "--fix", "--exit-zero"],
            [path for path in python if path not in unsorted],
            folder,
        )
        told = _ruff(["format"], python, folder)
        if sum(map(int, _FORMATTED.findall(told))) != len(python):
            raise NotPython("the project", 1, f"ruff formatted not all of {len(python)} files: {told.strip()}")
        done = {path: Path(folder, path).read_bytes().decode() for path in python}
    for path, text in done.items():  # a line that is broken up is nested more deeply, and Python has a limit
        _tree(path, text)
    return {path: done.get(path, text) for path, text in files.items()}


def order_matters(tree: ast.Module) -> bool:
    """Whether imports of one file bind the same name to different things, so that the last one counts."""
    origins: defaultdict[str, set[str]] = defaultdict(set)
    for node in _statements(tree.body):
        if isinstance(node, ast.Import):
            for alias in node.names:
                origins[alias.asname or alias.name.split(".")[0]].add(alias.name if alias.asname else "")
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                module = "." * node.level + (node.module or "")
                origins[alias.asname or alias.name].add(f"{module}:{alias.name}")
    stars = origins.pop("*", set())
    return bool(stars and (origins or len(stars) > 1)) or any(len(places) > 1 for places in origins.values())


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Those of all blocks. Expressions, which are most of a tree, are left aside."""
    for node in body:
        yield node
        for block in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(node, block, []))
        for branch in (*getattr(node, "handlers", []), *getattr(node, "cases", [])):
            yield from _statements(branch.body)


def _tree(path: str, text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the user's lines; Python says it again where they run
            compile(text, path, "exec", dont_inherit=True)
            return ast.parse(text)
    except SyntaxError as error:
        raise NotPython(path, error.lineno or 1, error.msg) from error
    except ValueError as error:  # null bytes, lone surrogates
        raise NotPython(path, 1, str(error)) from error
    except (MemoryError, RecursionError) as error:
        raise NotPython(path, 1, "it is nested too deeply") from error


def _ruff(arguments: list[str], paths: list[str], folder: str) -> str:
    """What ruff says, run in the folder itself, so that it knows the package in `src` as the project's own.

    Files are named one by one: in a folder that git ignores, ruff finds none by itself and says that all is well.
    """
    if not paths:
        return ""
    command = [sys.executable, "-m", "ruff", *arguments, *_OPTIONS, "--", *paths]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotPython("the project", 1, f"ruff does not format it: {done.stderr.strip()}")
    return done.stdout + done.stderr
