"""nbclient on kept kernels: deadlines that hold whatever a cell does, and a kernel's death told at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from queue import Empty
from signal import SIGINT
from typing import Any

from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbclient.util import run_hook
from traitlets import Float

from nb2prod.execution.kernels.kernel import kernel_manager_class
from nb2prod.execution.kernels.order import Ending, KernelOrder

__all__ = ["CellDeadlineExceeded", "KernelDied", "WarmNotebookClient"]

_AFTER_INTERRUPT = 1.0  # seconds that an interrupted cell has until its kernel is killed
_LAST_OUTPUTS = 0.05  # seconds in which the outputs of a dead kernel still arrive


class CellDeadlineExceeded(CellTimeoutError):
    """A cell ran for too long. `interrupted`: it gave in to an interrupt; otherwise its kernel was killed."""

    def __init__(self, seconds: float, interrupted: bool) -> None:
        what = "it was interrupted" if interrupted else "it did not heed an interrupt, so its kernel was killed"
        super().__init__(f"a cell ran for over {seconds:g} s; {what}")
        self.seconds, self.interrupted = seconds, interrupted


class KernelDied(DeadKernelError):
    """`ending` tells how; None for a kernel that was not started by nb2prod."""

    def __init__(self, ending: Ending | None) -> None:
        super().__init__(f"Kernel died: {_told(ending)}")
        self.ending = ending


def _told(ending: Ending | None) -> str:
    match ending:
        case None:
            return "nobody knows why"
        case Ending(reason="memory"):
            return "it took more memory than it may"
        case Ending(reason="deadline"):
            return "the run's time was over"
        case Ending(reason="closed"):
            return "it was let go"
        case Ending(signal=signal) if signal:
            return f"it was killed by signal {signal}"
    return f"its process ended with code {ending.code}"


class WarmNotebookClient(NotebookClient):
    """A NotebookClient; every option and hook of nbclient's does what it does there.

    `cell_deadline` in seconds, for each cell: when it is over the kernel is interrupted, and killed a second later when
    the cell did not end; CellDeadlineExceeded is raised. `timeout` holds in the same way. A kernel's death raises
    KernelDied. No signal handler is set: when this process ends, however it does, its kernel is killed.
    """

    cell_deadline = Float(None, allow_none=True).tag(config=True)

    def __init__(self, nb: Any, km: Any = None, *, order: KernelOrder | None = None, **options: Any) -> None:
        if "kernel_manager_class" not in options and km is None:
            options["kernel_manager_class"] = kernel_manager_class(order or KernelOrder())
        super().__init__(nb, km=km, **options)

    @property
    def ending(self) -> Ending | None:
        return getattr(self.km, "ending", None)

    @property
    def _leash(self) -> Any:
        return getattr(self.km, "leash", None)

    @asynccontextmanager
    async def async_setup_kernel(self, **options: Any) -> AsyncIterator[None]:
        cleanup = options.pop("cleanup_kc", self.owns_km)
        if self.km is None:
            self.km = self.create_kernel_manager()
        if not self.km.has_kernel:
            await self.async_start_new_kernel(**options)
        if self.kc is None:
            await self.async_start_new_kernel_client()
        try:
            yield
        except RuntimeError:
            await run_hook(self.on_notebook_error, notebook=self.nb)
            raise
        finally:
            if cleanup:
                await self._async_cleanup_kernel()
            await run_hook(self.on_notebook_complete, notebook=self.nb)

    async def async_execute_cell(self, cell: Any, cell_index: int, *given: Any, **options: Any) -> Any:
        """Raises CellExecutionError, CellDeadlineExceeded and KernelDied."""
        kernel: Any = self.km
        self._note(idle=False)
        try:
            done = await super().async_execute_cell(cell, cell_index, *given, **options)
        except CellExecutionError:
            self._note(idle=True)
            raise
        except DeadKernelError as error:
            if getattr(kernel, "leash", None) is not None and kernel.ending is None:
                raise asyncio.CancelledError from None  # nbclient takes being cancelled for the kernel's death
            raise KernelDied(self.ending) from error
        self._note(idle=True)
        return done

    def _note(self, *, idle: bool) -> None:
        if self._leash is not None:
            kernel: Any = self.km
            kernel.idle = idle

    execute_cell = run_sync(async_execute_cell)

    def _get_timeout(self, cell: Any) -> Any:
        return super()._get_timeout(cell) if self.cell_deadline is None else self.cell_deadline

    async def _async_poll_kernel_alive(self) -> None:
        if self._leash is None:
            await super()._async_poll_kernel_alive()
            return
        await self._leash.exited.come()
        await asyncio.sleep(_LAST_OUTPUTS)
        if self.task_poll_for_reply is not None:
            self.task_poll_for_reply.cancel()

    async def _async_handle_timeout(self, timeout: float, cell: Any = None) -> Any:
        if self.interrupt_on_timeout or self._leash is None:
            return await super()._async_handle_timeout(int(timeout), cell)
        self.log.error("A cell ran for over %g s; its kernel is interrupted.", timeout)
        raise CellDeadlineExceeded(timeout, await self._stop_cell())

    async def _stop_cell(self) -> bool:
        """Whether the cell gave in. Its outputs still come meanwhile."""
        assert self.kc is not None
        leash = self._leash
        leash.signal(SIGINT)
        try:
            await self.kc.shell_channel.get_msg(timeout=_AFTER_INTERRUPT)
        except Empty:
            leash.end(0)
            await leash.ended.come(_AFTER_INTERRUPT)
            return False
        await asyncio.sleep(_LAST_OUTPUTS)
        return True
