"""The cells of a notebook, one after another in a kernel, until the last, an error, or something that stops them.

What happens is told to a Listener as it happens: nothing here says how the run ended but by the Verdict.
"""

import asyncio
import contextlib
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode, from_dict

from nb2prod.execution.kernels.client import WarmNotebookClient
from nb2prod.execution.kernels.order import Ending, KernelOrder
from nb2prod.model.job import Failure, FailureKind

__all__ = ["Cells", "Listener", "Verdict"]

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_GRACE = 1.0  # seconds in which a cell may end after Ctrl-C, and say what it has to say
_LEAVING = 5.0  # seconds in which a kernel may end by itself: what cells registered with atexit runs then


class Listener(Protocol):
    def ready(self, language: Mapping[str, Any]) -> None: ...

    def started(self, index: int) -> None: ...

    def output(self, index: int, do: str, **entry: object) -> None: ...

    def completed(self, index: int, count: int | None) -> None: ...

    def failed(self, index: int, count: int | None, why: FailureKind) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """No `failure`: all cells completed. `index` is the cell in which it ended, -1 before the first."""

    failure: Failure | None = None
    index: int = -1
    ending: Ending | None = None


@dataclass(frozen=True, kw_only=True)
class _Stop(Exception):
    kind: FailureKind
    message: str


