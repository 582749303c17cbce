"""`nb2prod check`: all that can be said of a notebook without running it."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from nb2prod.analysis.build import build
from nb2prod.analysis.knowledge import knowledge_for
from nb2prod.checks.check import all_checks, run_checks
from nb2prod.checks.manual import PAGES
from nb2prod.errors import UnknownCode
from nb2prod.model.finding import Finding
from nb2prod.notebooks.read import read_notebook

__all__ = ["check", "explain", "to_json"]


def check(path: Path) -> tuple[Finding, ...]:
    """What the conversion refuses and what the rules say, by cell and line. Raises KnowledgeWrong."""
    notebook = read_notebook(path)
    built = build(notebook, known=knowledge_for(path))
    found = {*built.findings, *run_checks(built.analysis)}
    return tuple(sorted(replace(finding, notebook=notebook.name) for finding in found))


def explain(code: str) -> str:
    """The page of the manual for a finding's code: what, why it hurts, what to write instead."""
    pages = PAGES | {rule.code: rule.page for rule in all_checks()}
    if code not in pages:
        raise UnknownCode(code, tuple(sorted(pages)))
    return f"{code}: {pages[code].strip()}\n"


def to_json(findings: Iterable[Finding]) -> list[dict[str, str | int]]:
    return [
        {
            "notebook": finding.notebook,
            "cell": finding.cell,
            "line": finding.line,
            "code": finding.code,
            "severity": finding.severity.value,
            "message": finding.message,
            "hint": finding.hint,
        }
        for finding in findings
    ]
