"""IPython's display where there is no IPython: steps of a notebook that shows tables run without it too.

What is shown is printed, as IPython does outside of a notebook, and becomes a file of the run (see displays.py).
"""

import importlib.util
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any  # whatever is shown

__all__ = ["stand_in"]

_NAMES = ("IPython", "IPython.display")


def stand_in() -> None:
    """From now on, for who imports it. Nothing is done where IPython can be imported."""
    if "IPython" not in sys.modules and importlib.util.find_spec("IPython") is None:
        sys.meta_path.append(_Finder())


class _Finder(MetaPathFinder, Loader):
    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        return ModuleSpec(fullname, self, is_package=fullname == "IPython") if fullname in _NAMES else None

    def exec_module(self, module: ModuleType) -> None:
        given: dict[str, Any] = {"get_ipython": _nobody} if module.__name__ == "IPython" else _DISPLAY
        vars(module).update(given)


class _Shown:
    """HTML, Markdown and their like: a text that says how it is to be shown."""

    def __init__(self, data: object = "", *_: object, **__: object) -> None:
        self.data = data

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class HTML(_Shown):
    def _repr_html_(self) -> str:
        return str(self.data)


class Markdown(_Shown):
    def __repr__(self) -> str:
        return str(self.data)


def display(*objects: Any, **_: object) -> None:
    print(*map(repr, objects))


def clear_output(wait: bool = False) -> None:
    """There is nothing to clear."""


def _nobody() -> None:
    """No shell."""


_DISPLAY: dict[str, Any] = {each.__name__: each for each in (HTML, Markdown, clear_output, display)}
