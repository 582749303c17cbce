"""`nb2prod runs list`"""

import click

from nb2prod.cli.show import fitted, say
from nb2prod.cli.stores import JSON, STORE, print_json

_STATUSES = ["queued", "running", "completed", "failed", "cancelled", "skipped"]


@click.command(name="list")
@click.option("--schedule", default="", metavar="NAME", help="Of this schedule.")
@click.option("--definition", default="", metavar="NAME", help="Of this definition, in all its versions.")
@click.option("--batch", default="", metavar="NAME", help="Of this batch.")
@click.option(
    "--status", "statuses", multiple=True, type=click.Choice(_STATUSES), help="Of this status; may be repeated."
)
@click.option("--before", default="", metavar="RUN", help="Older than this run, to page.")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="At most so many.")
@click.option("--tz", default="UTC", show_default=True, metavar="ZONE", help="The zone of the times that are shown.")
@STORE
@JSON
def COMMAND(  # noqa: N802
    schedule: str,
    definition: str,
    batch: str,
    statuses: tuple[str, ...],
    before: str,
    limit: int,
    tz: str,
    store_url: str,
    machine: bool,
) -> int:
    """Runs, the newest first: what runs now with how far it is, what failed with why.

    \b
        nb2prod runs list
        nb2prod runs list --schedule churn --status failed --status cancelled
        nb2prod runs list --json | jq '.[] | {id, status}'
    """
    from nb2prod.cli.jobs_shown import run_table
    from nb2prod.model.job import RunStatus
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        if schedule:
            store.schedule(schedule)
        status = [RunStatus(text) for text in statuses]
        runs = store.runs(
            schedule=schedule, status=status, batch=batch, definition=definition, before=before, limit=limit
        )
        names = {number: store.definition(number).name for number in {run.definition_id for run in runs}}
    if machine:
        print_json(runs)
    elif runs:
        click.echo(fitted(run_table(runs, names, tz)))
    else:
        say("there are no such runs")
    if len(runs) == limit and not machine:
        say(f"older ones: --before {runs[-1].id}")
    return 0
