"""A notebook executed for papermill: its options and its record in the notebook, on our kernels."""

import asyncio
import contextlib
import os
import signal
import stat
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellExecutionError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NotebookExecutionManager
from papermill.iorw import LocalHandler, papermill_io
from papermill.log import logger
from papermill.utils import merge_kwargs, remove_args

from nb2prod.execution.kernels.client import WarmNotebookClient
from nb2prod.execution.kernels.kernel import kernel_manager_class
from nb2prod.execution.kernels.order import KernelOrder

__all__ = ["Execution", "execute_notebook", "write_whole"]

_EVERY = 2.0  # seconds between two savings, at least
_SHARE = 20.0  # and so many times what the last one took


def execute_notebook(
    nb: Any,
    kernel_name: str,
    output_path: str | None = None,
    progress_bar: Any = True,
    log_output: bool = False,
    autosave_cell_every: float = 30,
    **options: Any,
) -> Any:
    """The notebook with its outputs, saved whatever happens. TERM ends it as Ctrl-C does, with exit code 143."""
    _write_whole_locally()
    execution = Execution(
        nb,
        output_path=output_path,
        progress_bar=progress_bar,
        log_output=log_output,
        autosave_cell_every=autosave_cell_every,
    )
    execution.notebook_start()
    try:
        with _ended_by_term():
            _Client(execution, **_client_options(kernel_name, log_output=log_output, **options)).execute()
    except BaseException:
        execution.nb.metadata.papermill["exception"] = True
        raise
    finally:
        execution.cleanup_pbar()
        execution.notebook_complete()
    return execution.nb


def _client_options(
    kernel_name: str, start_timeout: float = 60, execution_timeout: int | None = None, **options: Any
) -> dict[str, Any]:
    """Those of the client, from those of papermill: as its own engine translates them."""
    options.setdefault("kernel_manager_class", kernel_manager_class(_order(kernel_name, start_timeout)))
    given = remove_args(["input_path", "timeout", "startup_timeout"], **options)
    named = {name: given.pop(name, None) for name in ("log_output", "stdout_file", "stderr_file")}
    merged: dict[str, Any] = merge_kwargs(
        given,
        timeout=execution_timeout or options.get("timeout"),
        startup_timeout=start_timeout,
        kernel_name=kernel_name,
        log=logger,
        **named,
    )
    return merged


def _order(kernel_name: str, start_timeout: float) -> KernelOrder:
    return KernelOrder(kernel_name=kernel_name, cwd=str(Path.cwd()), env=dict(os.environ), start=float(start_timeout))


class Execution(NotebookExecutionManager):  # type: ignore[misc]  # papermill has no types
    """papermill's record of an execution. `save` leaves out what is soon saved again; the last one is always made."""

    def __init__(self, nb: Any, **options: Any) -> None:
        self.nb: Any = nb
        self._next = 0.0
        self._unsaved = self._over = False
        super().__init__(nb, **options)

    def save(self, **options: Any) -> None:
        self.nb = options.get("nb") or self.nb
        if not self.output_path or (time.monotonic() < self._next and not self._over):
            self._unsaved = True
            return
        started = time.monotonic()
        # the validation that papermill's own saving makes is left to the last, which is papermill's
        papermill_io.write(nbformat.v4.writes(self.nb), self.output_path)  # type: ignore[no-untyped-call]
        took = time.monotonic() - started
        self._next = started + took + max(_EVERY, _SHARE * took)
        self._unsaved = False
        self.last_save_time = self.now()

    async def keep_saved(self) -> None:
        """Save what was left out when a cell runs for long."""
        while self.output_path:
            await asyncio.sleep(max(0.05, self._next - time.monotonic()))
            if self._unsaved:
                self.save()

    def notebook_complete(self, **options: Any) -> None:
        """As papermill's, but that a cell which never ran stays pending."""
        self.nb = options.get("nb") or self.nb
        self.end_time = self.now()
        record = self.nb.metadata.papermill
        record["end_time"] = self.end_time.isoformat()
        if record.get("start_time"):
            record["duration"] = (self.end_time - self.start_time).total_seconds()
        self.complete_pbar()
        self.cleanup_pbar()
        self._over = True
        self.save()


class _Client(WarmNotebookClient, PapermillNotebookClient):  # type: ignore[misc]
    def __init__(self, execution: Execution, **options: Any) -> None:
        PapermillNotebookClient.__init__(self, execution, **options)

    async def async_execute_cell(self, *given: Any, **options: Any) -> Any:
        saving = asyncio.ensure_future(self.nb_man.keep_saved())
        try:
            return await super().async_execute_cell(*given, **options)
        finally:
            saving.cancel()

    execute_cell = run_sync(async_execute_cell)

    def papermill_execute_cells(self) -> None:
        """A cell that did not end is failed, whatever the reason: papermill calls it completed."""
        for index, cell in enumerate(self.nb.cells):
            try:
                self.nb_man.cell_start(cell, index)
                self.execute_cell(cell, index)
            except CellExecutionError as error:
                self.nb_man.cell_exception(self.nb.cells[index], cell_index=index, exception=error)
                break
            except BaseException as error:
                self.nb_man.cell_exception(self.nb.cells[index], cell_index=index, exception=error)
                raise
            finally:
                self.nb_man.cell_complete(self.nb.cells[index], cell_index=index)


@contextlib.contextmanager
def _ended_by_term() -> Iterator[None]:
    """TERM raises SystemExit, so that the notebook is saved; unless somebody else handles it."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _write_whole_locally() -> None:
    """papermill writes local files whole from now on: its own last write too, which comes after the engine."""
    handler = papermill_io.get_handler("local")
    if type(handler) is LocalHandler and "write" not in vars(handler):
        handler.write = lambda text, path: write_whole(text, Path(handler._cwd or ".") / path)


def write_whole(text: str, path: Path) -> None:
    """To a temporary file beside it, synced and renamed: it has the old content or the new, never a part of it."""
    if not path.parent.exists():
        raise FileNotFoundError(f"output folder {path.parent} doesn't exist.")
    target = Path(os.path.realpath(path))  # a link stays one
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        mode = stat.S_IFREG | (0o666 & ~_umask())
    if not stat.S_ISREG(mode):  # a pipe or a device
        target.write_text(text, encoding="utf-8")
        return
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        Path(temporary).chmod(stat.S_IMODE(mode))
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _umask() -> int:
    umask = os.umask(0o022)
    os.umask(umask)
    return umask


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # not every file system can
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
