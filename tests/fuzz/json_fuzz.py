"""Broken notebooks: bytes, types and texts of good ones are changed, and each command may only refuse in its own words.

python -m fuzz.json_fuzz --examples 20000 --seed 1
"""

import argparse
import copy
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
import types
import warnings
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any  # JSON

from nb2prod.api.check import check
from nb2prod.api.convert import convert
from nb2prod.api.explain import explain
from nb2prod.api.tag import tag
from nb2prod.errors import Nb2ProdError

__all__ = ["mutated", "seeds", "trouble_of"]

TESTS = Path(__file__).parents[1]
BATCH = 100
SECONDS = 30  # for one notebook
Change = Callable[[random.Random, bytes], bytes]

_TEXTS = (
    "", " ", "\x00", "x = 1\x00", "\ud800", "\ufeffx = 1", "x = '\ud800'", "é̈ = 1", "ﬁ = 1\nfi = 2", "𝒳 = 1",
    "x = 1\r\ny = 2\r", "\x0c", "def f():\n\x0c    return 1", "x = 1 \\", "x = (", "x = '''", "f'{", "f'{x!}'",
    "x = {" * 300, "(" * 500, "-" * 5000 + "1", "x" + ".a" * 5000, "x = " + "[" * 90 + "]" * 90,
    "a = " * 500 + "1", "lambda: " * 300 + "1", "x = " + "9" * 5000, "x = 0x" + "f" * 6000, "x = 1e999",
    "x = -1e400j", "x = '" + "é" * 3000 + "'", "not " * 3000 + "1", "x = " + " + ".join(["1"] * 5000),
    "\n".join("    " * n + "if 1:" for n in range(120)), "\tx = 1\n        y = 2", "%%bash\necho 1", "%%unknown",
    "%", "!", "!ls {", "x = !ls", "?", "x?", "??x", "%timeit", "%run", "%%", "get_ipython()", "%load_ext\x00",
    "%matplotlib inline\n!pip install ''", "!pip install -r\x00 x", "from . import x", "from .. import *",
    "import ", "import a.b.c as d, e", "from __future__ import annotations", "from __future__ import nothing",
    "return 1", "yield 1", "await x", "break", "nonlocal x", "global x", "del x", "del (x, [y])", "*a, b = c",
    "(x := 1)", "x: int", "x: 'a b' = 1", "class A(A): A = A", "def f(x, x): pass", "lambda x=x: x",
    "@x\ndef f(): f", "type X = int", "match x:\n    case {'a': [b, *c], **d} if e: f",
    "try:\n    x\nexcept* E as e:\n    pass", "with a as (b, *c): d", "async def f():\n    async for x in y: pass",
    "x = y = x[y:=1] = 2", "for x[0] in y: x", "None = 1", "f() = 1", "x +=", "print 'x'", ">>> x = 1\n1",
    "In [1]: x = 1", "# coding: latin-1\nx = 'é'", "# coding: nonsense\nx = 1", "x = b'é'",
    "'''\nx\n''' ; y = '''\n  z'''", "x = f'''{\n  y\n}'''", "if x: pass; y = 1\nelse: z", "x = 1;", ";",
    "\\\nx = 1", "x\\\n=1", "exec('x = 1')", "eval('')", "exec('(')", "df.query('@')", "df.query('@x' + 1)",
    "smf.ols('y ~ x + (')", "x = '{'.format()", "open(0)", "open('')", "pd.read_csv('a\\x00b')",
    "pd.read_csv('http://[')", "pd.read_csv('s3://' * 50)", "'%s' % ()", "__name__", "_", "_1", "Out[1]", "In",
    "display()", "exit", "class Ω: pass", "def ℌ(): pass", "µ = 1", "self = super()",
)  # fmt: skip
_TAGS = (
    "step:", "step: ", "step:\x00", "step:class", "step:é", "step:1", "step:" + "a" * 400, "step:a/b", "step:../x",
    "step:print", "step:run", "step:numpy", "step:functions", "step:parameters", "step:pipeline", "step:steps",
    "step:__init__", "step:None", "step:step", "step:a", "step:b", "step:ﬁ", "step:\ud800", "block:x", "prev:x",
    "prev:", "limit:", "limit:cpu:x", "retry:x", "timeout:9e9", "cache:", "parameters", "imports", "functions",
    "skip", "metrics", "inference", "Parameters", "", ":", "::", "stpe:x", "tags", "pipeline-metrics",
    "injected-parameters",
)  # fmt: skip
_OPTIONS: tuple[dict[str, Any], ...] = (
    {"retries": "x"}, {"retries": -1}, {"timeout": 10**400}, {"timeout": "nan"}, {"memory": "1 QB"}, {"memory": -1},
    {"cpu": []}, {"cache": "maybe"}, {"gpu": 1.5}, {"unknown": 1}, {"": None}, {"retries": True}, {"timeout": 0},
)  # fmt: skip
_ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    4,
    3,
    2,
    10**30,
    1.5,
    float("nan"),
    float("inf"),
    "",
    "x",
    "\x00",
    [],
    {},
    [[]],
    [None],
    [1],
)
_ODD_KEYS = (
    "",
    "\x00",
    "cells",
    "metadata",
    "source",
    "tags",
    "nb2prod",
    "name",
    "é",
    "nbformat",
    "language_info",
    "kernelspec",
)
_CELL_TYPES = ("code", "markdown", "raw", "heading", "html", "", None, 1, ["code"], {"a": 1})


