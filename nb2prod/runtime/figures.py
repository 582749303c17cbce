"""A matplotlib backend that keeps figures: `MPLBACKEND=module://nb2prod.runtime.figures`.

It draws as Agg does. A figure is handed to whoever listens when it is shown or closed; a notebook's `plt.show(…)` may
say anything in its parentheses.
"""

from collections.abc import Callable
from typing import Any

from matplotlib import _pylab_helpers
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

__all__ = ["FigureCanvas", "FigureManager", "keep", "show"]

_listeners: list[Callable[[Any], None]] = []


class FigureManager(FigureManagerBase):
    """One figure of pyplot."""

    def destroy(self) -> None:
        _give(self.canvas.figure)

    def show(self) -> None:
        _give(self.canvas.figure)


class FigureCanvas(FigureCanvasAgg):
    manager_class = FigureManager


def show(*_args: Any, **_kwargs: Any) -> None:
    """Show, and close, all figures, as the notebook's inline backend does."""
    _pylab_helpers.Gcf.destroy_all()


def keep(listener: Callable[[Any], None] | None) -> None:
    """From now on give each finished figure to `listener`; None: to nobody."""
    _listeners[:] = [listener] if listener else []


def _give(figure: Any) -> None:
    if getattr(figure, "_nb2prod_given", False):
        return
    figure._nb2prod_given = True
    for listener in _listeners:
        listener(figure)
