"""`nb2prod cache clear`"""

from pathlib import Path

import click

from nb2prod.cli.caches import cache_options, opened, show
from nb2prod.cli.stores import JSON


@click.command(name="clear")
@cache_options
@click.option("--all", "everything", is_flag=True, help="Also what records of runs name: they cannot be replayed then.")
@click.option("--dry-run", is_flag=True, help="Say what would go.")
@JSON
def COMMAND(  # noqa: N802
    project: Path | None,
    where: str,
    runs: Path | None,
    environment: str,
    everything: bool,
    dry_run: bool,
    machine: bool,
) -> int:
    """Forget all results: the next run computes each step. Refused while a run of PROJECT is going on.

    \b
        nb2prod cache clear out/churn
        nb2prod cache clear out/churn --all
    """
    from nb2prod.api.cache import clear_cache

    going = clear_cache(opened(project, where, runs, environment), everything=everything, dry_run=dry_run)
    show(going, dry_run=dry_run, machine=machine)
    return 0
