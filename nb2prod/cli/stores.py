"""The store of a command: `--store URL`, or NB2PROD_STORE, or the user's own; and what a command prints of it."""

import json
from typing import Any  # JSON, and a store that is imported when it is needed

import click

from nb2prod.cli.show import say

__all__ = ["JSON", "STORE", "hint_without_daemon", "print_json", "who"]

STORE = click.option(
    "--store",
    "store_url",
    envvar="NB2PROD_STORE",
    default="",
    metavar="URL",
    help="Where jobs are kept: a file, or postgresql://…  [env: NB2PROD_STORE; default: a file of the user]",
)
JSON = click.option("--json", "machine", is_flag=True, help="For machines.")


def print_json(value: object) -> None:
    from nb2prod.api.plain import plain

    click.echo(json.dumps(plain(value), indent=2, ensure_ascii=False))


def hint_without_daemon(store: Any) -> None:
    """Say so when nobody is there to run what is due."""
    from nb2prod.api.scheduler import daemons_alive

    if not daemons_alive(store):
        say("no daemon is running: nothing runs until `nb2prod scheduler start` does")


def who() -> str:
    """Who asks, for the record: user@host."""
    import getpass
    import socket

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        user = "somebody"
    return f"{user}@{socket.gethostname()}"
