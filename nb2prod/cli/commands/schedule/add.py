"""`nb2prod schedule add`"""

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


@click.command(name="add")
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--name", metavar="NAME", default="", help="What it is called.  [default: the notebook's name]")
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
    target: Path,
    name: str,
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
    """Run TARGET, a notebook or a project's folder, at times, after another schedule, or when a file appears.

    The notebook is kept as it is now, with the modules that it imports from its folder and the files of --file: what
    you change later runs after `nb2prod schedule update`. It runs in a fresh folder, unless --workdir names one.
    Everything is checked first; what is wrong is told, and nothing is stored.

    \b
        nb2prod schedule add churn.ipynb --cron "0 6 * * 1-5" --tz Europe/Berlin -p region=EU
        nb2prod schedule add churn.ipynb --every 15m --overlap queue --timeout 10m --retries 2
        nb2prod schedule add report.ipynb --after churn --format html,pdf --notify team
        nb2prod schedule add load.ipynb --when "incoming/*.csv" --as path
        nb2prod schedule add once.ipynb --at 2026-12-24T18:00 --tz Europe/Berlin
        nb2prod schedule add churn.ipynb --cron @daily -p password=secret:env:DB_PASSWORD
    """
    from nb2prod.api.scheduling import schedule_path
    from nb2prod.cli.told import tell_schedule
    from nb2prod.execution.job_parameters import read_given
    from nb2prod.model.job import JobSettings
    from nb2prod.store import open_store

    given = read_given(params_files, os.environ, parameters)
    with open_store(store_url) as store:
        trigger = when.trigger(store.now())
        if trigger is None:
            raise click.UsageError("say when: --cron, --every, --at, --after or --when")
        schedule = schedule_path(
            store,
            target,
            name=name,
            trigger=trigger,
            parameters=given,
            settings=settings.on(JobSettings()),
            files=files,
            **policy.policies(start, when.tz or "UTC"),
        )
        tell_schedule(store, schedule, machine=machine)
    return 0
