"""`nb2prod runs prune`"""

from datetime import timedelta

import click

from nb2prod.cli.quantities import DURATION
from nb2prod.cli.show import say
from nb2prod.cli.stores import JSON, STORE, print_json

_STATUSES = ["completed", "failed", "cancelled", "skipped"]


@click.command(name="prune")
@click.option("--older-than", type=DURATION, help="Those that ended so long ago, as 90d.")
@click.option("--keep-last", type=click.IntRange(min=0), metavar="N", help="The last N of each definition stay.")
@click.option("--status", "statuses", multiple=True, type=click.Choice(_STATUSES), help="Of this status only.")
@click.option("--dry-run", is_flag=True, help="Say what would go.")
@STORE
@JSON
def COMMAND(  # noqa: N802
    older_than: float | None,
    keep_last: int | None,
    statuses: tuple[str, ...],
    dry_run: bool,
    store_url: str,
    machine: bool,
) -> int:
    """Remove runs that have ended, with all that the store knows of them and the files that they gave.

    Snapshots that nothing uses any more go too. What is running or waiting always stays.

    \b
        nb2prod runs prune --older-than 90d --keep-last 20 --dry-run
        nb2prod runs prune --older-than 7d --status skipped
    """
    from nb2prod.api.runs import prune
    from nb2prod.model.job import RunStatus
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        gone, left = prune(
            store,
            older_than=timedelta(seconds=older_than) if older_than is not None else None,
            keep_last=keep_last,
            statuses=[RunStatus(text) for text in statuses],
            dry_run=dry_run,
        )
    if machine:
        print_json({"pruned": gone, "left": left})
        return 0
    verb = "would remove" if dry_run else "removed"
    click.echo(f"{verb} {len(gone.runs)} runs, {len(gone.artifacts)} outputs, {gone.blobs} files of snapshots")
    for place, why in left:
        say(f"could not remove {place}: {why}")
    return 0
