"""`nb2prod explain`"""

import json
from pathlib import Path

import click

from nb2prod.cli.options import FORMAT, NOTEBOOK
from nb2prod.cli.show import say, show_finding
from nb2prod.model.finding import Severity


@click.command(name="explain")
@NOTEBOOK
@click.option("--step", metavar="NAME", help="All that is known of one step.")
@click.option("--name", metavar="NAME", help="The history of one name through the cells.")
@FORMAT
@click.option("--json", "machine", is_flag=True, help="The same as --format json.")
def COMMAND(notebook: Path, step: str | None, name: str | None, form: str, machine: bool) -> int:  # noqa: N802
    """Say who makes, changes and reads the names of NOTEBOOK, and why one step hands a name to another.

    "perhaps changed" is what cannot be ruled out: then the name is handed on, so that no change is lost. A notebook
    that `convert` refuses is explained as far as it is known.

    \b
        nb2prod explain churn.ipynb
        nb2prod explain churn.ipynb --step train_model
        nb2prod explain churn.ipynb --name customers --json
    """
    from nb2prod.api.explain import explain, to_json
    from nb2prod.cli.explained import text_of

    if step is not None and name is not None:
        raise click.UsageError("give --step or --name, not both")
    found = explain(notebook, step=step, name=name)
    if machine or form == "json":
        click.echo(json.dumps(to_json(found), indent=2))
        return 0
    click.echo(text_of(found, in_full=step is not None))
    for finding in found.findings:
        if finding.severity is Severity.ERROR:
            show_finding(finding, err=True)
    if not found.converts:
        say(f"{found.notebook} does not convert as it is: what depends on the findings above is not known")
    return 0
