"""`nb2prod runs show`"""

import click

from nb2prod.cli.stores import JSON, STORE, print_json


@click.command(name="show")
@click.argument("run")
@click.option("--tz", default="UTC", show_default=True, metavar="ZONE", help="The zone of the times that are shown.")
@STORE
@JSON
def COMMAND(run: str, tz: str, store_url: str, machine: bool) -> int:  # noqa: N802
    """All that is known of RUN: its parameters, attempts, failure, metrics, and where its outputs are.

    \b
        nb2prod runs show 1k13hq1b7akv2sepp
        nb2prod runs show 1k13hq1b7akv2sepp --json | jq .run.failure
    """
    from nb2prod.api.runs import show
    from nb2prod.cli.jobs_shown import lines_of_run
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        detail = show(store, run)
    if machine:
        print_json(detail)
    else:
        click.echo("\n".join(lines_of_run(detail, tz)))
    return 0
