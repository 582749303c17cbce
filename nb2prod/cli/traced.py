"""A trace as a person reads it."""

from collections.abc import Iterator

from nb2prod.model.trace import CellTrace, Observed, Trace

__all__ = ["text_of"]

_MEGA = 1e6


def text_of(trace: Trace) -> str:
    """A line for each cell, and below it what it did."""
    return "\n".join(line for cell in trace.cells for line in (_head(cell), *_facts(cell)))


def _head(cell: CellTrace) -> str:
    return f"cell {cell.cell:<3} {cell.seconds:8.3f} s  {cell.peak_memory / _MEGA:7.0f} MB"


def _facts(cell: CellTrace) -> Iterator[str]:
    facts = {
        "reads": cell.reads,
        "through functions": cell.through,
        "makes": [_shown(name, cell.values.get(name)) for name in cell.binds],
        "changes": [_shown(name, cell.values.get(name)) for name in cell.mutates],
        "deletes": cell.deletes,
        "too large to watch": cell.unknown,
        "state": cell.state,
        "files read": cell.read,
        "files written": cell.written,
        "and": cell.outside,
        "loads": cell.imports,
    }
    for what, names in facts.items():
        if names:
            yield f"    {what}: {', '.join(names)}"


def _shown(name: str, value: Observed | None) -> str:
    if value is None:
        return name
    kind = value.kind.removeprefix("builtins.")
    shape = f" {' x '.join(map(str, value.shape))}" if value.shape else ""
    return f"{name} ({kind}{shape})"
