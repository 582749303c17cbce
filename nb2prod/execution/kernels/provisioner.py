"""Starts a kernel under a keeper, for jupyter_client: forked from a warm server, or cold from its kernelspec."""

import asyncio
import os
import re
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from nb2prod.execution.kernels.environment import environment_of
from nb2prod.execution.kernels.keeping import inherited, keep, streams_here
from nb2prod.execution.kernels.leash import Leash
from nb2prod.execution.kernels.order import Ending, KernelNotStarted, KernelOrder
from nb2prod.execution.kernels.servers import WarmKernels

__all__ = ["KeeperProvisioner"]

_IPYKERNEL = re.compile(r"ipykernel(_launcher)?$")
_TRIES = 3  # a server may end while we connect


class KeeperProvisioner(LocalProvisioner):
    """`leash` holds the kernel. Interrupts go to the kernel and its process group, as jupyter_client does it."""

    leash: Leash | None = None

    def follow(self, order: KernelOrder, warm: WarmKernels) -> None:
        self.order, self.warm = order, warm

    @property
    def has_process(self) -> bool:
        return self.leash is not None and not self.leash.exited.happened

    @property
    def ending(self) -> Ending | None:
        return self.leash.ending if self.leash is not None else None

    async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
        """Raises KernelNotStarted."""
        order = self._order(cmd, options)
        self._until = time.monotonic() + self.order.start
        split = _interpreter_options(cmd)
        if split is None:
            self.leash = keep(order, streams_here())
        else:
            await self._fork(cmd[0], split, order)
        assert self.leash is not None
        await self._await_start(self.leash, cmd[0])
        self.pid = self.leash.pid
        self.pgid = self.pid
        self.cwd = order["cwd"]
        return self.connection_info

    def _order(self, cmd: list[str], options: dict[str, Any]) -> dict[str, Any]:
        order = self.order
        return {
            "argv": cmd,
            "folder": str(getattr(self.parent, "folder", "")),
            "cwd": os.path.abspath(options.get("cwd") or order.cwd),  # noqa: PTH100 (links stay)
            "env": dict(options.get("env") or order.env),
            **inherited(),
            "memory": order.memory,
            "cpu_seconds": order.cpu_seconds,
            "cpus": order.cpus,
            "deadline": order.deadline,
        }

    async def _fork(self, python: str, options: Sequence[str], order: dict[str, Any]) -> None:
        """The leash is held from the first moment, so that who is cancelled here can still end the kernel."""
        arguments = order["argv"][1 + len(options) + 2 :]
        environment = environment_of(python, options, order["env"])
        for _ in range(_TRIES):
            connection = self.warm.find(environment)
            if connection is None:  # starting a server takes a while
                connection = await asyncio.to_thread(self.warm.connect, environment)
            try:
                self.leash = Leash(connection, {**order, "arguments": arguments}, streams_here())
            except OSError:  # it ended just then
                continue
            if await self.leash.started.come(self._left()) and not self.leash.pid:
                continue  # as well
            return
        self.leash = keep(order, streams_here())

    async def _await_start(self, leash: Leash, what: str) -> None:
        come = await leash.ready.come(self._left())
        if leash.failure or not come:
            leash.end(0)
            await leash.ended.come(5)
            raise KernelNotStarted(what, leash.failure or f"it did not listen in {self.order.start:g} s")

    def _left(self) -> float:
        return max(0.0, self._until - time.monotonic())

    async def poll(self) -> int | None:
        if self.leash is None or not self.leash.exited.happened:
            return None if self.leash is not None else 0
        ending = self.leash.ending
        assert ending is not None
        return -ending.signal if ending.signal else ending.code

    async def wait(self) -> int | None:
        """For the kernel and for all that it started."""
        if self.leash is None:
            return 0
        await self.leash.ended.come()
        return await self.poll()

    async def send_signal(self, signum: int) -> None:
        if self.leash is None:
            return
        if signum == signal.SIGKILL:
            self.leash.end(0)
        else:
            self.leash.signal(signum)

    async def kill(self, restart: bool = False) -> None:  # noqa: ARG002 (theirs)
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:  # noqa: ARG002 (theirs)
        await self.send_signal(signal.SIGTERM)


def _interpreter_options(cmd: Sequence[str]) -> list[str] | None:
    """Those between Python and `-m ipykernel_launcher`; None when it is another command, which cannot be forked."""
    try:
        place = cmd.index("-m")
    except ValueError:
        return None
    options = list(cmd[1:place])
    if not re.search(r"python[\d.]*$", Path(cmd[0]).name) or not _IPYKERNEL.match((*cmd, "")[place + 1]):
        return None
    taken = ("", *options)
    plain = all(
        option.startswith("-") or before in ("-X", "-W") for before, option in zip(taken, options, strict=False)
    )
    return options if plain else None
