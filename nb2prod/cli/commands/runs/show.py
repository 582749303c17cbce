"""`nb2prod runs show`"""

from pathlib import Path

import click

from nb2prod.cli.options import RUNS
from nb2prod.cli.stores import JSON, STORE, print_json


@click.command(name="show")
@click.argument("run")
@click.option("--tz", default="UTC", show_default=True, metavar="ZONE", help="The zone of the times that are shown.")
@RUNS
@STORE
@JSON
def COMMAND(run: str, tz: str, runs: Path | None, store_url: str, machine: bool) -> int:  # noqa: N802
    """All that is known of RUN: its parameters, attempts, failure, metrics, and where its outputs are; of a pipeline
    also its steps. RUN is an id of the store, a record's folder, or with --runs an id in that folder.

    \b
        nb2prod runs show 1k13hq1b7akv2sepp
        nb2prod runs show out/churn/runs/20260131T120000-1a2b3c
        nb2prod runs show 20260131T120000-1a2b3c --runs out/churn/runs
        nb2prod runs show 1k13hq1b7akv2sepp --json | jq .run.failure
    """
    from nb2prod.api.records import record_outside
    from nb2prod.cli.records_shown import lines_of_record

    record = record_outside(run, runs)
    if record is None:
        return _show_of_store(run, tz, store_url, machine)
    if machine:
        print_json({"record": record.data, "folder": str(record.folder)})
    else:
        click.echo("\n".join(lines_of_record(record, tz)))
    return 0


def _show_of_store(run: str, tz: str, store_url: str, machine: bool) -> int:
    from nb2prod.api.plain import plain
    from nb2prod.api.records import NoRecord, record_in_store
    from nb2prod.api.runs import show
    from nb2prod.cli.jobs_shown import lines_of_run
    from nb2prod.cli.records_shown import lines_of_steps
    from nb2prod.model.job import JobKind
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        detail = show(store, run)
        try:
            is_pipeline = detail.definition.kind is JobKind.PIPELINE
            record = record_in_store(store, detail.run) if is_pipeline else None
        except NoRecord:  # it has not begun, or is on another host
            record = None
    if machine:
        print_json({**plain(detail), "record": None if record is None else record.data})
    else:
        click.echo("\n".join([*lines_of_run(detail, tz), *(lines_of_steps(record) if record else ())]))
    return 0
