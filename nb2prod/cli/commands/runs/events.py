"""`nb2prod runs events`"""

import click

from nb2prod.cli.stores import JSON, STORE


@click.command(name="events")
@click.argument("run")
@click.option("--follow", "-f", is_flag=True, help="Go on until the run has ended.")
@click.option("--tz", default="UTC", show_default=True, metavar="ZONE", help="The zone of the times that are shown.")
@STORE
@JSON
def COMMAND(run: str, follow: bool, tz: str, store_url: str, machine: bool) -> int:  # noqa: N802
    """What happened to RUN, in order. With --json each event is a line.

    \b
        nb2prod runs events 1k13hq1b7akv2sepp
        nb2prod runs events 1k13hq1b7akv2sepp --follow --json
    """
    import json

    from nb2prod.api.plain import plain
    from nb2prod.api.runs import follow_events
    from nb2prod.cli.jobs_shown import line_of_event
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        store.run(run)
        for event in follow_events(store, run, wait=follow):
            click.echo(json.dumps(plain(event), ensure_ascii=False) if machine else line_of_event(event, tz))
    return 0
