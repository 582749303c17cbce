"""A notebook run cell by cell in a kernel, with code of ours between the cells that leaves no trace in it."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any  # nbclient has no types

from nb2prod.errors import Nb2ProdError
from nb2prod.model.notebook import Cell, CellKind, Notebook, RoleKind
from nb2prod.notebooks.kernels import kernel_manager_class
from nb2prod.notebooks.roles import roles_of
from nb2prod.runtime.proof.seeing import SEED

__all__ = ["NotebookFailed", "Session", "production_cells"]


class NotebookFailed(Nb2ProdError):
    """The notebook did not run to its end."""

    def __init__(self, name: str, cell: int, reason: str, exit_code: int) -> None:
        super().__init__(f"the notebook {name} failed at cell {cell}: {reason}")
        self.cell, self.exit_code = cell, exit_code


def production_cells(notebook: Notebook) -> list[Cell]:
    """Those that run, in notebook order: code that is not empty and not skipped."""
    roles = roles_of(notebook)
    code = [cell for cell in notebook.cells if cell.kind is CellKind.CODE and cell.source.strip()]
    return [cell for cell in code if (role := roles[cell.number - 1]) is not None and role.kind is not RoleKind.SKIP]


class Session:
    """A running kernel. `timeout` is in seconds for each cell."""

    def __init__(self, notebook: Notebook, client: Any, document: Any, timeout: float | None) -> None:
        self.notebook, self.client, self.document, self.timeout = notebook, client, document, timeout

    @staticmethod
    @asynccontextmanager
    async def opened(
        notebook: Notebook, workdir: Path, timeout: float | None, environment: Mapping[str, str]
    ) -> AsyncIterator["Session"]:
        """With the generators seeded as a package's are in verification."""
        import nbformat
        from nbclient import NotebookClient

        document = nbformat.reads(notebook.text, as_version=4)  # type: ignore[no-untyped-call]
        options: dict[str, Any] = {"timeout": timeout, "force_raise_errors": True, "skip_cells_with_tag": ""}
        client = NotebookClient(
            document,
            kernel_manager_class=kernel_manager_class(),
            resources={"metadata": {"path": str(workdir)}},
            store_widget_state=False,
            **options,
        )
        async with _kernel(client, _environment(environment)):
            session = Session(notebook, client, document, timeout)
            await session.tell(_SEEDS, 0)
            yield session

    async def run(self, after: Callable[[int], Any], progress: Callable[[str], None]) -> None:
        """The production cells in order; `after(number)` is awaited after each. Raises NotebookFailed."""
        for cell in production_cells(self.notebook):
            progress(f"cell {cell.number} of {len(self.notebook.cells)}")
            await self.run_cell(cell.number)
            await after(cell.number)

    async def run_cell(self, number: int) -> None:
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

        try:
            await self.client.async_execute_cell(self.document.cells[number - 1], number - 1)
        except CellExecutionError as error:
            raise NotebookFailed(self.notebook.name, number, f"{error.ename}: {error.evalue}", 3) from error
        except CellTimeoutError as error:
            raise NotebookFailed(self.notebook.name, number, f"it ran for over {self.timeout} s", 4) from error
        except DeadKernelError as error:
            raise self._dead(number) from error

    async def tell(self, code: str, number: int) -> None:
        """Run code of ours: it leaves no name, no history and no output in the notebook."""
        from nbclient.exceptions import DeadKernelError

        message = self.client.kc.execute(code, silent=True, store_history=False)
        try:
            reply = await self.client.async_wait_for_reply(message)
        except DeadKernelError as error:
            raise self._dead(number) from error
        if reply["content"]["status"] != "ok":
            raise NotebookFailed(self.notebook.name, number, str(reply["content"].get("evalue", "")), 3)

    def _dead(self, number: int) -> BaseException:
        """nbclient takes a cancelled task for a dead kernel."""
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            return asyncio.CancelledError()
        return NotebookFailed(self.notebook.name, number, "the kernel died", 5)


@asynccontextmanager
async def _kernel(client: Any, environment: Mapping[str, str]) -> AsyncIterator[None]:
    """Not nbclient's: that takes INT and TERM to itself, ends the kernel, and whoever runs the cells goes on."""
    kernel = client.create_kernel_manager()
    is_cancelled = False
    try:
        await client.async_start_new_kernel(env=environment)
        await client.async_start_new_kernel_client()
        yield
    except (asyncio.CancelledError, KeyboardInterrupt):
        is_cancelled = True
        raise
    finally:
        if client.kc is not None:
            client.kc.stop_channels()
        if await kernel.is_alive():
            await kernel.shutdown_kernel(now=is_cancelled)
        else:
            await kernel.cleanup_resources()


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key != "MPLBACKEND"}
    return kept | dict(extra)


_SEEDS = "\n".join(
    [
        f"__import__('random').seed({SEED})",
        f"(lambda find: __import__('numpy').random.seed({SEED}) if find.find_spec('numpy') else None)"
        "(__import__('importlib.util').util)",
    ]
)
