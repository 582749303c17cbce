"""`nb2prod runs logs`"""

from pathlib import Path

import click

from nb2prod.cli.options import RUNS
from nb2prod.cli.show import say
from nb2prod.cli.stores import STORE, hint_without_daemon


@click.command(name="logs")
@click.argument("run")
@click.option("--follow", "-f", is_flag=True, help="Go on until the run has ended.")
@click.option(
    "--attempt", type=click.IntRange(min=1), default=None, metavar="N", help="Of this attempt.  [default: last]"
)
@click.option("--raw", is_flag=True, help="The run's own log, with the times, and not what its cells printed.")
@click.option("--step", default="", metavar="NAME", help="What this step of a pipeline has printed.")
@RUNS
@STORE
def COMMAND(  # noqa: N802
    run: str, follow: bool, attempt: int | None, raw: bool, step: str, runs: Path | None, store_url: str
) -> int:
    """What the cells of RUN have printed so far, or the steps of a pipeline. With --follow, the exit code is that of
    the run. RUN is an id of the store, a record's folder, or with --runs an id in that folder.

    \b
        nb2prod runs logs 1k13hq1b7akv2sepp
        nb2prod runs logs 1k13hq1b7akv2sepp --step train_model
        nb2prod runs logs 1k13hq1b7akv2sepp --follow
    """
    from nb2prod.api.logs import follow_log
    from nb2prod.api.records import find_record, record_outside, step_log
    from nb2prod.model.job import RunStatus
    from nb2prod.store import open_store

    record = record_outside(run, runs)
    if record is None and step:
        record = find_record(run, runs, lambda: open_store(store_url))
    if record is not None:
        for name in [step] if step else [each.name for each in record.steps]:
            if not step:
                click.echo(f"--- {name}")
            for piece in step_log(record, name, wait=follow):
                click.echo(piece, nl=False)
        return 0
    with open_store(store_url) as store:
        if store.run(run).status is RunStatus.QUEUED:
            say(f"{run} is queued")
            hint_without_daemon(store)
        for piece in follow_log(store, run, attempt=attempt or 0, plain=raw, wait=follow):
            click.echo(piece, nl=False)
        ended = store.run(run)
    return ended.failure.kind.exit_code if follow and ended.failure else 0
