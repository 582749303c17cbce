"""`nb2prod data check`"""

import json
from pathlib import Path

import click

from nb2prod.cli.exits import ExitCode
from nb2prod.cli.show import fitted, say


@click.command(name="check")
@click.argument("project", type=click.Path(path_type=Path))
@click.option("--env", "environment", default="", metavar="NAME", help="The [env.NAME] of pipeline.toml.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=30.0,
    show_default=True,
    metavar="S",
    help="Seconds for each.",
)
@click.option("--json", "machine", is_flag=True, help="For machines.")
def COMMAND(project: Path, environment: str, timeout: float, machine: bool) -> int:  # noqa: N802
    """Try whether all that PROJECT reads and writes can be reached, with the rights that it needs.

    What is read is opened, and a byte or a row is read. What is written is left as it is: something else is written
    beside it and removed again; in a database a transaction is taken back. Exit code 1 when something failed.

    \b
        nb2prod data check out/churn
        nb2prod data check out/churn --env prod --timeout 5
    """
    from nb2prod.api.data import check_data, to_json

    tried = check_data(project, environment, timeout)
    failed = [each for each in tried if not each.fine]
    if machine:
        click.echo(json.dumps(to_json(tried), indent=2))
        return int(ExitCode.FINDINGS if failed else ExitCode.FINE)
    if not tried:
        say(f"{project / 'pipeline.toml'} has no [data.NAME] and no [outputs.NAME]: there is nothing to try")
        return int(ExitCode.FINE)
    rows = [
        (each.name, each.mode, "fine" if each.fine else "FAILED", f"{each.seconds:.1f} s", each.place, each.found)
        for each in tried
    ]
    click.echo(fitted([("name", "mode", "", "took", "place", "found"), *rows]))
    return int(ExitCode.FINDINGS if failed else ExitCode.FINE)
