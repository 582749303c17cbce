"""Which cache a command is about, and how it reads."""

from collections.abc import Callable
from pathlib import Path
from typing import Any  # click's commands

import click

from nb2prod.api.cache import Cache, Going, open_cache
from nb2prod.cli.show import counted, size_of
from nb2prod.cli.stores import print_json

__all__ = ["cache_options", "described", "opened", "show"]


def cache_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--env", "environment", default="", metavar="NAME", help="The [env.NAME] of pipeline.toml."),
        click.option("--runs", type=click.Path(path_type=Path), metavar="DIR", help="Where the records of runs are."),
        click.option("--artifacts", "where", default="", metavar="URL", help="A path or URL, not the project's own."),
        click.argument("project", required=False, type=click.Path(path_type=Path)),
    ):
        command = option(command)
    return command


def opened(project: Path | None, where: str, runs: Path | None, environment: str) -> Cache:
    if project is None and not where:
        raise click.UsageError("name a project, or give --artifacts URL")
    return open_cache(project, where, runs, environment)


def described(cache: Cache) -> dict[str, Any]:
    contents = cache.contents
    return {
        "artifacts": cache.artifacts.where,
        "results": len(contents.entries),
        "files": len(contents.blobs),
        "bytes": contents.size,
        "bytes_named_by_runs": cache.named_size,
        "runs": len(contents.runs | contents.texts.keys()),
        "last_used": cache.last_used,
        "max_size": cache.limits.max_size,
        "max_age": cache.limits.max_age,
    }


def show(going: Going, *, dry_run: bool, machine: bool) -> None:
    """What goes, or would go."""
    if machine:
        print_json({"results": len(going.entries), "files": len(going.blobs), "freed": going.freed, "left": going.left})
        return
    verb = "would remove" if dry_run else "removed"
    freed, left = size_of(going.freed), size_of(going.left)
    what = f"{verb} {counted(len(going.entries), 'result')}, {freed}"
    click.echo(f"{what}; {left} {'would stay' if dry_run else 'stay'}")
