"""Runs of cells that make a step each: by headings, or by what the cells do, until they are few enough to review."""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nb2prod.analysis.classify import Statement, Use
from nb2prod.analysis.step_names import main_doing
from nb2prod.notebooks.headings import Heading

__all__ = ["Run", "by_code", "by_headings"]

FEWEST, MOST = 3, 8  # steps of a notebook without headings
Statements = Mapping[int, tuple[Statement, ...]]


@dataclass(frozen=True, kw_only=True)
class Run:
    """Cells that follow each other. `heading` is empty where no heading divides; `joined` says why a cell is in it."""

    cells: tuple[int, ...]
    heading: str = ""
    joined: tuple[tuple[int, str], ...] = ()

    def with_next(self, other: "Run", why: str) -> "Run":
        """Both in one. The reason is told at the cells of the smaller one, which loses its heading."""
        smaller = other if len(other.cells) <= len(self.cells) else self
        told = tuple((cell, why) for cell in smaller.cells)
        heading = self.heading or other.heading
        return Run(cells=self.cells + other.cells, heading=heading, joined=self.joined + other.joined + told)


def by_headings(headings: tuple[Heading, ...], work: Sequence[int], closed: Sequence[int]) -> tuple[Run, ...]:
    """The sections of the shallowest level that divides the work; empty when none does. `closed` cells divide too."""
    for level in range(1, 7):
        chosen = [heading for heading in headings if heading.level <= level]
        titles = {cell: _last_before(cell, chosen) for cell in work}
        if len({title for title in titles.values() if title}) >= 2:
            return _consecutive(work, closed, lambda cell: titles[cell])  # noqa: B023 (used at once)
    return ()


def _last_before(cell: int, headings: Sequence[Heading]) -> Heading | None:
    return next((heading for heading in reversed(headings) if heading.cell < cell), None)


def _consecutive(work: Sequence[int], closed: Sequence[int], title: Callable[[int], Heading | None]) -> tuple[Run, ...]:
    runs: list[Run] = []
    before: tuple[Heading | None, int] | None = None
    for cell in work:
        here = (title(cell), sum(other < cell for other in closed))
        if here == before:
            runs[-1] = Run(cells=(*runs[-1].cells, cell), heading=runs[-1].heading)
        else:
            heading = here[0]
            runs.append(Run(cells=(cell,), heading=heading.text if heading else ""))
        before = here
    return tuple(runs)


# ---------------------------------------------------------------------- without headings


def by_code(work: Sequence[int], closed: Sequence[int], statements: Statements) -> tuple[Run, ...]:
    """Cells that do the same follow each other into one step; small ones join the cell that they feed."""
    runs = [Run(cells=(cell,)) for cell in work]
    gaps = {cell: sum(other < cell for other in closed) for cell in work}

    def may_join(index: int) -> bool:
        return gaps[runs[index].cells[-1]] == gaps[runs[index + 1].cells[0]]

    _join_small(runs, statements, may_join)
    _join_alike(runs, statements, may_join)
    _join_until_few(runs, statements, may_join)
    return tuple(runs)


def _join_small(runs: list[Run], statements: Statements, may_join: Callable[[int], bool]) -> None:
    index = 0
    while index < len(runs) and len(runs) > FEWEST:
        found = _of(runs[index], statements)
        forward = index + 1 < len(runs) and may_join(index) and _feeds(found, _of(runs[index + 1], statements))
        if not _is_small(found):
            index += 1
        elif forward:
            runs[index : index + 2] = [
                runs[index].with_next(runs[index + 1], "it is small, and the next cell reads it")
            ]
        elif index and may_join(index - 1):
            runs[index - 1 : index + 1] = [runs[index - 1].with_next(runs[index], "it is small")]
        else:
            index += 1


def _join_alike(runs: list[Run], statements: Statements, may_join: Callable[[int], bool]) -> None:
    index = 0
    while index + 1 < len(runs) and len(runs) > FEWEST:
        here, there = (main_doing(_of(run, statements)) for run in runs[index : index + 2])
        if here and there and here.verb.name == there.verb.name and may_join(index):
            runs[index : index + 2] = [runs[index].with_next(runs[index + 1], f"{there.verb.told} too")]
        else:
            index += 1


def _join_until_few(runs: list[Run], statements: Statements, may_join: Callable[[int], bool]) -> None:
    while len(runs) > MOST:
        pairs = [index for index in range(len(runs) - 1) if may_join(index)]
        if not pairs:
            return
        best = min(pairs, key=lambda index: (_cost(runs[index], runs[index + 1], statements), index))
        runs[best : best + 2] = [runs[best].with_next(runs[best + 1], "it goes on with the same work")]


def _cost(one: Run, other: Run, statements: Statements) -> int:
    """Two small runs of which the second reads the first join before two large ones that have nothing in common."""
    first, second = _of(one, statements), _of(other, statements)
    size = len(first) + len(second)
    here, there = main_doing(first), main_doing(second)
    alike = here is None or there is None or here.verb.name == there.verb.name
    return size + (0 if _feeds(first, second) else 6) + (0 if alike else 4)


def _of(run: Run, statements: Statements) -> tuple[Statement, ...]:
    return tuple(statement for cell in run.cells for statement in statements[cell])


def _feeds(first: Sequence[Statement], second: Sequence[Statement]) -> bool:
    made = {name for statement in first for name in statement.names}
    return any(isinstance(node, ast.Name) and node.id in made for statement in second for node in statement.nodes)


def _is_small(statements: Sequence[Statement]) -> bool:
    """One or two statements without a verb that makes a step."""
    work = [statement for statement in statements if statement.use in (Use.BODY, Use.DISPLAY)]
    doing = main_doing(work)
    return len(work) <= 2 and (doing is None or doing.verb.weight <= 1)
