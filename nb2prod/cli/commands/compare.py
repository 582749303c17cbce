"""`nb2prod compare`"""

import json
from dataclasses import asdict
from pathlib import Path

import click

from nb2prod.cli.exits import ExitCode
from nb2prod.cli.options import FORMAT, PARAMETERS
from nb2prod.cli.show import fitted, say

_HELP = """Run PROJECT on several executors and compare: results, time, processor time, memory, data moved, and cost.

Every step is computed in each run, whatever is known from earlier ones. The results of all runs are compared with
those of the first, as verification compares a package with its notebook.

The cost is by the prices of pipeline.toml, each of which an executor may have of its own:

\b
    [prices]
    currency = "EUR"
    cpu_hour = 0.04        # of a processor
    gb_hour = 0.005        # of memory
    gb_moved = 0.02        # to or from another host
    [prices.dask]
    hour = 0.30            # of the run itself

\b
    nb2prod compare out/churn --executors in-process,local
    nb2prod compare out/churn --executors local,dask --address tcp://scheduler:8786 --repeat 3 -o churn.html

\b
Exit codes:
    0  the results are the same      2  wrong use: nothing was started
    1  results differ                3  a run failed
"""


@click.command(name="compare", help=_HELP)
@click.argument("project", type=click.Path(path_type=Path))
@click.option("--executors", default="in-process,local", show_default=True, metavar="NAMES", help="With commas.")
@PARAMETERS
@click.option("--repeat", type=click.IntRange(1), default=1, show_default=True, metavar="N", help="Runs on each.")
@click.option("--address", default="", metavar="URL", help="Of the Dask cluster's scheduler.")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="How many steps run at once.")
@click.option("--env", "environment", default="", metavar="NAME", help="The [env.NAME] of pipeline.toml.")
@click.option("--artifacts", default="", metavar="URL", help="Where results are kept; every worker must reach it.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write a page that shows it all.")
@FORMAT
def COMMAND(  # noqa: N802
    project: Path,
    executors: str,
    parameters: dict[str, str],
    repeat: int,
    address: str,
    jobs: int | None,
    environment: str,
    artifacts: str,
    output: Path | None,
    form: str,
) -> int:
    from nb2prod.api.compare import CompareOptions, compare
    from nb2prod.api.compare_page import in_bytes, in_money, in_seconds, page
    from nb2prod.execution.trials import TrialFailed

    names = [name.strip() for name in executors.split(",") if name.strip()]
    options = CompareOptions(environment=environment, address=address, jobs=jobs, artifacts=artifacts)
    try:
        found = compare(project, names, parameters, repeat=repeat, options=options, tell=say)
    except TrialFailed as failed:
        say(f"error: {failed}")
        return ExitCode.USAGE if failed.code == ExitCode.USAGE else ExitCode.FAILED
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(page(found), encoding="utf-8")
    if form == "json":
        click.echo(json.dumps(asdict(found), indent=1))
        return ExitCode.FINDINGS if found.differences else ExitCode.FINE
    rows = [("executor", "time", "processor", "peak memory", "moved", "cost", "results")]
    for side in found.sides:
        cost = in_money(side.cost, found.currency)
        measured = (in_seconds(side.seconds), in_seconds(side.cpu), in_bytes(side.memory), in_bytes(side.moved), cost)
        rows.append((side.executor, *measured, found.verdict(side)))
    click.echo(fitted(rows))
    for each in found.differences:
        click.echo(f"differs on {each.executor}: {each.output} of step {each.step}: {each.words}")
    if found.unseen:
        click.echo(f"not compared, for what they give is not kept: {', '.join(found.unseen)}")
    if output is not None:
        click.echo(f"wrote {output}")
    return ExitCode.FINDINGS if found.differences else ExitCode.FINE
