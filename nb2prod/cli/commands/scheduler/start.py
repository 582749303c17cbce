"""`nb2prod scheduler start`"""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta

import click

from nb2prod.cli.quantities import DURATION
from nb2prod.cli.show import counted, say
from nb2prod.cli.stores import STORE
from nb2prod.errors import InvalidOption


@click.command(name="start")
@click.option("--jobs", type=click.IntRange(min=1), default=os.cpu_count() or 1, help="At once.  [default: one a CPU]")
@click.option(
    "--executor",
    default="local",
    show_default=True,
    metavar="NAME[:ADDRESS]",
    help="Where attempts run: local, or dask:tcp://HOST:PORT.",
)
@click.option(
    "--rest", metavar="[HOST:]PORT", help="Also answer HTTP there; off unless given, loopback unless a host is."
)
@click.option(
    "--rest-token",
    default="",
    metavar="PLACE",
    help="env:NAME or file:PATH; none asks for none, on loopback alone.  [default: one that is made, beside the store]",
)
@click.option("--rest-host", "hosts", multiple=True, metavar="NAME", help="A further name by which it may be called.")
@click.option(
    "--lease",
    type=DURATION,
    default="30s",
    show_default=True,
    help="A run that is silent for so long is lost, and retried.",
)
@click.option("--drain", is_flag=True, help="When told to end, wait for what runs; a second signal ends the waiting.")
@click.option(
    "--keep-last", type=click.IntRange(min=0), metavar="N", help="Prune hourly: the last N of each definition stay."
)
@click.option("--keep-for", type=DURATION, help="Prune hourly: what ended within so long stays, as 90d.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning"]), default="info", show_default=True)
@STORE
def COMMAND(  # noqa: N802
    jobs: int,
    executor: str,
    rest: str | None,
    rest_token: str,
    hosts: tuple[str, ...],
    lease: float,
    drain: bool,
    keep_last: int | None,
    keep_for: float | None,
    log_level: str,
    store_url: str,
) -> int:
    """Run what is due, until SIGTERM or Ctrl-C. Its log goes to stderr.

    What runs goes on when the daemon ends, is killed or is updated; the next one takes over. Several daemons may share
    a store: each run is started once.

    \b
        nb2prod scheduler start
        nb2prod scheduler start --jobs 8 --rest 8787
        nb2prod scheduler start --store postgresql://jobs@db/jobs --executor dask:tcp://10.0.0.5:8786
        nb2prod scheduler start --keep-for 90d --keep-last 20
    """
    from nb2prod.api.daemon import Keep, open_daemon
    from nb2prod.store import open_store

    if lease < 1:
        raise click.BadParameter("a lease is at least 1s", param_hint="--lease")
    logging.basicConfig(level=log_level.upper(), format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells of each of its plug-ins
    keep = Keep(older_than=timedelta(seconds=keep_for) if keep_for is not None else None, last=keep_last)
    with (
        open_store(store_url) as store,
        open_daemon(store, jobs=jobs, executor=executor, lease=lease, keep=keep) as daemon,
        nullcontext()
        if rest is None
        else _served(store.url, rest, rest_token, hosts, daemon.waker.wake, lambda: daemon.is_going),
    ):
        say(f"{daemon.name}: {counted(store.count_schedules(), 'schedule')}, {jobs} at once, store {store.shown_url}")
        daemon.run(drain=drain)
    return 0


@contextmanager
def _served(
    store_url: str,
    address: str,
    token: str,
    hosts: Sequence[str],
    wake: Callable[[], None],
    alive: Callable[[], bool],
) -> Iterator[None]:
    try:
        from nb2prod.rest.serve import serving
    except ImportError as error:
        raise InvalidOption("--rest", f"{error.name} is not installed: pip install 'nb2prod[rest]'") from error
    with serving(store_url, address, token=token, hosts=hosts, wake=wake, alive=alive) as served:
        say(f"REST at {served.url}" + (f", its token in {served.token}" if served.token else ""))
        yield
