"""`nb2prod notify remove`"""

import click

from nb2prod.cli.stores import STORE


@click.command(name="remove")
@click.argument("name")
@STORE
def COMMAND(name: str, store_url: str) -> int:  # noqa: N802
    """Forget the channel NAME. Definitions that name it tell nobody by it any more.

    \b
        nb2prod notify remove team
    """
    from nb2prod.api.channels import remove_channel
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        remove_channel(store, name)
    click.echo(f"removed {name}")
    return 0
