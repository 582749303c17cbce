"""`nb2prod scheduler status`"""

import click

from nb2prod.cli.exits import ExitCode
from nb2prod.cli.show import say
from nb2prod.cli.stores import JSON, STORE, print_json


@click.command(name="status")
@click.option("--quiet", is_flag=True, help="Print nothing; the exit code says it.")
@STORE
@JSON
def COMMAND(quiet: bool, store_url: str, machine: bool) -> int:  # noqa: N802
    """Which daemons live, what runs and waits, and how late the earliest due schedule is.

    Exit code 1 when no daemon lives.

    \b
        nb2prod scheduler status
        nb2prod scheduler status --quiet || systemctl restart nb2prod-scheduler
    """
    from nb2prod.api.readings import duration
    from nb2prod.api.scheduler import status
    from nb2prod.cli.quantities import in_zone
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        found, where = status(store), store.shown_url
    code = ExitCode.FINE if found.daemons else ExitCode.FINDINGS
    if machine:
        print_json({"store": where, "running": found.running, "queued": found.queued, "status": found})
    elif not quiet:
        click.echo(f"store      {where}")
        for daemon in found.daemons:
            since = duration(round((found.at - daemon.started_at).total_seconds()))
            click.echo(f"daemon     {daemon.host}, process {daemon.pid}, for {since}")
        click.echo(f"schedules  {found.schedules}, next due {in_zone(found.next_due)}")
        click.echo(f"runs       {found.running} running, {found.queued} queued")
        click.echo(f"lag        {found.lag:.1f} s")
        if not found.daemons:
            say("no daemon is running; start one with nb2prod scheduler start")
    return int(code)
