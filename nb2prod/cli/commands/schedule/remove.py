"""`nb2prod schedule remove`"""

import click

from nb2prod.cli.stores import STORE


@click.command(name="remove")
@click.argument("names", nargs=-1, required=True)
@STORE
def COMMAND(names: tuple[str, ...], store_url: str) -> int:  # noqa: N802
    """Forget the schedules NAMES. Their runs stay until they are pruned, and those that run go on.

    \b
        nb2prod schedule remove churn
    """
    from nb2prod.api.schedules import remove
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        for name in names:
            store.schedule(name)  # all of them are there, or none is removed
        for name in names:
            remove(store, name)
            click.echo(f"removed {name}")
    return 0
