"""`nb2prod cache prune`"""

from pathlib import Path

import click

from nb2prod.cli.caches import cache_options, opened, show
from nb2prod.cli.quantities import DURATION, SIZE
from nb2prod.cli.stores import JSON


@click.command(name="prune")
@cache_options
@click.option("--max-size", type=SIZE, help="So much may stay, as 10GB. [default: pipeline.toml's]")
@click.option("--max-age", type=DURATION, help="What was used since then may stay, as 30d. [default: pipeline.toml's]")
@click.option("--dry-run", is_flag=True, help="Say what would go.")
@JSON
def COMMAND(  # noqa: N802
    project: Path | None,
    where: str,
    runs: Path | None,
    environment: str,
    max_size: int | None,
    max_age: float | None,
    dry_run: bool,
    machine: bool,
) -> int:
    """Remove results that were used least lately, until what stays is within the limits.

    What the record of a run names stays, whatever its size. So does, while a run may be going on, what was used within
    the last hour. Runs may go on meanwhile: one that misses a result computes it.

    \b
        nb2prod cache prune out/churn --max-size 10GB --dry-run
        nb2prod cache prune --artifacts s3://lake/churn --max-age 30d
    """
    from nb2prod.api.cache import prune_cache

    cache = opened(project, where, runs, environment)
    going = prune_cache(cache, max_size=max_size, max_age=max_age, dry_run=dry_run)
    show(going, dry_run=dry_run, machine=machine)
    return 0
