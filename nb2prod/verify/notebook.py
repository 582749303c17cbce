"""The notebook's side of the proof: run in a kernel, each name looked at after the cell that last touches it."""

import asyncio
import json
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nb2prod.errors import Nb2ProdError
from nb2prod.model.notebook import CellKind, Notebook, RoleKind
from nb2prod.notebooks.kernels import kernel_manager_class
from nb2prod.notebooks.roles import roles_of
from nb2prod.runtime import fingerprint as fingerprint_module
from nb2prod.runtime.capture import ENVIRONMENT, SEED

__all__ = ["NotebookFailed", "Values", "capture_notebook", "looks"]

Values = dict[str, dict[str, Any]]  # step → name → fingerprint
_MODULE = "_nb2prod_fingerprint"
# objects of many sizes, every other one let go: what comes after stands elsewhere in memory
_JUNK = "[bytearray(n % 700) for n in range(50000)][::2] + [{n: [n]} for n in range(20000)][::3]"


class NotebookFailed(Nb2ProdError):
    """The notebook did not run to its end, so there is nothing to compare with."""

    def __init__(self, name: str, cell: int, reason: str, exit_code: int) -> None:
        super().__init__(f"the notebook {name} failed at cell {cell}: {reason}")
        self.cell, self.exit_code = cell, exit_code


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
        run = _Run(notebook, steps, workdir, Path(folder), timeout, progress or (lambda _: None))
        run.other_layout = other_layout
        return asyncio.run(run.execute())


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
    def __init__(
        self,
        notebook: Notebook,
        steps: Mapping[str, Mapping[str, Any]],
        workdir: Path,
        answers: Path,
        timeout: float | None,
        progress: Callable[[str], None],
    ) -> None:
        self.notebook = notebook
        self.workdir, self.answers, self.timeout, self.progress = workdir, answers, timeout, progress
        self.wanted: defaultdict[int, list[tuple[str, str]]] = defaultdict(list)
        for step, name, cell in looks(steps):
            self.wanted[cell].append((step, name))
        self.values: Values = {step: {} for step in steps}
        self.other_layout = False

    async def execute(self) -> Values:
        import nbformat
        from nbclient import NotebookClient

        document = nbformat.reads(self.notebook.text, as_version=4)  # type: ignore[no-untyped-call]
        options: dict[str, Any] = {"timeout": self.timeout, "force_raise_errors": True, "skip_cells_with_tag": ""}
        client = NotebookClient(
            document,
            kernel_manager_class=kernel_manager_class(),
            resources={"metadata": {"path": str(self.workdir)}},
            store_widget_state=False,
            **options,
        )
        environment = {"PYTHONHASHSEED": "1" if self.other_layout else ENVIRONMENT["PYTHONHASHSEED"]}
        async with client.async_setup_kernel(env=_environment(environment)):
            await self.tell(client, _begin(), 0)
            if self.other_layout:
                await self.tell(client, f"__import__('sys').modules[{_MODULE!r}].junk = {_JUNK}", 0)
            roles = roles_of(self.notebook)
            todo = [cell for cell in self.notebook.cells if cell.kind is CellKind.CODE and cell.source.strip()]
            for cell in todo:
                role = roles[cell.number - 1]
                if role is not None and role.kind is not RoleKind.SKIP:
                    self.progress(f"cell {cell.number} of {len(self.notebook.cells)}")
                    await self.run_cell(client, document.cells[cell.number - 1], cell.number)
        return self.values

    async def run_cell(self, client: Any, cell: Any, number: int) -> None:
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

        try:
            await client.async_execute_cell(cell, number - 1)
        except CellExecutionError as error:
            raise NotebookFailed(self.notebook.name, number, f"{error.ename}: {error.evalue}", 3) from error
        except CellTimeoutError as error:
            raise NotebookFailed(self.notebook.name, number, f"it ran for over {self.timeout} s", 4) from error
        except DeadKernelError as error:
            raise NotebookFailed(self.notebook.name, number, "the kernel died", 5) from error
        if self.wanted[number]:
            await self.look(client, number)

    async def look(self, client: Any, number: int) -> None:
        answer = self.answers / f"{number}.json"
        names = sorted({name for _, name in self.wanted[number]})
        code = f"__import__('sys').modules[{_MODULE!r}].look({str(answer)!r}, {names!r}, globals())"
        await self.tell(client, code, number)
        found = json.loads(answer.read_text(encoding="utf-8"))
        for step, name in self.wanted[number]:
            if name in found:
                self.values[step][name] = found[name]

    async def tell(self, client: Any, code: str, number: int) -> None:
        """Run code of ours: it leaves no name, no history and no output in the notebook."""
        from nbclient.exceptions import DeadKernelError

        message = client.kc.execute(code, silent=True, store_history=False)
        try:
            reply = await client.async_wait_for_reply(message)
        except DeadKernelError as error:
            raise NotebookFailed(self.notebook.name, number, "the kernel died", 5) from error
        if reply["content"]["status"] != "ok":
            raise NotebookFailed(self.notebook.name, number, str(reply["content"].get("evalue", "")), 3)


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key != "MPLBACKEND"}
    return kept | dict(extra)


_LOOK = """

def look(path, names, namespace):
    import warnings
    with open(path, "w", encoding="utf-8") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        json.dump({name: fingerprint(namespace[name]) for name in names if name in namespace}, file)
"""


def _begin() -> str:
    """Put the fingerprints into the kernel as a module of their own, and seed as the package is seeded."""
    path = fingerprint_module.__file__
    source = Path(path).read_text(encoding="utf-8") + _LOOK
    modules = "__import__('sys').modules"
    return "\n".join(
        [
            f"{modules}[{_MODULE!r}] = type(__import__('sys'))({_MODULE!r})",
            f"exec({source!r}, {modules}[{_MODULE!r}].__dict__)",
            f"__import__('random').seed({SEED})",
            f"(lambda find: __import__('numpy').random.seed({SEED}) if find.find_spec('numpy') else None)"
            "(__import__('importlib.util').util)",
        ]
    )
