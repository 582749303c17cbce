"""`nb2prod notify test`"""

import click

from nb2prod.cli.stores import STORE


@click.command(name="test")
@click.argument("name")
@STORE
def COMMAND(name: str, store_url: str) -> int:  # noqa: N802
    """Send a message by the channel NAME now. Exit code 1 when it did not go out, with the reason.

    \b
        nb2prod notify test team
    """
    from nb2prod.api.channels import send_test_message
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        remark = send_test_message(store, name)
    click.echo(f"sent by {name}{f': {remark}' if remark else ''}")
    return 0
