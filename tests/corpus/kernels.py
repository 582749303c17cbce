"""A kernel that is forked from a process with the libraries, instead of a new interpreter that imports them again."""

import json
import os
import signal
import sys
from importlib.metadata import EntryPoint
from typing import Any, cast  # jupyter_client hands on whatever it is given

from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

__all__ = ["begin_waiting"]

INLINE = "module://matplotlib_inline.backend_inline"
WAITING: list["Waiting"] = []


def begin_waiting() -> None:
    """Fork, from this process as it is, the kernel that the next notebook gets; later ones are new interpreters."""
    WAITING.append(Waiting())
    factory = KernelProvisionerFactory.instance()
    factory.provisioners["forked"] = EntryPoint("forked", "kernels:Forked", factory.GROUP_NAME)
    factory.default_provisioner_name = "forked"


class Forked(LocalProvisioner):
    """Local, but that the process is there already."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        if not WAITING:
            return await super().launch_kernel(cmd, **kwargs)
        process = WAITING.pop()
        process.go(cmd[cmd.index("-f") + 1 :], str(kwargs["cwd"]), dict(kwargs["env"]))
        self.process, self.pid, self.pgid = cast(Any, process), process.pid, process.pid
        return self.connection_info


class Waiting:
    """A child that becomes a kernel when it is told its connection file; to jupyter_client it is a Popen."""

    stdin = stdout = stderr = None

    def __init__(self) -> None:
        asked, self._asks = os.pipe()
        self.code: int | None = None
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._asks)
            _wait(asked)
        os.close(asked)

    def go(self, arguments: list[str], folder: str, environment: dict[str, str]) -> None:
        with os.fdopen(self._asks, "w") as pipe:
            json.dump([arguments, folder, environment], pipe)

    def poll(self) -> int | None:
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code

    def wait(self) -> int:
        if self.code is None:
            self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.code

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def _wait(asked: int) -> None:
    try:
        os.setsid()
        with os.fdopen(asked) as pipe:
            told = pipe.read()
        if told:
            _become(*json.loads(told))
    finally:
        os._exit(0)


def _become(arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    from ipykernel import kernelapp

    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    os.environ.pop("JPY_PARENT_PID", None)  # the parent looks after it
    dict.__setitem__(sys.modules["matplotlib"].rcParams, "backend", INLINE)
    sys.path.pop(0)  # this folder
    sys.argv = ["ipykernel_launcher", "-f", *arguments]
    kernelapp.launch_new_instance()
