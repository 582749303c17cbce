"""What a rule is, and running them all.

A rule is one module of this package with a `PLUGIN`; its docstring is its page in the manual. Other
distributions add rules by the entry point `nb2prod.checks`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Protocol, cast

import nb2prod.checks
from nb2prod.analysis.analyse import Analysis
from nb2prod.model.finding import Finding, Fix, Severity
from nb2prod.plugins import find_plugins


class Check(Protocol):
    """A rule. `page` is what `nb2prod check --explain CODE` prints."""

    @property
    def code(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def page(self) -> str: ...

    def find(self, analysis: Analysis) -> Iterator[Finding]: ...


@dataclass(frozen=True, kw_only=True)
class Remark:
    """What a rule has to say of a place; cell and line count from 1, 0 is the whole."""

    cell: int = 0
    line: int = 0
    message: str
    hint: str = ""
    fix: Fix | None = None


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A check made of a function that looks at an analysis."""

    code: str
    name: str
    severity: Severity
    page: str
    look: Callable[[Analysis], Iterator[Remark]]

    def find(self, analysis: Analysis) -> Iterator[Finding]:
        for remark in self.look(analysis):
            yield Finding(
                code=self.code,
                severity=self.severity,
                cell=remark.cell,
                line=remark.line,
                message=remark.message,
                hint=remark.hint,
                notebook=analysis.notebook.name,
                fix=remark.fix,
            )


@cache
def all_checks() -> tuple[Check, ...]:
    # a plug-in of another distribution is taken at its word: Check is what it must be
    return cast(tuple[Check, ...], find_plugins(nb2prod.checks, "nb2prod.checks"))


def run_checks(analysis: Analysis) -> tuple[Finding, ...]:
    """The findings of all rules, by cell, line and code."""
    return tuple(sorted(finding for check in all_checks() for finding in check.find(analysis)))
