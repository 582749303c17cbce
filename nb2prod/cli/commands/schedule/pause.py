"""`nb2prod schedule pause`"""

import click

from nb2prod.cli.stores import JSON, STORE, print_json


@click.command(name="pause")
@click.argument("names", nargs=-1, required=True)
@STORE
@JSON
def COMMAND(names: tuple[str, ...], store_url: str, machine: bool) -> int:  # noqa: N802
    """Nothing of the schedules NAMES is due until they are resumed. Runs that exist already go on.

    \b
        nb2prod schedule pause churn
    """
    from nb2prod.api.schedules import pause
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        for name in names:
            store.schedule(name)  # all of them are there, or none is changed
        changed = [pause(store, name) for name in names]
    if machine:
        print_json(changed)
        return 0
    for schedule in changed:
        click.echo(f"paused {schedule.name}")
    return 0
