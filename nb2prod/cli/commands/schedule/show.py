"""`nb2prod schedule show`"""

import click

from nb2prod.cli.stores import JSON, STORE, print_json


@click.command(name="show")
@click.argument("name")
@STORE
@JSON
def COMMAND(name: str, store_url: str, machine: bool) -> int:  # noqa: N802
    """All that is known of the schedule NAME: when it runs, with what, and how.

    \b
        nb2prod schedule show churn
    """
    from nb2prod.api.schedules import next_times
    from nb2prod.cli.jobs_shown import lines_of_schedule, lines_of_times, zone_of
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        schedule = store.schedule(name)
        definition = store.definition(schedule.definition_id)
        if machine:
            print_json({"schedule": schedule, "definition": definition, "next": next_times(store, name)})
            return 0
        click.echo("\n".join(lines_of_schedule(schedule, definition)))
        lines = lines_of_times(next_times(store, name), zone_of(schedule))
        click.echo("".join(f"  {line}\n" for line in lines), nl=False)
    return 0
