"""`nb2prod scheduler unit`"""

import sys
from pathlib import Path

import click


@click.command(name="unit", context_settings={"ignore_unknown_options": True})
@click.option("--user", "is_users", is_flag=True, help="A unit of your own, without root.")
@click.option("--account", default="nb2prod", show_default=True, metavar="NAME", help="The account that it runs as.")
@click.option(
    "--store",
    default="/var/lib/nb2prod/store.db",
    show_default=True,
    metavar="URL",
    help="Where jobs are kept; a user's unit takes that of the user.",
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def COMMAND(is_users: bool, account: str, store: str, options: tuple[str, ...]) -> int:  # noqa: N802
    """Print a systemd unit that starts the daemon with OPTIONS, as --jobs 8.

    \b
        nb2prod scheduler unit --jobs 8 | sudo tee /etc/systemd/system/nb2prod-scheduler.service
        nb2prod scheduler unit --user > ~/.config/systemd/user/nb2prod-scheduler.service
    """
    from nb2prod.api.deploy import unit

    beside = Path(sys.executable).with_name("nb2prod")
    program = [str(beside)] if beside.is_file() else [sys.executable, "-m", "nb2prod"]
    click.echo(unit(program, options=options, user=account, store=store, is_users=is_users), nl=False)
    return 0