class Cells:
    """`silent` is code that runs unseen and unstored before the cell of that index."""

    def __init__(
        self,
        document: Mapping[str, Any],
        order: KernelOrder,
        listener: Listener,
        *,
        silent: tuple[int, str] = (-1, ""),
        cell_timeout: float | None = None,
    ) -> None:
        self._order, self._listener, self._silent, self._timeout = order, listener, silent, cell_timeout
        node = from_dict(document)  # type: ignore[no-untyped-call]
        self._client = _Client(
            node,
            listener=listener,
            order=order,
            kernel_name=order.kernel_name or "python3",
            startup_timeout=order.start,
            timeout=None,
        )
        self._kernel: Any = None  # a KeptKernel, which nbclient's types do not know
        self._channels: Any = None
        self._index = -1
        self._stopped: asyncio.Future[tuple[FailureKind, str]] | None = None
        self._asked: tuple[FailureKind, str] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def stop(self, kind: FailureKind, message: str) -> None:
        """From any thread or signal handler; the first one counts."""
        if self._asked is None:
            self._asked = (kind, message)
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        if self._stopped is not None and not self._stopped.done() and self._asked:
            self._stopped.set_result(self._asked)

    async def run(self) -> Verdict:
        self._loop = asyncio.get_running_loop()
        self._stopped = self._loop.create_future()
        if self._asked:
            self._settle()
        failure = None
        try:
            await self._start()
            for index, cell in enumerate(self._client.nb.cells):
                self._index = index
                await self._run_cell(cell)
        except _Stop as stop:
            failure = Failure(kind=stop.kind, message=stop.message)
        except _CellFailed as error:
            failure = error.failure
        finally:
            await self._leave(gently=failure is None or failure.kind is FailureKind.CELL_ERROR)
        return Verdict(failure=failure, index=self._index, ending=self._ending())

    async def _start(self) -> None:
        client = self._client
        self._kernel = client.km = client.create_kernel_manager()
        client.reset_execution_trackers()
        start = asyncio.ensure_future(self._start_kernel())
        try:
            await self._first(start, self._order.start, FailureKind.KERNEL_START, "the kernel did not start in time")
        except _Stop:
            raise
        except Exception as error:  # whatever a kernelspec, a provisioner or zmq raises
            raise _Stop(kind=FailureKind.KERNEL_START, message=f"the kernel did not start: {error}") from error

    async def _start_kernel(self) -> None:
        client = self._client
        await client.async_start_new_kernel(cwd=self._order.cwd, env=dict(self._order.env))
        self._channels = await client.async_start_new_kernel_client()
        info = await client.async_wait_for_reply(self._channels.kernel_info())
        self._listener.ready((info or {"content": {}})["content"].get("language_info", {}))

    async def _run_cell(self, cell: NotebookNode) -> None:
        index = self._index
        if index == self._silent[0]:
            await self._run_silently(self._silent[1])
        self._listener.started(index)
        task = asyncio.ensure_future(self._client.async_execute_cell(cell, index))
        limit = f"a cell ran for over {self._timeout:g} s" if self._timeout else ""
        try:
            await self._first(task, self._timeout, FailureKind.CELL_TIMEOUT, limit)
        except _Stop as stop:
            self._listener.failed(index, self._client.count, stop.kind)
            raise
        except DeadKernelError:
            death = self._death()
            self._listener.failed(index, self._client.count, death.kind)
            raise death from None
        except CellExecutionError as error:
            failure = self._cell_failure(error)
            self._listener.failed(index, self._client.count, failure.kind)
            raise _CellFailed(failure) from None
        self._listener.completed(index, cell.get("execution_count"))

    async def _first(self, task: "asyncio.Future[Any]", timeout: float | None, late: FailureKind, words: str) -> None:
        """Wait for the task, for a stop, or for its time to be over. Raises _Stop, and what the task raises."""
        assert self._stopped is not None
        await asyncio.wait({task, self._stopped}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if task.done() and not self._stopped.done():
            task.result()
            return
        kind, message = self._stopped.result() if self._stopped.done() else (late, words)
        await self._interrupt(task, kind)
        raise _Stop(kind=kind, message=message)

    async def _interrupt(self, task: "asyncio.Future[Any]", kind: FailureKind) -> None:
        """Let the cell say where it was, but for a short time only."""
        if kind is not FailureKind.LOST and not task.done() and self._channels is not None:
            with contextlib.suppress(Exception):  # a kernel that is just ending
                await self._kernel.interrupt_kernel()
            await asyncio.wait({task}, timeout=_GRACE)
        task.cancel()
        await asyncio.wait({task}, timeout=_GRACE)
        if task.done() and not task.cancelled():
            task.exception()

    async def _run_silently(self, code: str) -> None:
        """Not in the history of the kernel, not in the notebook."""
        message = self._channels.execute(code, silent=True, store_history=False)
        task = asyncio.ensure_future(self._client.async_wait_for_reply(message))
        await self._first(task, self._order.start, FailureKind.KERNEL_DIED, "the kernel took no secrets")
        content = (task.result() or {})["content"]
        if content["status"] != "ok":
            raise _Stop(kind=FailureKind.PARAMETERS, message=f"the kernel took no secrets: {content.get('ename')}")

    def _death(self) -> _Stop:
        if self._asked:
            return _Stop(kind=self._asked[0], message=self._asked[1])
        ending = self._ending()
        kind, words = _why(ending)
        return _Stop(kind=kind, message=words)

    def _ending(self) -> Ending | None:
        return self._client.ending

    def _cell_failure(self, error: CellExecutionError) -> Failure:
        told = self._client.error
        text = _ANSI.sub("", "\n".join(told.get("traceback", ())))
        own = re.findall(rf"Cell In\[{told.get('execution_count')}\], line (\d+)", text)
        memory = error.ename == "MemoryError" and self._order.memory is not None
        return Failure(
            kind=FailureKind.MEMORY if memory else FailureKind.CELL_ERROR,
            message=f"{error.ename}: {_first_line(error.evalue)}".removesuffix(": "),
            line=int(own[-1]) if own else 0,
            traceback=text,
        )

    async def _leave(self, *, gently: bool) -> None:
        """The kernel and all that it started are gone when this returns."""
        kernel = self._kernel
        if kernel is None:
            return
        if gently and self._channels is not None and kernel.leash is not None:
            with contextlib.suppress(Exception):  # a kernel that is just ending
                self._channels.shutdown()
            await kernel.leash.exited.come(_LEAVING)
        await asyncio.to_thread(kernel.end_all)
        if self._channels is not None:
            self._channels.stop_channels()
        await kernel.cleanup_resources()


class _CellFailed(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class _Client(WarmNotebookClient):
    """nbclient's way with messages, each told to the listener."""

    def __init__(self, node: NotebookNode, *, listener: Listener, **options: Any) -> None:
        super().__init__(node, on_cell_error=self._keep_error, **options)
        self._listener = listener
        self.error: dict[str, Any] = {}
        self.count: int | None = None

    def _keep_error(self, *, execute_reply: Mapping[str, Any], **_: object) -> None:
        self.error = dict(execute_reply["content"])

    async def async_execute_cell(self, cell: NotebookNode, cell_index: int, *args: Any, **options: Any) -> NotebookNode:
        self.count = None
        done: NotebookNode = await super().async_execute_cell(cell, cell_index, *args, **options)
        return done

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        if msg["msg_type"] == "execute_input":
            self.count = msg["content"].get("execution_count")
        return super().process_message(msg, cell, cell_index)

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        waited = self.clear_before_next_output
        out = super().output(outs, msg, display_id, cell_index)
        if waited and not self.clear_before_next_output:
            self._listener.output(cell_index, "clear")
        if out is not None:
            shown = {"display": display_id} if display_id else {}
            self._listener.output(cell_index, "output", output=dict(out), **shown)
            outs.clear()  # the listener keeps them
            self.clear_display_id_mapping(cell_index)
        return out

    def clear_output(self, outs: list[NotebookNode], msg: dict[str, Any], cell_index: int) -> None:
        super().clear_output(outs, msg, cell_index)
        if not self.output_hook_stack[msg["parent_header"].get("msg_id")] and not msg["content"].get("wait"):
            self._listener.output(cell_index, "clear")

    def _update_display_id(self, display_id: str, msg: dict[str, Any]) -> None:
        kind = msg["header"]["msg_type"]
        super()._update_display_id(display_id, msg)
        if kind == "update_display_data":
            self._listener.output(0, "update", display=display_id, output=_data_of(msg["content"]))


def _data_of(content: Mapping[str, Any]) -> dict[str, Any]:
    return {"data": content.get("data", {}), "metadata": content.get("metadata", {})}


def _why(ending: Ending | None) -> tuple[FailureKind, str]:
    if ending is None:
        return FailureKind.KERNEL_DIED, "the kernel died"
    if ending.reason == "memory":
        return FailureKind.MEMORY, "the kernel was ended: it took more memory than it may"
    if ending.reason == "deadline":
        return FailureKind.RUN_TIMEOUT, "it ran for too long"
    if ending.signal == signal.SIGXCPU:
        return FailureKind.KERNEL_DIED, "the kernel was ended: it took more CPU time than it may"
    if ending.signal:
        return FailureKind.KERNEL_DIED, f"the kernel was ended by signal {ending.signal}"
    return FailureKind.KERNEL_DIED, f"the kernel ended by itself, with exit code {ending.code}"


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else ""
