"""`nb2prod runs logs`"""

import click

from nb2prod.cli.show import say
from nb2prod.cli.stores import STORE, hint_without_daemon


@click.command(name="logs")
@click.argument("run")
@click.option("--follow", "-f", is_flag=True, help="Go on until the run has ended.")
@click.option(
    "--attempt", type=click.IntRange(min=1), default=None, metavar="N", help="Of this attempt.  [default: last]"
)
@click.option("--raw", is_flag=True, help="The run's own log, with the times, and not what its cells printed.")
@STORE
def COMMAND(run: str, follow: bool, attempt: int | None, raw: bool, store_url: str) -> int:  # noqa: N802
    """What the cells of RUN have printed so far. With --follow, the exit code is that of the run.

    \b
        nb2prod runs logs 1k13hq1b7akv2sepp
        nb2prod runs logs 1k13hq1b7akv2sepp --follow
    """
    from nb2prod.api.logs import follow_log
    from nb2prod.model.job import RunStatus
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        if store.run(run).status is RunStatus.QUEUED:
            say(f"{run} is queued")
            hint_without_daemon(store)
        for piece in follow_log(store, run, attempt=attempt or 0, plain=raw, wait=follow):
            click.echo(piece, nl=False)
        ended = store.run(run)
    return ended.failure.kind.exit_code if follow and ended.failure else 0
