"""`nb2prod run`"""

from pathlib import Path

import click

from nb2prod.cli.options import PARAMETERS
from nb2prod.cli.show import say


@click.command(name="run")
@click.argument("target", type=click.Path(path_type=Path))
@PARAMETERS
@click.option(
    "-o",
    "--runs",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the record of the run goes.  [default: the project's own, or runs/]",
)
@click.option("--resume", metavar="RUN", help="Go on where RUN failed; what it completed is not computed again.")
@click.option("--cache/--no-cache", default=True, show_default=True, help="Use results that are known already.")
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds for the whole run.", metavar="SECONDS"
)
def COMMAND(  # noqa: N802
    target: Path, parameters: dict[str, str], runs: Path | None, resume: str | None, cache: bool, timeout: float | None
) -> int:
    """Run TARGET once: a project's folder by its pipeline, or a notebook by papermill.

    Parameters are checked before anything starts: a name that does not exist or a value of the wrong type is
    refused. Every run leaves a record with its times, outputs and what went wrong.

    \b
        nb2prod run out/churn -p test_size=0.3
        nb2prod run out/churn --resume 20260131T120000-1a2b
        nb2prod run churn.ipynb -p test_size=0.3 -o runs/
    """
    from nb2prod.api.run import run

    done = run(target, parameters, runs=runs, resume=resume, cache=cache, timeout=timeout, progress=say)
    if done.message:
        (click.echo if done.exit_code == 0 else say)(done.message)
    return int(done.exit_code)
