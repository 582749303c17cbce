"""`nb2prod check`: all that can be said of a notebook without running it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any  # JSON

from nb2prod.analysis.build import plan
from nb2prod.analysis.fixes import applied, disjoint
from nb2prod.analysis.knowledge import knowledge_for
from nb2prod.checks.check import all_checks, run_checks
from nb2prod.checks.manual import PAGES
from nb2prod.errors import UnknownCode
from nb2prod.model.finding import Finding
from nb2prod.model.notebook import Notebook
from nb2prod.notebooks.read import read_notebook
from nb2prod.notebooks.write import write_sources

__all__ = ["Fixing", "check", "explain", "fix", "to_json"]


def check(path: Path) -> tuple[Finding, ...]:
    """What the conversion refuses and what the rules say, by cell and line. Raises KnowledgeWrong."""
    return _found(path, read_notebook(path))


def _found(path: Path, notebook: Notebook) -> tuple[Finding, ...]:
    planned = plan(notebook, known=knowledge_for(path))
    found = {*planned.findings, *run_checks(planned.analysis)}
    return tuple(sorted(replace(finding, notebook=notebook.name) for finding in found))


@dataclass(frozen=True, kw_only=True)
class Fixing:
    """`fixed` are the findings whose fix was written; `left` those whose fix overlaps another's: fix again for them."""

    fixed: tuple[Finding, ...]
    left: tuple[Finding, ...]


def fix(path: Path) -> Fixing:
    """Writes all fixes that do not overlap into the file: lines of cells, and nothing else of it."""
    notebook = read_notebook(path)
    found = [finding for finding in _found(path, notebook) if finding.fix is not None]
    taken, edits = disjoint(finding.fix for finding in found if finding.fix)
    sources = {number: applied(notebook.cell(number).source, new) for number, new in edits.items()}
    if sources:
        write_sources(path, sources)
    return Fixing(
        fixed=tuple(finding for finding in found if finding.fix in taken),
        left=tuple(finding for finding in found if finding.fix not in taken),
    )


def explain(code: str) -> str:
    """The page of the manual for a finding's code: what, why it hurts, what to write instead."""
    pages = PAGES | {rule.code: rule.page for rule in all_checks()}
    if code not in pages:
        raise UnknownCode(code, tuple(sorted(pages)))
    return f"{code}: {pages[code].strip()}\n"


def to_json(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "notebook": finding.notebook,
            "cell": finding.cell,
            "line": finding.line,
            "code": finding.code,
            "severity": finding.severity.value,
            "message": finding.message,
            "hint": finding.hint,
            "fix": None if finding.fix is None else asdict(finding.fix),
        }
        for finding in findings
    ]
