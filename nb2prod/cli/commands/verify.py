"""`nb2prod verify`"""

import json
from pathlib import Path

import click

from nb2prod.cli.options import FORMAT
from nb2prod.cli.show import say


@click.command(name="verify")
@click.argument("project", type=click.Path(path_type=Path))
@click.option("--twice", is_flag=True, help='Run the notebook twice, to tell "different" from "not deterministic".')
@click.option("--isolated", is_flag=True, help="Run each step of the package in a process of its own.")
@click.option(
    "--workdir", type=click.Path(path_type=Path), help="Where the code's relative paths start.", metavar="DIR"
)
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds for each run.", metavar="SECONDS")
@FORMAT
def COMMAND(  # noqa: N802
    project: Path, twice: bool, isolated: bool, workdir: Path | None, timeout: float | None, form: str
) -> int:
    """Prove that the package in PROJECT computes what its notebook computes.

    The notebook runs in a kernel and the package in a fresh process, each in a copy of the notebook's folder. Every
    name that both bind is compared by its value, at the end of each step. Exit code 1 when any differs.

    \b
        nb2prod verify out/churn
        nb2prod verify out/churn --twice --format json
    """
    from nb2prod.api.verify import verify

    found = verify(project, twice=twice, workdir=workdir, timeout=timeout, progress=say, isolated=isolated)
    click.echo(json.dumps(found.to_json(), indent=2) if form == "json" else found.to_text())
    return int(found.exit_code)
