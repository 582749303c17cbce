"""`nb2prod runs cancel`"""

import click

from nb2prod.cli.stores import JSON, STORE, print_json, who


@click.command(name="cancel")
@click.argument("runs", nargs=-1)
@click.option("--batch", metavar="NAME", help="Every run of a batch that has not ended.")
@STORE
@JSON
def COMMAND(runs: tuple[str, ...], batch: str | None, store_url: str, machine: bool) -> int:  # noqa: N802
    """End RUNS. One that waits is cancelled at once; one that runs is told, and keeps its outputs so far.

    \b
        nb2prod runs cancel 1k13hq1b7akv2sepp
        nb2prod runs cancel --batch churn-3f9a1c2e
    """
    from nb2prod.api.batch import batch_rows
    from nb2prod.api.runs import cancel
    from nb2prod.store import open_store

    if bool(runs) == (batch is not None):
        raise click.UsageError("name the runs, or a --batch")
    with open_store(store_url) as store:
        going = [row.run.id for row in batch_rows(store, batch) if not row.run.status.is_final] if batch else []
        for run in runs:
            store.run(run)  # all of them are there, or none is cancelled
        told = [cancel(store, run, by=who()) for run in (*runs, *going)]
    if machine:
        print_json(told)
        return 0
    for each in told:
        how = f"has ended before: {each.status.value}" if each.status.is_final else "is told to end"
        click.echo(f"{each.id} {'is cancelled' if each.status.value == 'cancelled' else how}")
    return 0
