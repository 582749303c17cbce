"""The options of jobs and schedules, and what of the model they make."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TypedDict

import click

from nb2prod.cli.bundles import bundled
from nb2prod.cli.quantities import DURATION, SIZE, moment
from nb2prod.errors import InvalidOption
from nb2prod.model.job import (
    Cron,
    Every,
    FailureKind,
    JobSettings,
    Limits,
    Misfire,
    Once,
    Overlap,
    Retry,
    RunAfter,
    Trigger,
    WhenThere,
)

__all__ = [
    "FILES",
    "POLICIES",
    "SETTINGS",
    "START",
    "TRIGGER",
    "Given",
    "GivenPolicies",
    "GivenSettings",
    "GivenTrigger",
]

_RETRIED = [kind.value for kind in Retry().on]


def _words(_ctx: click.Context, _option: click.Parameter, given: Iterable[str]) -> tuple[str, ...]:
    """Both `--format html --format pdf` and `--format html,pdf`."""
    return tuple(dict.fromkeys(word.strip() for text in given for word in text.split(",") if word.strip()))


FILES = click.option(
    "--file",
    "files",
    multiple=True,
    metavar="PATTERN",
    help="A file beside the notebook that goes with it, as data/*.csv. Modules that it imports go with it anyway.",
)


# ---------------------------------------------------------------------- settings


@dataclass(frozen=True, kw_only=True)
class GivenSettings:
    """None and () say nothing, and leave what was set before."""

    environment: str | None
    workdir: Path | None
    output: str | None
    formats: tuple[str, ...]
    timeout: float | None
    cell_timeout: float | None
    start_timeout: float | None
    memory: int | None
    cpu_time: float | None
    cpus: int | None
    retries: int | None
    retry_delay: float | None
    retry_on: tuple[str, ...]
    pool: str | None
    notify: tuple[str, ...]

    def on(self, before: JobSettings) -> JobSettings:
        """The settings with what was given in place of what was."""
        changed = _given(pool=self.pool)
        if self.environment is not None:
            changed["environment"] = _absolute(self.environment)
        if self.output is not None:
            changed["output"] = _from_here(self.output)
        if self.workdir is not None:
            changed["workdir"] = str(self.workdir.resolve())
        if self.formats:
            changed["formats"] = tuple(dict.fromkeys(("ipynb", *self.formats)))
        if self.notify:
            changed["notify"] = self.notify
        return replace(
            before,
            limits=self._limits(before.limits),
            retry=self._retry(before.retry),
            **changed,  # type: ignore[arg-type]
        )

    def _limits(self, before: Limits) -> Limits:
        return replace(
            before,
            **_given(  # type: ignore[arg-type]
                run=self.timeout,
                cell=self.cell_timeout,
                start=self.start_timeout,
                memory=self.memory,
                cpu_seconds=self.cpu_time,
                cpus=self.cpus,
            ),
        )

    def _retry(self, before: Retry) -> Retry:
        changed = _given(limit=self.retries, delay=self.retry_delay)
        if self.retry_on:
            changed["on"] = tuple(FailureKind(kind) for kind in self.retry_on)
        return replace(before, **changed)  # type: ignore[arg-type]


def _absolute(environment: str) -> str:
    """Its links are not followed: a virtual environment's Python is one."""
    if not environment or environment.startswith("kernel:"):
        return environment
    return str(Path(environment).expanduser().absolute())


def _from_here(output: str) -> str:
    """A daemon runs elsewhere: a path is meant from where it was written."""
    if not output or "://" in output or output.startswith(("/", "~")):
        return output
    return f"{str(Path.cwd()).replace('{', '{{').replace('}', '}}')}/{output}"


def _given(**values: object) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}


SETTINGS = bundled(
    GivenSettings,
    "settings",
    [
        click.option(
            "--environment",
            metavar="ENV",
            help="The Python, or the virtual environment, that runs it; kernel:NAME for a kernelspec.",
        ),
        click.option(
            "--workdir",
            type=click.Path(path_type=Path),
            metavar="DIR",
            help="Where its cells run.  [default: a fresh folder with the notebook and its files; of `nb2prod run` the "
            "notebook's folder]",
        ),
        click.option(
            "--output",
            metavar="TEMPLATE",
            help="The folder or URL that gets the outputs, as reports/{name}/{date}-{p.region}; "
            "{run}, {attempt}, {time} and {due} are known too.  [default: a folder of the store]",
        ),
        click.option(
            "--format",
            "formats",
            multiple=True,
            callback=_words,
            metavar="html,pdf",
            help="Formats of the output beside the notebook.",
        ),
        click.option("--timeout", type=DURATION, help="The longest that a run may take, as 90s, 15m or 2h."),
        click.option("--cell-timeout", type=DURATION, help="The longest that a cell may take."),
        click.option(
            "--start-timeout", type=DURATION, help="The longest that a kernel may take to start.  [default: 60s]"
        ),
        click.option("--memory", type=SIZE, help="The most memory it may use, with all that it starts, as 2GB."),
        click.option("--cpu-time", type=DURATION, help="The most CPU time it may use."),
        click.option("--cpus", type=click.IntRange(min=1), help="How many CPUs it may use."),
        click.option("--retries", type=click.IntRange(min=0), help="Further attempts after a failure.  [default: 0]"),
        click.option(
            "--retry-delay", type=DURATION, help="Before the second attempt; doubled each time.  [default: 30s]"
        ),
        click.option(
            "--retry-on",
            multiple=True,
            type=click.Choice(_RETRIED),
            metavar="KIND",
            help=f"Failures that are tried again: {', '.join(_RETRIED)}.  [default: all of them]",
        ),
        click.option("--pool", metavar="NAME", help="The pool whose limit it counts for.  [default: default]"),
        click.option(
            "--notify", multiple=True, callback=_words, metavar="CHANNEL", help="Who is told; see nb2prod notify."
        ),
    ],
)


