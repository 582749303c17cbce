"""`nb2prod runs list`"""

from pathlib import Path

import click

from nb2prod.cli.options import RUNS
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
@RUNS
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
    runs: Path | None,
    store_url: str,
    machine: bool,
) -> int:
    """Runs, the newest first: what runs now with how far it is, what failed with why.

    \b
        nb2prod runs list
        nb2prod runs list --schedule churn --status failed --status cancelled
        nb2prod runs list --runs out/churn/runs
        nb2prod runs list --json | jq '.[] | {id, status}'
    """
    if runs is not None:
        if schedule or definition or batch or before:
            raise click.UsageError("--runs is a folder of records, which have no schedules, definitions and batches")
        return _list_records(runs, statuses, limit, tz, machine)
    from nb2prod.cli.jobs_shown import run_table
    from nb2prod.model.job import RunStatus
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        if schedule:
            store.schedule(schedule)
        status = [RunStatus(text) for text in statuses]
        found = store.runs(
            schedule=schedule, status=status, batch=batch, definition=definition, before=before, limit=limit
        )
        names = {number: store.definition(number).name for number in {run.definition_id for run in found}}
    if machine:
        print_json(found)
    elif found:
        click.echo(fitted(run_table(found, names, tz)))
    else:
        say("there are no such runs")
    if len(found) == limit and not machine:
        say(f"older ones: --before {found[-1].id}")
    return 0


def _list_records(runs: Path, statuses: tuple[str, ...], limit: int, tz: str, machine: bool) -> int:
    from nb2prod.api.records import list_records
    from nb2prod.cli.records_shown import record_table

    found = [each for each in list_records(runs) if not statuses or each.status in statuses][:limit]
    if machine:
        print_json([{**each.data, "folder": str(each.folder)} for each in found])
    elif found:
        click.echo(fitted(record_table(found, tz)))
    else:
        say("there are no such runs")
    return 0
