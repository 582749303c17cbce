"""Definite assignment: the names surely bound at a point, and how points meet.

`None` stands for a point that is never reached (after `raise` or `continue`): it meets anything as that thing.
"""

from collections.abc import Iterable

Assigned = frozenset[str] | None


def meet(*points: Assigned) -> Assigned:
    """What is surely bound where these points come together."""
    reached = [point for point in points if point is not None]
    if not reached:
        return None
    return frozenset.intersection(*reached)


def plus(point: Assigned, names: Iterable[str]) -> Assigned:
    return None if point is None else point | frozenset(names)


def minus(point: Assigned, names: Iterable[str]) -> Assigned:
    return None if point is None else point - frozenset(names)
