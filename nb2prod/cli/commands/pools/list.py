"""`nb2prod pools list`"""

import click

from nb2prod.cli.show import fitted, say
from nb2prod.cli.stores import JSON, STORE, print_json


@click.command(name="list")
@STORE
@JSON
def COMMAND(store_url: str, machine: bool) -> int:  # noqa: N802
    """All pools, with their limits, what runs in them and what waits.

    \b
        nb2prod pools list
    """
    from nb2prod.api.pools import pools
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        found = pools(store)
    if machine:
        print_json(found)
    elif found:
        rows = [(p.name, "none" if p.limit is None else str(p.limit), str(p.running), str(p.queued)) for p in found]
        click.echo(fitted([("pool", "limit", "running", "queued"), *rows]))
    else:
        say("there are no pools; nb2prod pools set NAME LIMIT makes one")
    return 0
