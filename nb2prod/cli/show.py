"""What a person sees: findings, errors, tables and progress. Results go to stdout, the rest to stderr."""

import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Sequence

import click

from nb2prod.errors import ConversionRefused, Nb2ProdError
from nb2prod.model.finding import Finding, Severity

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}


def say(line: str) -> None:
    """Progress: on stderr, so that stdout can be piped."""
    click.echo(line, err=True)


def show_error(error: Nb2ProdError) -> None:
    click.echo(f"{click.style('error', fg='red', bold=True)}: {error}", err=True)
    if isinstance(error, ConversionRefused):
        for finding in error.findings:
            if isinstance(finding, Finding):
                show_finding(finding, err=True)


def place_of(finding: Finding) -> str:
    cell, line = finding.cell, finding.line
    return finding.notebook + (f":cell {cell}" if cell else "") + (f":line {line}" if line else "")


def show_finding(finding: Finding, *, err: bool = False) -> None:
    place = place_of(finding)
    severity = click.style(finding.severity.value, fg=_COLOURS[finding.severity])
    click.echo(f"{place}: {click.style(finding.code, bold=True)} {severity}: {finding.message}", err=err)
    for line in finding.hint.splitlines():
        click.echo(f"    {line}", err=err)


def summary_of(findings: Iterable[Finding]) -> str:
    """ "2 errors, 1 warning": the count of each severity there is."""
    counts = Counter(finding.severity for finding in findings)
    words = [
        f"{counts[severity]} {severity.value}{'s' if counts[severity] != 1 and severity is not Severity.INFO else ''}"
        for severity in Severity
        if counts[severity]
    ]
    return ", ".join(words) or "no findings"


def counted(count: int, noun: str) -> str:
    """ "1 step", "2 steps" """
    return f"{count} {noun}{'s' if count != 1 else ''}"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns, the first row the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def fitted(rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """A table whose last column is cut where the terminal ends; whole where stdout is no terminal."""
    if width is None:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    lines = table([[" ".join(text.split()) for text in row] for row in rows]).split("\n")
    return "\n".join(line if not width or len(line) <= width else f"{line[: width - 1]}…" for line in lines)


def size_of(count: int) -> str:
    """Of so many bytes."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} B"
