"""A matplotlib backend that keeps each figure as a file of the run: MPLBACKEND=module://nb2prod.runtime.figures

A figure is kept when it is shown, when it is closed, and at the end of the step. `show` closes what it
has shown, as it does in a notebook.
"""

import sys
import warnings
from pathlib import Path
from typing import Any  # matplotlib has no types for its backends

from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

from nb2prod.runtime.listening import ACTIVE

__all__ = ["FigureCanvas", "FigureManager", "show"]


class FigureManager(FigureManagerBase):
    """pyplot destroys the manager when it closes the figure."""

    def show(self) -> None:
        _keep(self)

    def destroy(self) -> None:
        _keep(self)


class FigureCanvas(FigureCanvasAgg):
    manager_class = FigureManager


def show(*_: object, **__: object) -> None:
    """Whatever `plt.show` is given."""
    from matplotlib import pyplot

    keep_open_figures()
    pyplot.close("all")


def keep_open_figures() -> None:
    from matplotlib._pylab_helpers import Gcf

    for manager in Gcf.get_all_fig_managers():
        _keep(manager)


def _keep(manager: Any) -> None:
    """Once for each figure. One that cannot be drawn is no reason to fail: the notebook would go on too."""
    if not ACTIVE or getattr(manager, "kept", False):
        return
    manager.kept = True
    path = Path(ACTIVE[-1].new_figure())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            manager.canvas.print_figure(path, format="png", bbox_inches="tight")
    except Exception as error:  # drawing runs the user's own formatters
        path.unlink(missing_ok=True)
        print(f"figure {path.name} could not be drawn: {type(error).__name__}: {error}", file=sys.stderr)
