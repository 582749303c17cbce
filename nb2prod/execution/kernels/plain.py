"""A kernel as jupyter_client starts it, with the interface of a kept one: where there are no fork servers."""

import contextlib
import signal
import subprocess
from typing import Any

import psutil
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from nb2prod.execution.kernels import remains
from nb2prod.execution.kernels.order import Ending, KernelOrder

__all__ = ["PlainKernel", "python_kernel"]


def python_kernel(python: str) -> KernelSpec:
    quiet = "--IPKernelApp.log_level=CRITICAL"  # what a cell prints comes as output, not as a log
    command = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}", quiet]
    return KernelSpec(argv=command, display_name="Python 3", language="python")


class PlainKernel(AsyncKernelManager):
    """It starts cold. No keeper holds its limits, and what it started is found when it is ended, not when it dies."""

    order: KernelOrder
    leash = None
    limit = ""
    idle = False
    _process: Any = None  # a Popen: jupyter_client forgets its own

    @property
    def kernel_spec(self) -> KernelSpec:
        if self._kernel_spec is None and self.order.kernel_name:
            self._kernel_spec = self.kernel_spec_manager.get_kernel_spec(self.order.kernel_name)
        if self._kernel_spec is None:
            self._kernel_spec = python_kernel(self.order.python)
        return self._kernel_spec

    @property
    def ending(self) -> Ending | None:
        code = self._process.poll() if self._process is not None else None
        if code is None:
            return None
        return Ending(code=max(code, 0), signal=max(-code, 0), reason="killed" if code < 0 else "exited")

    def end_all(self, grace: float = 0.0) -> None:
        """INT to the kernel, after half the grace TERM, then KILL to all that it started."""
        with contextlib.suppress(psutil.Error, AttributeError):  # it is gone, or was never started
            kernel = psutil.Process(self._process.pid)
            offspring = kernel.children(recursive=True)
            if grace > 0:
                kernel.send_signal(signal.SIGINT)
                self._await_exit(grace / 2)
                _each([*offspring, kernel], "terminate")
                self._await_exit(grace / 2)
            _each([*offspring, kernel], "kill")
            self._await_exit(5)
            psutil.wait_procs(offspring, 5)
        remains.end(self.order.env.get("NB2PROD_RUN", ""))

    def _await_exit(self, seconds: float) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):  # by Popen, which alone then knows its code
            self._process.wait(seconds)

    async def _async_launch_kernel(self, kernel_cmd: list[str], **options: Any) -> None:
        await super()._async_launch_kernel(kernel_cmd, **options)
        self._process = getattr(self.provisioner, "process", None)

    async def _async_pre_start_kernel(self, **options: Any) -> Any:
        options.setdefault("cwd", self.order.cwd)
        options.setdefault("env", dict(self.order.env))
        return await super()._async_pre_start_kernel(**options)


def _each(processes: list[psutil.Process], verb: str) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            getattr(process, verb)()
