"""What a command says of a schedule that is new or was changed."""

import click

from nb2prod.api.schedules import next_times
from nb2prod.cli.jobs_shown import lines_of_new
from nb2prod.cli.stores import hint_without_daemon, print_json
from nb2prod.model.job import Schedule
from nb2prod.store import Store

__all__ = ["tell_schedule"]


def tell_schedule(store: Store, schedule: Schedule, *, machine: bool) -> None:
    if machine:
        print_json(schedule)
    else:
        definition, times = store.definition(schedule.definition_id), next_times(store, schedule.name)
        click.echo("\n".join(lines_of_new(schedule, definition, times)))
    hint_without_daemon(store)
