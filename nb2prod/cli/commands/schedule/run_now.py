"""`nb2prod schedule run-now`"""

import click

from nb2prod.cli.show import say
from nb2prod.cli.stores import JSON, STORE, hint_without_daemon, print_json, who


@click.command(name="run-now")
@click.argument("name")
@STORE
@JSON
def COMMAND(name: str, store_url: str, machine: bool) -> int:  # noqa: N802
    """A run of the schedule NAME with its parameters, beside those that are due. It may be paused.

    \b
        nb2prod schedule run-now churn
        nb2prod runs logs --follow "$(nb2prod schedule run-now churn)"
    """
    from nb2prod.api.schedules import run_now
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        run = run_now(store, name, by=who())
        if machine:
            print_json(run)
        else:
            click.echo(run.id)
            say(f"look at it: nb2prod runs show {run.id}")
        hint_without_daemon(store)
    return 0
