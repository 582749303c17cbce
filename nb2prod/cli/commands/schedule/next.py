"""`nb2prod schedule next`"""

import click

from nb2prod.cli.show import say
from nb2prod.cli.stores import JSON, STORE, print_json


@click.command(name="next")
@click.argument("name")
@click.option("-n", "count", type=click.IntRange(1, 1000), default=5, show_default=True, help="So many times.")
@STORE
@JSON
def COMMAND(name: str, count: int, store_url: str, machine: bool) -> int:  # noqa: N802
    """When the schedule NAME is due next, in its time zone.

    \b
        nb2prod schedule next churn -n 10
    """
    from nb2prod.api.readings import read_trigger
    from nb2prod.api.schedules import next_times
    from nb2prod.cli.jobs_shown import state_of, zone_of
    from nb2prod.cli.quantities import in_zone
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        schedule = store.schedule(name)
        times = next_times(store, name, count)
    if machine:
        print_json(times)
        return 0
    for moment in times:
        click.echo(in_zone(moment, zone_of(schedule)))
    if not times:
        say(f"{name} runs {read_trigger(schedule.trigger)}; no time can be told")
    if schedule.paused or schedule.disabled:
        say(f"{name} is {state_of(schedule)}: it runs at none of them until nb2prod schedule resume {name}")
    return 0
