"""A crontab for this machine, and the script that it starts: the whole pipeline, one run at a time."""

from dataclasses import dataclass
from pathlib import PurePath

from nb2prod.errors import InvalidOption
from nb2prod.model.job import Cron
from nb2prod.targets.exports.base import Export, ExportOrder, Note
from nb2prod.targets.exports.texts import file_name, head, shell
from nb2prod.targets.exports.times import clock_notes, portable
from nb2prod.targets.exports.whole import here_command, here_notes, variables

__all__ = ["PLUGIN"]

_BUSY = 75  # EX_TEMPFAIL: no code of the pipeline's
_PATH = "/usr/local/bin:/usr/bin:/bin"
_CREDENTIALS = "write NAME=VALUE on a line of its own above the job in the crontab"
_LONGEST = 900  # cron takes a line of 1000


@dataclass(frozen=True)
class CronTarget:
    name: str = "cron"
    summary: str = "a crontab for this machine; flock keeps it to one run at a time"

    def render(self, order: ExportOrder) -> Export:
        schedule = _schedule(order)
        stem, notes = (
            file_name(order),
            (
                *here_notes(order, _CREDENTIALS),
                *_notes(schedule),
                *clock_notes(schedule, "each cron has its own way with a time that is leaped over or comes twice"),
            ),
        )
        crontab = [
            *head(self.name, order, notes, f"Install: (crontab -l; cat {stem}.crontab) | crontab -"),
            "SHELL=/bin/sh",
            f"CRON_TZ={schedule.timezone}",
            f"{schedule.expression} {_line(order, f'{stem}.sh')}",
        ]
        script = ["#!/bin/sh", *head(self.name, order, ()), *_script(order)]
        files = {f"{stem}.crontab": crontab, f"{stem}.sh": script}
        return Export(
            files={path: "".join(f"{line}\n" for line in lines) for path, lines in files.items()}, notes=notes
        )


PLUGIN = CronTarget()


def _schedule(order: ExportOrder) -> Cron:
    if order.schedule is None:
        raise InvalidOption("--schedule", 'a crontab needs one, as in --schedule "0 6 * * 1-5"')
    fields = portable(order.schedule.expression)
    if fields is None:
        raise InvalidOption(
            "--schedule",
            f"cron cannot say {order.schedule.expression!r}: it knows no L and no #, and of a day of the month and a "
            "day of the week it takes either; use --to systemd, or nb2prod schedule add",
        )
    return Cron(expression=fields, timezone=order.schedule.timezone)


def _notes(schedule: Cron) -> tuple[Note, ...]:
    return (
        Note(
            what=f"time zone {schedule.timezone}",
            why="CRON_TZ is cronie's; Debian's cron goes by the machine's own zone",
            do=f"with Debian's cron set the machine to {schedule.timezone} (timedatectl), or use --to systemd",
        ),
        Note(
            what="a run that was missed",
            why="cron does not make up for a time at which the machine was off",
            do="use --to systemd (Persistent=true) where that matters",
        ),
    )


def _line(order: ExportOrder, script: str) -> str:
    """What cron starts. In its line % and \\ have meanings of their own, and not the same in each cron."""
    path = str(order.folder / script)
    if any(letter in path for letter in "%\\\n") or len(path) > _LONGEST:
        raise InvalidOption(
            "--output", f"cron cannot start {path!r}; choose a folder without % and \\, and not so long"
        )
    return shell(["/bin/sh", path])


def _script(order: ExportOrder) -> list[str]:
    """Its exit code is the pipeline's; cron mails what it prints, and each run leaves its record."""
    lock = str(order.settings.root / f".{file_name(order)}.lock")
    settings = {"PATH": f"{PurePath(order.python).parent}:{_PATH}", **variables(order)}
    return [
        *(f"export {shell([f'{name}={value}'])}" for name, value in settings.items()),
        shell(["exec", "flock", "--nonblock", "--conflict-exit-code", str(_BUSY), lock, *here_command(order)]),
    ]
