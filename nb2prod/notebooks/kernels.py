"""The kernel of this very Python, whatever kernel specs are installed around it."""

import sys
from typing import Any

__all__ = ["kernel_manager_class"]


def kernel_manager_class() -> Any:
    """A class for nbclient and papermill whose kernels run `sys.executable`. Imports jupyter_client."""
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:  # noqa: ARG002 (every name is this Python)
            quiet = "--IPKernelApp.log_level=CRITICAL"  # what a cell prints comes as output, not as a log
            command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", quiet]
            return KernelSpec(argv=command, display_name="Python 3", language="python")

    class ThisPythonKernel(AsyncKernelManager):
        def __init__(self, **options: Any) -> None:
            super().__init__(**{**options, "kernel_spec_manager": ThisPython()})

    return ThisPythonKernel
