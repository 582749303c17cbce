"""A kernel for nbclient and papermill that is forked where it can be, on Linux; nothing that it started outlives it."""

import secrets
import shutil
import signal
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from traitlets import Type, default

from nb2prod.execution.kernels import remains
from nb2prod.execution.kernels.channels import KeptKernelClient
from nb2prod.execution.kernels.order import Ending, KernelOrder
from nb2prod.execution.kernels.plain import python_kernel
from nb2prod.execution.kernels.provisioner import KeeperProvisioner
from nb2prod.execution.kernels.servers import warm_kernels

__all__ = ["KeptKernel"]


class KeptKernel(AsyncKernelManager):
    """`ending` tells how the kernel ended, `end_all` ends it and all that it started, from any thread."""

    order: KernelOrder
    warm = warm_kernels()
    client_factory = Type(KeptKernelClient)
    folder: Path | None = None
    idle = False  # nothing runs in it, as far as its client knows: it needs no interrupt before it is shut down

    @default("transport")
    def _transport_default(self) -> str:
        return "ipc"

    @property
    def kernel_spec(self) -> KernelSpec:
        """Of the named kernelspec, or of the order's Python, whatever kernelspecs are installed around it."""
        if self._kernel_spec is None and self.order.kernel_name:
            self._kernel_spec = self.kernel_spec_manager.get_kernel_spec(self.order.kernel_name)
        if self._kernel_spec is None:
            self._kernel_spec = python_kernel(self.order.python)
        return self._kernel_spec

    @property
    def ipykernel(self) -> bool:
        return self.kernel_spec.language == "python"

    @property
    def leash(self) -> Any:  # a Leash once it was started; other provisioners have none
        return getattr(self.provisioner, "leash", None)

    @property
    def ending(self) -> Ending | None:
        """None while it lives. A limit that its keeper holds is told as soon as it begins to end it."""
        return self.leash.ending if self.leash is not None else None

    @property
    def limit(self) -> str:
        """ "deadline" or "memory" from when its keeper ends it for that."""
        return self.leash.limit if self.leash is not None else ""

    def end_all(self, grace: float = 0.0) -> None:
        """INT to the kernel, after half the grace TERM, then KILL to everything. Returns when nothing is left."""
        if self.leash is not None:
            self.leash.end(grace)
            self.leash.ended.wait(grace + 5)
        remains.end(self.order.env.get("NB2PROD_RUN", ""))

    async def _async_pre_start_kernel(self, **options: Any) -> Any:
        options.setdefault("cwd", self.order.cwd)
        options.setdefault("env", dict(self.order.env))
        self._settle()
        return await super()._async_pre_start_kernel(**options)

    def _settle(self) -> None:
        """Where its connection file and sockets are: a folder that its keeper removes, if we do not."""
        if self.folder is None:
            self.folder = self.warm.folder / f"k-{secrets.token_hex(5)}"
            self.connection_file = str(self.folder / "kernel.json")
            self.ip = str(self.folder / "s")
        self.folder.mkdir(mode=0o700, exist_ok=True)  # the keeper of the kernel before a restart removed it
        if self.provisioner is None and "kernel_provisioner" not in self.kernel_spec.metadata:
            self.kernel_id = self.kernel_id or secrets.token_hex(16)
            self.provisioner = KeeperProvisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
            self.provisioner.follow(self.order, self.warm)

    async def _async_start_kernel(self, **options: Any) -> None:
        # without the pause of 10 ms around it that jupyter_client makes for its own tests
        self._attempted_start = True
        command, options = await self._async_pre_start_kernel(**options)
        await self._async_launch_kernel(command, **options)
        await self._async_post_start_kernel(**options)
        self._ready = _settled()

    start_kernel = _async_start_kernel

    async def _async_shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:
        if not self.owns_kernel:
            return
        self.shutting_down = True
        self.stop_restarter()
        if self.leash is None:
            await super()._async_shutdown_kernel(now=now, restart=restart)
            return
        if now or not self.has_kernel:
            self.leash.end(0)
        else:
            await self._ask_to_end(restart)
        await self.leash.ended.come(5)
        await self._async_cleanup_resources(restart=restart)

    shutdown_kernel = _async_shutdown_kernel

    async def _ask_to_end(self, restart: bool) -> None:
        if not self.idle:
            await self._async_interrupt_kernel()
        await self._async_request_shutdown(restart=restart)
        wait = self.shutdown_wait_time / 2
        if await self.leash.exited.come(wait):
            return
        self.leash.signal(signal.SIGTERM)
        if not await self.leash.exited.come(wait):
            self.leash.end(0)

    async def _async_cleanup_resources(self, restart: bool = False) -> None:
        await super()._async_cleanup_resources(restart=restart)
        if not restart and self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None

    cleanup_resources = _async_cleanup_resources


def _settled() -> "Future[None]":
    done: Future[None] = Future()
    done.set_result(None)
    return done
