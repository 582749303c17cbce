"""Which kernel an order gets: a kept one, forked where it can be, on Linux; a plain one elsewhere."""

import logging
import sys
from collections.abc import Callable
from typing import Any

from nb2prod.execution.kernels.order import KernelOrder

__all__ = ["kernel_manager_class"]

_log = logging.getLogger(__name__)
_said: list[str] = []


def kernel_manager_class(order: KernelOrder) -> Any:
    """A class for `kernel_manager_class` of nbclient and papermill whose kernels follow the order.

    Its objects have `ending` (None while the kernel lives), `limit` ("deadline" or "memory" from when the kernel's
    keeper ends it for that) and `end_all(grace)`, which ends the kernel and all that it started, from any thread.
    Imports jupyter_client.
    """
    return type("Ordered", (_kernel(sys.platform, _say_once),), {"order": order})


def _kernel(platform: str, say: Callable[[str], None]) -> Any:
    if platform == "linux":
        from nb2prod.execution.kernels.kept import KeptKernel

        return KeptKernel
    from nb2prod.execution.kernels.plain import PlainKernel

    say("kernels start cold on this system, and no keeper holds their limits of memory and time")
    return PlainKernel


def _say_once(text: str) -> None:
    if not _said:
        _said.append(text)
        _log.warning(text)
