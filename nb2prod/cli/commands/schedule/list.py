"""`nb2prod schedule list`"""

import click

from nb2prod.cli.show import fitted, say
from nb2prod.cli.stores import JSON, STORE, print_json


@click.command(name="list")
@click.option("--search", default="", metavar="TEXT", help="Only those with TEXT in their names.")
@click.option("--after", default="", metavar="NAME", help="Those that come after NAME, to page.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="At most so many.")
@STORE
@JSON
def COMMAND(search: str, after: str, limit: int, store_url: str, machine: bool) -> int:  # noqa: N802
    """All schedules by name, with when they run and what is due next.

    \b
        nb2prod schedule list
        nb2prod schedule list --search report
        nb2prod schedule list --json | jq '.[] | {name, next_due}'
    """
    from nb2prod.api.readings import read_trigger
    from nb2prod.cli.jobs_shown import state_of, zone_of
    from nb2prod.cli.quantities import in_zone
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        found = store.schedules(limit=limit, after=after, search=search)
        count = store.count_schedules()
    if machine:
        print_json(found)
        return 0
    rows = [
        (
            s.name,
            state_of(s),
            "-" if s.paused or s.disabled else in_zone(s.next_due, zone_of(s)),
            read_trigger(s.trigger),
        )
        for s in found
    ]
    if rows:
        click.echo(fitted([("schedule", "state", "next", "when"), *rows]))
    else:
        say(
            f"no schedule has {search!r} in its name"
            if count
            else "there are no schedules; see nb2prod schedule add --help"
        )
    if len(found) == limit < count:
        say(f"there are {count}; go on with --after {found[-1].name}")
    return 0