def seeds() -> tuple[bytes, ...]:
    """The examples, and the small notebooks of the law."""
    examples = sorted((TESTS.parent / "example_notebooks").glob("*.ipynb"))
    cases: dict[str, list[str]] = json.loads((TESTS / "law" / "cases.json").read_text(encoding="utf-8"))
    small = [json.dumps(_notebook(cells)).encode() for cells in cases.values()]
    return (*(path.read_bytes() for path in examples), *small)


def _notebook(sources: list[str]) -> dict[str, Any]:
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {"tags": [f"step:s{number}"] if number % 3 else []},
            "outputs": [],
            "source": source,
        }
        for number, source in enumerate(sources)
    ]
    return {"cells": cells, "metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4, "nbformat_minor": 5}


def mutated(chance: random.Random, content: bytes) -> bytes:
    """The notebook with one to four changes."""
    for _ in range(chance.randint(1, 4)):
        content = chance.choice(_CHANGES)(chance, content)
    return content


# ---------------------------------------------------------------------- changes of bytes


def _change_bytes(chance: random.Random, content: bytes) -> bytes:
    place = chance.randrange(len(content) + 1)
    length = chance.choice((1, 1, 2, 8, 100, len(content)))
    new = chance.choice((b"", b"\x00", b"\xff", b'"', b"\\", b"{", b"]", b",", b"\n", bytes([chance.randrange(256)])))
    if chance.random() < 0.2:
        new = content[place : place + length] * 2
    return content[:place] + new + content[place + length :]


def _nest(chance: random.Random, content: bytes) -> bytes:
    depth = chance.choice((50, 900, 1100, 20_000))
    deep = b"[" * depth + b"]" * depth
    place = content.find(b'"metadata": {', chance.randrange(len(content) + 1))
    if place < 0:
        return deep
    return content[: place + 13] + b'"deep": ' + deep + b", " + content[place + 13 :]


# ---------------------------------------------------------------------- changes of JSON


def _in_json(change: Callable[[random.Random, Any], None]) -> Change:
    """The change of the parsed notebook; nothing when it is no JSON any more."""

    def changed(chance: random.Random, content: bytes) -> bytes:
        try:
            data = json.loads(content)
        except (ValueError, RecursionError):
            return content
        if not isinstance(data, dict):
            return content
        try:
            change(chance, data)
            return json.dumps(data).encode("utf-8", "surrogatepass")
        except RecursionError:
            return content

    return changed


def _places(data: Any) -> list[tuple[Any, Any]]:
    """Every container of the tree with each of its keys."""
    found: list[tuple[Any, Any]] = []
    todo = [data]
    while todo and len(found) < 3000:
        container = todo.pop()
        keys = list(container) if isinstance(container, dict) else list(range(len(container)))
        for key in keys:
            found.append((container, key))
            if isinstance(container[key], dict | list):
                todo.append(container[key])
    return found


def _set_odd(chance: random.Random, data: Any) -> None:
    container, key = chance.choice(_places(data))
    container[key] = copy.deepcopy(chance.choice((*_ODD, *_TEXTS)))


def _remove(chance: random.Random, data: Any) -> None:
    container, key = chance.choice(_places(data))
    del container[key]


def _add_key(chance: random.Random, data: Any) -> None:
    dicts = [data, *(container[key] for container, key in _places(data) if isinstance(container[key], dict))]
    chance.choice(dicts)[chance.choice(_ODD_KEYS)] = copy.deepcopy(chance.choice(_ODD))


def _cells(data: Any) -> list[dict[str, Any]]:
    cells = data.get("cells")
    found: list[dict[str, Any]] = [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []
    return found or [{}]


def _set_source(chance: random.Random, data: Any) -> None:
    cell = chance.choice(_cells(data))
    old = cell.get("source")
    lines = "".join(map(str, old)) if isinstance(old, list) else str(old)
    text = chance.choice(_TEXTS)
    cell["source"] = chance.choice((text, lines + "\n" + text, text + "\n" + lines, lines.replace(" ", text[:20], 1)))


def _set_tags(chance: random.Random, data: Any) -> None:
    cell = chance.choice(_cells(data))
    tags = [chance.choice(_TAGS) for _ in range(chance.randint(1, 3))]
    metadata = cell.get("metadata")
    cell["metadata"] = (metadata if isinstance(metadata, dict) else {}) | {"tags": tags}


def _set_options(chance: random.Random, data: Any) -> None:
    chance.choice(_cells(data))["metadata"] = {"tags": ["step:x"], "nb2prod": chance.choice(_OPTIONS)}


def _set_type(chance: random.Random, data: Any) -> None:
    chance.choice(_cells(data))["cell_type"] = copy.deepcopy(chance.choice(_CELL_TYPES))


def _move_cells(chance: random.Random, data: Any) -> None:
    if isinstance(data.get("cells"), list) and data["cells"]:
        data["cells"].insert(0, copy.deepcopy(chance.choice(data["cells"])))
        chance.shuffle(data["cells"])


_CHANGES: tuple[Change, ...] = (
    _change_bytes,
    _nest,
    *map(_in_json, (_set_odd, _remove, _add_key, _set_source, _set_source, _set_source, _set_tags, _set_tags)),
    *map(_in_json, (_set_options, _set_type, _move_cells)),
)


# ---------------------------------------------------------------------- what comes out


def trouble_of(content: bytes, folder: Path) -> str:
    """What no user may see, as text: an exception that is not ours, or a project of which only a part is there."""
    path = folder / "fuzzed.ipynb"
    project = folder / "project"
    calls: dict[str, Callable[[], object]] = {
        "check": lambda: check(path),
        "tag": lambda: tag(path),
        "explain": lambda: explain(path),
        "convert": lambda: convert(path, project, record=False),
        "tag --write": lambda: tag(path, write=True),
        "check after tag": lambda: check(path),
    }
    path.write_bytes(content)
    found = [trouble for name, call in calls.items() if (trouble := _trouble(name, call))]
    if project.exists() and not (project / "nb2prod.lock.json").is_file():
        found.append("convert left a part of a project")
    shutil.rmtree(project, ignore_errors=True)
    return "\n".join(found)


def _trouble(name: str, call: Callable[[], object]) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call()
    except Nb2ProdError as error:
        return "" if str(error).strip() else f"{name}: {type(error).__name__} without a word"
    except BaseException as error:
        frames = traceback.extract_tb(error.__traceback__)
        places = "\n".join(f"    {Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[-5:])
        return f"{name}: {type(error).__name__}: {str(error)[:200]}\n{places}"
    return ""


# ---------------------------------------------------------------------- a campaign


class TooSlow(BaseException):
    """A notebook took more than its time."""


def _too_slow(_signal: int, _frame: types.FrameType | None) -> None:
    raise TooSlow(f"more than {SECONDS} s")


def batch(number: int) -> list[tuple[str, bytes]]:
    chance, good = random.Random(number), seeds()
    signal.signal(signal.SIGALRM, _too_slow)
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(BATCH):
            content = mutated(chance, chance.choice(good))
            signal.alarm(SECONDS)
            trouble = trouble_of(content, Path(folder))
            signal.alarm(0)
            if trouble:
                found.append((trouble, content))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--examples", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, help="write the notebooks that make trouble into this folder")
    arguments = parser.parse_args()
    began = time.monotonic()
    first = arguments.seed * 1_000_000
    troubles: Counter[str] = Counter()
    numbers = range(first, first + max(1, arguments.examples // BATCH))
    with ProcessPoolExecutor(arguments.jobs) as pool:
        for found in pool.map(batch, numbers):
            for trouble, content in found:
                troubles[trouble] += 1
                if arguments.keep and troubles[trouble] == 1:
                    arguments.keep.mkdir(parents=True, exist_ok=True)
                    (arguments.keep / f"{len(troubles)}.ipynb").write_bytes(content)
    for number, (trouble, count) in enumerate(troubles.items(), 1):
        print(f"======== {number}: {count} times\n{trouble}")
    print(
        f"{len(numbers) * BATCH} broken notebooks in {time.monotonic() - began:.0f} s: {troubles.total()} with trouble"
    )
    sys.exit(1 if troubles else 0)


if __name__ == "__main__":
    main()
