"""What a step shows with `display(...)` becomes files of the run; its text is printed as it would be without us."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FunctionType
from typing import Any  # whatever is shown

from nb2prod.runtime.listening import ACTIVE, Listener
from nb2prod.runtime.telling.swapping import Swap, swapped
from nb2prod.runtime.telling.tabular import csv_of, is_table

__all__ = ["displays_seen", "keep_shown"]

_ROWS = 1000  # of a table that is shown: a notebook shows fewer
_MOST = 200  # files of a step that are kept; a loop may show any number
_known: dict[FunctionType, Swap] = {}


@contextmanager
def displays_seen(display: Any) -> Iterator[None]:
    """`display` is IPython's function, or what stands in for it."""
    if not isinstance(display, FunctionType):
        yield
        return
    if display not in _known:
        _known[display] = Swap(display, _hook)
    with swapped([_known[display]]):
        yield


def _hook(original: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    if ACTIVE:
        for shown in args:
            keep_shown(shown, ACTIVE[-1])
    return original(*args, **kwargs)


def keep_shown(shown: Any, listener: Listener) -> None:
    """As a table, a picture or a page. What is none of them is text, and stands in the log."""
    count = getattr(listener, "files", ())
    if len(count) >= _MOST:
        return
    try:
        if is_table(shown):
            _keep_table(shown, listener)
        elif hasattr(type(shown), "savefig"):
            shown.savefig(listener.new_figure(), format="png", bbox_inches="tight")
        else:
            _keep_representation(shown, listener)
    except Exception as error:  # showing runs code of the user's and of any library: a notebook would go on
        about = {"type": type(shown).__name__, "reason": f"{type(error).__name__}: {error}"}
        listener.event("event", name="not shown", data=about)


def _keep_table(shown: Any, listener: Listener) -> None:
    rows = len(shown)
    content = csv_of(shown, rows=_ROWS)
    more = {"rows": rows, "kept": _ROWS} if rows > _ROWS else {"rows": rows}
    listener.new_file("table", "", ".csv", **more).write_bytes(content)


def _keep_representation(shown: Any, listener: Listener) -> None:
    for method, suffix, kind in (("_repr_png_", ".png", "figure"), ("_repr_html_", ".html", "table")):
        make = getattr(type(shown), method, None)
        content = make(shown) if callable(make) else None
        if content:
            data = content if isinstance(content, bytes) else str(content).encode("utf-8", "backslashreplace")
            listener.new_file(kind, "", suffix).write_bytes(data)
            return
