"""`nb2prod check`"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from nb2prod.cli.exits import ExitCode
from nb2prod.cli.options import FORMAT
from nb2prod.cli.show import place_of, say, show_finding, summary_of
from nb2prod.model.finding import Finding, Severity


def _say_fixes(fixed: Iterable[Finding], left: Iterable[Finding]) -> None:
    for finding in fixed:
        if finding.fix:
            say(f"{place_of(finding)}: {finding.code} fixed: {finding.fix.title}")
    for finding in left:
        say(f"{place_of(finding)}: {finding.code} left: its fix changes lines that another one did; fix again")


def _explain(ctx: click.Context, _option: Any, code: str | None) -> None:
    from nb2prod.api.check import explain

    if code is not None:
        click.echo(explain(code.upper()), nl=False)
        ctx.exit(0)


@click.command(name="check")
@click.argument("notebooks", nargs=-1, required=True, type=click.Path(path_type=Path))
@FORMAT
@click.option(
    "--explain",
    metavar="CODE",
    is_eager=True,
    expose_value=False,
    callback=_explain,
    help="Print the manual page of a finding, as in --explain NB401.",
)
@click.option(
    "--fix", "fixes", is_flag=True, help="Write what can be mended into the notebooks first, and say each change."
)
def COMMAND(notebooks: tuple[Path, ...], form: str, fixes: bool) -> int:  # noqa: N802
    """Say what NOTEBOOKS need before they can go to production, without running them.

    Errors are what `convert` refuses; warnings will hurt in production; info tells what becomes of a construct.
    Exit code 1 when there is an error or a warning.

    --fix writes the fixes that findings have into the notebooks: lines of their cells change, and nothing else.
    What is found after that is shown. With --format json each finding has its fix.

    \b
        nb2prod check churn.ipynb
        nb2prod check *.ipynb --format json
        nb2prod check churn.ipynb --fix
        nb2prod check --explain NB401
    """
    from nb2prod.api.check import check, fix, to_json

    for notebook in notebooks if fixes else ():
        done = fix(notebook)
        _say_fixes(done.fixed, done.left)
    findings = [finding for notebook in notebooks for finding in check(notebook)]
    if form == "json":
        click.echo(json.dumps(to_json(findings), indent=2))
    else:
        for finding in findings:
            show_finding(finding)
        say(f"{', '.join(path.name for path in notebooks)}: {summary_of(findings)}")
    grave = any(finding.severity is not Severity.INFO for finding in findings)
    return int(ExitCode.FINDINGS if grave else ExitCode.FINE)
