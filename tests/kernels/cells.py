"""Cells run on a kernel of our own server, and what is left of them."""

import asyncio
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from nb2prod.execution.kernels.client import WarmNotebookClient
from nb2prod.execution.kernels.kernel import kernel_manager_class
from nb2prod.execution.kernels.order import Ending, KernelOrder
from nb2prod.execution.kernels.remains import marked
from nb2prod.execution.kernels.servers import WarmKernels


@contextmanager
def own_servers(idle: float = 0) -> Iterator[WarmKernels]:
    """Fork servers that end with the test, in a folder whose path is short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="nbk"))
    warm = WarmKernels(idle=idle, folder=folder)
    try:
        yield warm
    finally:
        warm.close()
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What running some cells gave. `texts` are the outputs of each cell, joined."""

    texts: list[str]
    error: BaseException | None
    ending: Ending
    seconds: float
    run: str

    @property
    def left(self) -> list[int]:
        return list(marked(self.run))


class Bench:
    """Runs cells: `run` waits for the end, `during` is called when the kernel runs the last cell."""

    def __init__(self, warm: WarmKernels, folder: Path) -> None:
        self.warm, self.folder = warm, folder

    def order(self, **settings: Any) -> KernelOrder:
        mark = f"{uuid.uuid4().hex[:12]}:1"
        # under pytest ipykernel leaves the descriptors of stdout and stderr alone
        env = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        env["NB2PROD_RUN"] = mark
        return KernelOrder(**{"cwd": str(self.folder), "env": env, **settings})

    def client(self, order: KernelOrder, *sources: str, kernel: Any = None, **options: Any) -> WarmNotebookClient:
        cells = [nbformat.v4.new_code_cell(source) for source in sources]  # type: ignore[no-untyped-call]
        notebook = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
        base = kernel or kernel_manager_class(order)
        ordered = type("Ordered", (base,), {"order": order, "warm": self.warm})
        return WarmNotebookClient(notebook, kernel_manager_class=ordered, **options)

    def run(
        self,
        *sources: str,
        during: Callable[[Any], object] | None = None,
        order: KernelOrder | None = None,
        **options: Any,
    ) -> Ran:
        order = order or self.order()
        client = self.client(order, *sources, **options)
        return asyncio.run(_run(client, order, during))


async def _run(client: WarmNotebookClient, order: KernelOrder, during: Callable[[Any], object] | None) -> Ran:
    manager: Any = client.create_kernel_manager()
    error: BaseException | None = None
    started = time.monotonic()
    acting = None
    try:
        async with client.async_setup_kernel(cleanup_kc=True):
            started = time.monotonic()
            for index, cell in enumerate(client.nb.cells):
                if during is not None and index == len(client.nb.cells) - 1:
                    acting = asyncio.create_task(_act(during, manager))
                await client.async_execute_cell(cell, index)
    except Exception as caught:
        error = caught
    seconds = time.monotonic() - started
    if acting is not None:
        await acting
    leash = manager.leash
    if leash is None:
        assert error is not None
        raise error
    await leash.ended.come(60)
    texts = [_text(cell) for cell in client.nb.cells]
    return Ran(texts=texts, error=error, ending=manager.ending, seconds=seconds, run=order.env["NB2PROD_RUN"])


async def _act(during: Callable[[Any], object], manager: Any) -> None:
    await asyncio.sleep(0.3)
    await asyncio.to_thread(during, manager)


def _text(cell: Any) -> str:
    parts = []
    for output in cell.outputs:
        match output.output_type:
            case "stream":
                parts.append(output.text)
            case "error":
                parts.append(f"{output.ename}: {output.evalue}\n")
            case _:
                parts.append(output.data.get("text/plain", "") + "\n")
    return "".join(parts)


def until(condition: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
