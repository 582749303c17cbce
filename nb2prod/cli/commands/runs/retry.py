"""`nb2prod runs retry`"""

import click

from nb2prod.cli.show import say
from nb2prod.cli.stores import JSON, STORE, hint_without_daemon, print_json


@click.command(name="retry")
@click.argument("run")
@click.option("--latest", is_flag=True, help="With the notebook as it was defined last, and not as it was then.")
@STORE
@JSON
def COMMAND(run: str, latest: bool, store_url: str, machine: bool) -> int:  # noqa: N802
    """A new run like RUN, which has ended: the same notebook, parameters and settings.

    \b
        nb2prod runs retry 1k13hq1b7akv2sepp
        nb2prod runs retry 1k13hq1b7akv2sepp --latest
    """
    from nb2prod.api.runs import retry
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        made = retry(store, run, latest=latest)
        if machine:
            print_json(made)
        else:
            click.echo(made.id)
            say(f"look at it: nb2prod runs show {made.id}")
        hint_without_daemon(store)
    return 0
