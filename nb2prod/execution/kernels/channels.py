"""The client of a kept kernel: ready as soon as the kernel is, and told at once when it dies."""

import time
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient

__all__ = ["KeptKernelClient"]

_NAMES = ("shell", "iopub", "stdin", "hb", "control")


class KeptKernelClient(AsyncKernelClient):
    """`info` is the content of the kernel's first kernel_info reply."""

    info: dict[str, Any] | None = None

    def start_channels(
        self, shell: bool = True, iopub: bool = True, stdin: bool = False, hb: bool = False, control: bool = False
    ) -> None:
        """Without a heartbeat, which its keeper makes needless, and without the channels that nbclient never uses."""
        super().start_channels(shell=shell, iopub=iopub, stdin=stdin, hb=hb, control=control)

    def stop_channels(self) -> None:
        for name in _NAMES:  # theirs makes each channel that there is not, to stop it
            channel = getattr(self, f"_{name}_channel")
            if channel is not None and channel.is_alive():
                channel.stop()
        if self._created_context and not self.context.closed:
            self.context.destroy(linger=100)

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Until the kernel answered and its outputs reach us. Raises RuntimeError, as theirs does."""
        deadline = time.monotonic() + (float("inf") if timeout is None else timeout)
        pause = 0.1  # an output of this long ago was lost before we listened: ask again
        while True:
            self.kernel_info()
            if await self._answered(min(pause, 1.0)) and await self._outputs(min(pause, 1.0)):
                return
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > deadline:
                raise RuntimeError(f"Kernel didn't respond in {timeout:g} seconds")
            pause *= 1.5

    async def _answered(self, timeout: float) -> bool:
        try:
            message = await self.shell_channel.get_msg(timeout=timeout)
        except Empty:
            return False
        if message["msg_type"] == "kernel_info_reply":
            self._handle_kernel_info_reply(message)
            self.info = message["content"]
        return self.info is not None

    async def _outputs(self, timeout: float) -> bool:
        try:
            await self.iopub_channel.get_msg(timeout=timeout)
        except Empty:
            return False
        return True
