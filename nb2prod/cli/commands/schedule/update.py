"""`nb2prod schedule update`"""

import os
from pathlib import Path

import click

from nb2prod.cli.job_options import (
    FILES,
    POLICIES,
    SETTINGS,
    START,
    TRIGGER,
    GivenPolicies,
    GivenSettings,
    GivenTrigger,
)
from nb2prod.cli.options import PARAMETER_FILES, PARAMETERS
from nb2prod.cli.stores import JSON, STORE


@click.command(name="update")
@click.argument("name")
@click.argument("target", required=False, type=click.Path(path_type=Path))
@TRIGGER
@PARAMETERS
@PARAMETER_FILES
@POLICIES
@START
@SETTINGS
@FILES
@STORE
@JSON
def COMMAND(  # noqa: N802
    name: str,
    target: Path | None,
    start: str | None,
    parameters: dict[str, str],
    params_files: tuple[Path, ...],
    files: tuple[str, ...],
    store_url: str,
    machine: bool,
    when: GivenTrigger,
    policy: GivenPolicies,
    settings: GivenSettings,
) -> int:
    """Change the schedule NAME: what is given is new, the rest stays.

    With TARGET, the notebook or project is kept as it is now, as a new version; runs that exist already keep theirs.
    Parameters that are given take the place of all that were given before.

    \b
        nb2prod schedule update churn churn.ipynb            # the notebook has changed
        nb2prod schedule update churn --cron "0 7 * * 1-5"
        nb2prod schedule update churn --timeout 30m --retries 3
    """
    from nb2prod.api.scheduling import update_path
    from nb2prod.cli.jobs_shown import zone_of
    from nb2prod.cli.told import tell_schedule
    from nb2prod.execution.job_parameters import read_given
    from nb2prod.store import open_store

    if files and target is None:
        raise click.UsageError("--file goes with the notebook: nb2prod schedule update NAME NOTEBOOK --file PATTERN")
    given = read_given(params_files, os.environ, parameters)
    with open_store(store_url) as store:
        before = store.schedule(name)
        zone = when.tz or zone_of(before)
        trigger = when.trigger(store.now(), zone) or when.moved(before.trigger)
        used = store.definition(before.definition_id).settings
        changed = settings.on(used)
        schedule = update_path(
            store,
            name,
            target,
            settings=changed if changed != used else None,
            files=files,
            trigger=trigger,
            parameters=given or None,
            **policy.policies(start, zone),
        )
        tell_schedule(store, schedule, machine=machine)
    return 0
