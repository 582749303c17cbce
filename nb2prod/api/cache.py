"""`nb2prod cache`: what is known of a project's steps, and what of it may go."""

import time
from dataclasses import dataclass
from pathlib import Path

from nb2prod.errors import CacheInUse, CacheNotReachable, NoLimits, SettingsWrong
from nb2prod.execution.projects import project_settings
from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.project import SETTINGS
from nb2prod.runtime.results.artifacts import Artifacts, ArtifactsUnreachable, open_artifacts
from nb2prod.runtime.results.collecting import Contents, Going, Limits, carry_out, clear, decide, limits_of, look
from nb2prod.runtime.running.workplace import artifacts_of

__all__ = ["Cache", "Going", "clear_cache", "open_cache", "prune_cache"]


@dataclass(frozen=True, kw_only=True)
class Cache:
    """`records` are the folders of runs that are known to use it; `limits` are those of pipeline.toml."""

    artifacts: Artifacts
    records: tuple[Path, ...]
    limits: Limits
    contents: Contents

    @property
    def named_size(self) -> int:
        """Bytes that records of runs need."""
        return sum(file.size for digest, file in self.contents.blobs.items() if digest in self.contents.named)

    @property
    def last_used(self) -> float:
        """0 when nothing is known."""
        return max((known.file.changed for known in self.contents.entries), default=0.0)


def open_cache(project: Path | None, where: str, runs: Path | None, environment: str = "") -> Cache:
    """That of a project, or at a path or URL. Raises NotAProject, SettingsWrong, CacheNotReachable."""
    try:
        settings = project_settings(project, environment, needed=(SETTINGS,)) if project else None
        records = [runs] if runs else [settings.runs] if settings else []
        place = where or (artifacts_of(settings, records[0]) if settings else "")
        artifacts = open_artifacts(place)
        limits = limits_of(settings.tables) if settings else Limits()
        contents = look(artifacts, records)
    except ProjectError as error:
        raise SettingsWrong(str(error)) from error
    except ArtifactsUnreachable as error:
        raise CacheNotReachable(str(error)) from error
    return Cache(artifacts=artifacts, records=tuple(records), limits=limits, contents=contents)


def prune_cache(cache: Cache, *, max_size: int | None, max_age: float | None, dry_run: bool) -> Going:
    """Down to these limits, else those of pipeline.toml. Raises NoLimits, CacheNotReachable."""
    known = cache.limits
    limits = Limits(
        max_size=known.max_size if max_size is None else max_size, max_age=known.max_age if max_age is None else max_age
    )
    if limits == Limits():
        raise NoLimits
    return _done(cache, decide(cache.contents, limits, time.time()), dry_run=dry_run)


def clear_cache(cache: Cache, *, everything: bool, dry_run: bool) -> Going:
    """Raises CacheInUse, CacheNotReachable."""
    if cache.contents.going_on:
        raise CacheInUse(cache.contents.going_on[0])
    return _done(cache, clear(cache.contents, time.time(), named=everything), dry_run=dry_run)


def _done(cache: Cache, going: Going, *, dry_run: bool) -> Going:
    try:
        if not dry_run:
            carry_out(cache.artifacts, going)
    except (ArtifactsUnreachable, OSError) as error:
        raise CacheNotReachable(str(error)) from error
    return going
