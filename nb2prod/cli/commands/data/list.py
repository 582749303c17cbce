"""`nb2prod data list`"""

import json
from pathlib import Path

import click

from nb2prod.cli.show import fitted, say


@click.command(name="list")
@click.argument("project", type=click.Path(path_type=Path))
@click.option("--env", "environment", default="", metavar="NAME", help="The [env.NAME] of pipeline.toml.")
@click.option("--json", "machine", is_flag=True, help="For machines.")
def COMMAND(project: Path, environment: str, machine: bool) -> None:  # noqa: N802
    """Say what PROJECT reads and writes, where it is, and which steps take it. Secrets are shown by their names.

    \b
        nb2prod data list out/churn
        nb2prod data list out/churn --env prod --json
    """
    from nb2prod.api.data import list_data, to_json

    known = list_data(project, environment)
    if machine:
        click.echo(json.dumps(to_json(known), indent=2))
        return
    if not known:
        say(f"{project / 'pipeline.toml'} has no [data.NAME] and no [outputs.NAME]")
        return
    rows = [(each.name, each.kind, each.mode, ", ".join(each.steps), each.place) for each in known]
    click.echo(fitted([("name", "kind", "mode", "steps", "place"), *rows]))
    secrets = sorted({secret for each in known for secret in each.secrets})
    if secrets:
        say(f"secrets that must be there where it runs: {', '.join(secrets)}")
