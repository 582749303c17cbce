"""`nb2prod cache show`"""

from datetime import UTC, datetime
from pathlib import Path

import click

from nb2prod.cli.caches import cache_options, described, opened
from nb2prod.cli.show import counted, size_of
from nb2prod.cli.stores import JSON, print_json


@click.command(name="show")
@cache_options
@JSON
def COMMAND(project: Path | None, where: str, runs: Path | None, environment: str, machine: bool) -> int:  # noqa: N802
    """How many results are known of PROJECT's steps, how big they are, and what of it records of runs need.

    \b
        nb2prod cache show out/churn
        nb2prod cache show --artifacts s3://lake/churn --json
    """
    cache = opened(project, where, runs, environment)
    about = described(cache)
    if machine:
        print_json(about)
        return 0
    click.echo(cache.artifacts.where)
    when = datetime.fromtimestamp(cache.last_used, UTC)
    used = f", the last used {when:%Y-%m-%d %H:%M} UTC" if cache.last_used else ""
    click.echo(f"  {counted(about['results'], 'result')} in {counted(about['files'], 'file')}{used}")
    click.echo(f"  {size_of(about['bytes'])}, of which {size_of(cache.named_size)} are named by {_runs(about['runs'])}")
    limits = [f"at most {size_of(cache.limits.max_size)}"] if cache.limits.max_size is not None else []
    limits += [f"at most {cache.limits.max_age / 86400:g} days"] if cache.limits.max_age is not None else []
    click.echo(f"  {' and '.join(limits) if limits else 'no limit: [cache] in pipeline.toml has max_size and max_age'}")
    return 0


def _runs(count: int) -> str:
    return f"the record{'s' if count != 1 else ''} of {counted(count, 'run')}"
