"""`nb2prod schedule resume`"""

import click

from nb2prod.cli.stores import JSON, STORE, print_json


@click.command(name="resume")
@click.argument("names", nargs=-1, required=True)
@STORE
@JSON
def COMMAND(names: tuple[str, ...], store_url: str, machine: bool) -> int:  # noqa: N802
    """The schedules NAMES are due again, from now on: what would have been due meanwhile is left out.

    One that was put out of action, since it could not be read, is tried again.

    \b
        nb2prod schedule resume churn
    """
    from nb2prod.api.schedules import resume
    from nb2prod.cli.jobs_shown import zone_of
    from nb2prod.cli.quantities import in_zone
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        for name in names:
            store.schedule(name)  # all of them are there, or none is changed
        changed = [resume(store, name) for name in names]
    if machine:
        print_json(changed)
        return 0
    for schedule in changed:
        due = f"; next {in_zone(schedule.next_due, zone_of(schedule))}" if schedule.next_due else ""
        click.echo(f"resumed {schedule.name}{due}")
    return 0
