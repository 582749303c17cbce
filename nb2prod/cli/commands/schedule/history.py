"""`nb2prod schedule history`"""

import click

from nb2prod.cli.show import fitted, say
from nb2prod.cli.stores import JSON, STORE, print_json


@click.command(name="history")
@click.argument("name")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many.")
@STORE
@JSON
def COMMAND(name: str, limit: int, store_url: str, machine: bool) -> int:  # noqa: N802
    """The runs of the schedule NAME, the newest first, with those that were skipped and why.

    \b
        nb2prod schedule history churn
        nb2prod schedule history churn --json | jq '.[] | select(.status == "failed")'
    """
    from nb2prod.api.schedules import history
    from nb2prod.cli.jobs_shown import run_table, zone_of
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        schedule = store.schedule(name)
        runs = history(store, name, limit)
    if machine:
        print_json(runs)
    elif runs:
        click.echo(fitted(run_table(runs, {run.definition_id: name for run in runs}, zone_of(schedule))))
    else:
        say(f"{name} has not run yet")
    return 0
