"""Cells 6 and 7 of state.ipynb."""

from typing import Any

import matplotlib.pyplot as plt


def plot(points: Any) -> None:
    """Plot"""
    # cell 6
    fig, ax = plt.subplots()
    ax.scatter(points[:, 0], points[:, 1])
    ax.set_title("Points")
    plt.close("all")
    # cell 7
    plt.plot(sorted(points[:, 0]))
    plt.show()
    plt.close("all")
