"""`nb2prod runs compare`"""

from pathlib import Path

import click

from nb2prod.cli.options import RUNS
from nb2prod.cli.stores import JSON, STORE, print_json


@click.command(name="compare")
@click.argument("left", metavar="A")
@click.argument("right", metavar="B")
@RUNS
@STORE
@JSON
def COMMAND(left: str, right: str, runs: Path | None, store_url: str, machine: bool) -> int:  # noqa: N802
    """Two runs of a pipeline beside each other: parameters, metrics, times, rows, nulls, and columns whose
    distribution moved. What differs is marked with ≠; times and memory never are.

    \b
        nb2prod runs compare 1k13hq1b7akv2sepp 1k13hq4c2mzt8waxx
        nb2prod runs compare 20260131T120000-1a2b3c 20260201T120000-4d5e6f --runs out/churn/runs
        nb2prod runs compare A B --json | jq '.lines[] | select(.differs)'
    """
    from nb2prod.api.compare_runs import compare_runs
    from nb2prod.api.records import find_record
    from nb2prod.cli.records_shown import lines_of_comparison
    from nb2prod.store import open_store

    one, other = (find_record(run, runs, lambda: open_store(store_url)) for run in (left, right))
    lines = compare_runs(one, other)
    if machine:
        print_json({"left": one.run, "right": other.run, "lines": lines})
    else:
        click.echo("\n".join(lines_of_comparison(one, other, lines)))
    return 0
