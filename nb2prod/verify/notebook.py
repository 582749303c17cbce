"""The notebook's side of the proof: run in a kernel, each name looked at after the cell that last touches it."""

import asyncio
import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nb2prod.model.notebook import Notebook
from nb2prod.notebooks.session import NotebookFailed, Session
from nb2prod.runtime.proof import fingerprint as fingerprint_module
from nb2prod.runtime.proof.capture import ENVIRONMENT

__all__ = ["NotebookFailed", "Values", "capture_notebook", "looks"]

Values = dict[str, dict[str, Any]]  # step → name → fingerprint
_MODULE = "_nb2prod_fingerprint"
# objects of many sizes, half of them let go by chance: what comes after stands elsewhere in memory, each time
_JUNK = (
    "(lambda chance: [[each for each in made if chance() < 0.5] for made in"
    " ([bytearray(n % 700) for n in range(50000)], [{n: [n]} for n in range(20000)], [object() for n in range(20000)])]"
    ")(__import__('random').Random().random)"
)


def capture_notebook(
    notebook: Notebook,
    steps: Mapping[str, Mapping[str, Any]],
    workdir: Path,
    *,
    timeout: float | None = None,
    progress: Callable[[str], None] | None = None,
    other_layout: bool = False,
) -> Values:
    """Run the production cells in order in `workdir`. `steps` are those of the lock. Raises NotebookFailed.

    `timeout` is in seconds for each cell. `other_layout` gives the kernel another hash seed and other addresses: what
    changes then (the order of a set, say) was never determined by the notebook.
    """
    with tempfile.TemporaryDirectory() as folder:
        run = _Run(steps, Path(folder), other_layout)
        return asyncio.run(run.execute(notebook, workdir, timeout, progress or (lambda _: None)))


def looks(steps: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str, int]]:
    """Step, name, and the cell after which to look at it: the step's last, as in the package.

    Where the cells of steps alternate and another step touches the name in between: the last cell that touches it.
    """
    found = []
    for step, entry in steps.items():
        last = max(entry["cells"], default=0)
        for name, cell in entry["touched"].items():
            others = [other for other in steps if other != step and name in steps[other]["touched"]]
            between = any(cell < number <= last for other in others for number in steps[other]["cells"])
            found.append((step, name, cell if between else max(cell, last)))
    return found


class _Run:
    def __init__(self, steps: Mapping[str, Mapping[str, Any]], answers: Path, other_layout: bool) -> None:
        self.answers, self.other_layout = answers, other_layout
        self.wanted: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
        for step, name, cell in looks(steps):
            self.wanted[cell].append((step, name))
        self.values: Values = {step: {} for step in steps}

    async def execute(
        self, notebook: Notebook, workdir: Path, timeout: float | None, progress: Callable[[str], None]
    ) -> Values:
        environment = {"PYTHONHASHSEED": "1" if self.other_layout else ENVIRONMENT["PYTHONHASHSEED"]}
        async with Session.opened(notebook, workdir, timeout, environment) as self.session:
            await self.session.tell(_begin(), 0)
            if self.other_layout:
                await self.session.tell(f"__import__('sys').modules[{_MODULE!r}].junk = {_JUNK}", 0)
            await self.session.run(self.look, progress)
        return self.values

    async def look(self, number: int) -> None:
        if not self.wanted[number]:
            return
        answer = self.answers / f"{number}.json"
        names = sorted({name for _, name in self.wanted[number]})
        code = f"__import__('sys').modules[{_MODULE!r}].look({str(answer)!r}, {names!r}, globals())"
        await self.session.tell(code, number)
        found = json.loads(answer.read_text(encoding="utf-8"))
        for step, name in self.wanted[number]:
            if name in found:
                self.values[step][name] = found[name]


_LOOK = """

def look(path, names, namespace):
    import warnings
    with open(path, "w", encoding="utf-8") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        json.dump({name: fingerprint(namespace[name]) for name in names if name in namespace}, file)
"""


def _begin() -> str:
    """Put the fingerprints into the kernel as a module of their own."""
    path = fingerprint_module.__file__
    source = Path(path).read_text(encoding="utf-8") + _LOOK
    modules = "__import__('sys').modules"
    return "\n".join(
        [
            f"{modules}[{_MODULE!r}] = type(__import__('sys'))({_MODULE!r})",
            f"exec({source!r}, {modules}[{_MODULE!r}].__dict__)",
        ]
    )
