"""`nb2prod pools set`"""

import click

from nb2prod.cli.stores import JSON, STORE, print_json


@click.command(name="set")
@click.argument("name")
@click.argument("limit")
@STORE
@JSON
def COMMAND(name: str, limit: str, store_url: str, machine: bool) -> int:  # noqa: N802
    """At most LIMIT runs of the pool NAME at once; "none" lifts the limit, and 0 holds the pool.

    \b
        nb2prod pools set warehouse 2
        nb2prod pools set default none
    """
    from nb2prod.api.pools import set_pool
    from nb2prod.store import open_store

    if limit != "none" and not limit.isdigit():
        raise click.BadParameter(f"{limit!r} is no number of runs, and not 'none'", param_hint="LIMIT")
    with open_store(store_url) as store:
        pool = set_pool(store, name, None if limit == "none" else int(limit))
    if machine:
        print_json(pool)
    else:
        click.echo(f"{pool.name}: {'no limit' if pool.limit is None else f'at most {pool.limit} at once'}")
    return 0