# ---------------------------------------------------------------------- triggers


@dataclass(frozen=True, kw_only=True)
class GivenTrigger:
    cron: str | None
    every: float | None
    at: str | None
    after: str | None
    on: str | None
    when: str | None
    settle: float | None
    as_parameter: str | None
    tz: str | None
    start: str | None

    def trigger(self, now: datetime, zone: str = "UTC") -> Trigger | None:
        """The one that was given, or None. `zone` is that of before. Raises InvalidOption for two, or parts of none."""
        given = {
            "--cron": self.cron,
            "--every": self.every,
            "--at": self.at,
            "--after": self.after,
            "--when": self.when,
        }
        named = [option for option, value in given.items() if value is not None]
        if len(named) > 1:
            raise InvalidOption(" and ".join(named), "give one of them; add another schedule for the other")
        self._refuse_parts()
        zone = self.tz or zone
        if self.cron is not None:
            return Cron(expression=self.cron, timezone=zone)
        if self.every is not None:
            anchor = moment(self.start, zone, "--start") if self.start else now.replace(microsecond=0)
            return Every(seconds=self.every, anchor=anchor)
        if self.at is not None:
            return Once(at=moment(self.at, zone, "--at"))
        if self.after is not None:
            return RunAfter(schedule=self.after, on=self.on or "completed")
        if self.when is not None:
            settle = WhenThere(url="").settle if self.settle is None else self.settle
            return WhenThere(url=self.when, settle=settle, parameter=self.as_parameter or "")
        return None

    def moved(self, before: Trigger) -> Trigger | None:
        """The trigger of before in the zone that was given alone."""
        return replace(before, timezone=self.tz) if self.tz and isinstance(before, Cron) else None

    def _refuse_parts(self) -> None:
        parts = {"--on": (self.on, self.after, "--after SCHEDULE"), "--settle": (self.settle, self.when, "--when URL")}
        parts["--as"] = (self.as_parameter, self.when, "--when URL")
        for option, (part, whole, name) in parts.items():
            if part is not None and whole is None:
                raise InvalidOption(option, f"it goes with {name}")


TRIGGER = bundled(
    GivenTrigger,
    "when",
    [
        click.option("--cron", metavar="EXPR", help="Five fields, or @hourly, @daily, @weekly, @monthly, @yearly."),
        click.option("--every", type=DURATION, help="Each so much real time, as 15m."),
        click.option("--at", metavar="TIME", help="Once, at a time as 2026-01-31T06:00."),
        click.option("--after", metavar="SCHEDULE", help="After each run of another schedule."),
        click.option(
            "--on",
            type=click.Choice(["completed", "failed", "ended"]),
            help="How that run must have ended.  [default: completed]",
        ),
        click.option("--when", metavar="URL", help="When a file appears or changes; a path or URL, also a pattern."),
        click.option("--settle", type=DURATION, help="How long the file must have been still.  [default: 5s]"),
        click.option("--as", "as_parameter", metavar="PARAMETER", help="The parameter that takes the file's path."),
        click.option("--tz", metavar="ZONE", help="The zone of --cron and of times, as Europe/Berlin.  [default: UTC]"),
    ],
    also={"start": "start"},
)


# ---------------------------------------------------------------------- policies


class Given(TypedDict, total=False):
    misfire: Misfire
    overlap: Overlap
    grace: float
    priority: int
    jitter: float
    start_at: datetime | None
    end_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class GivenPolicies:
    misfire: str | None
    overlap: str | None
    grace: float | None
    priority: int | None
    jitter: float | None
    end: str | None

    def policies(self, start: str | None, zone: str) -> Given:
        found: Given = {}
        if self.misfire is not None:
            found["misfire"] = Misfire(self.misfire)
        if self.overlap is not None:
            found["overlap"] = Overlap(self.overlap)
        if self.grace is not None:
            found["grace"] = self.grace
        if self.priority is not None:
            found["priority"] = self.priority
        if self.jitter is not None:
            found["jitter"] = self.jitter
        if start is not None:
            found["start_at"] = moment(start, zone, "--start")
        if self.end is not None:
            found["end_at"] = moment(self.end, zone, "--end")
        return found


POLICIES = bundled(
    GivenPolicies,
    "policy",
    [
        click.option(
            "--misfire",
            type=click.Choice([m.value for m in Misfire]),
            help="What becomes of runs that were due while no daemon ran: none, the last one, or all of them are run.  "
            "[default: latest]",
        ),
        click.option(
            "--overlap",
            type=click.Choice([o.value for o in Overlap]),
            help="What becomes of a run that is due while an earlier one is not done.  [default: skip]",
        ),
        click.option("--grace", type=DURATION, help="How late it may start and is no misfire.  [default: 60s]"),
        click.option("--priority", type=int, help="The higher ones start first.  [default: 0]"),
        click.option("--jitter", type=DURATION, help="Start up to so much later, by chance."),
        click.option("--end", metavar="TIME", help="Nothing is due from then on."),
    ],
)
START = click.option("--start", metavar="TIME", help="Nothing is due before; with --every, the first time.")
