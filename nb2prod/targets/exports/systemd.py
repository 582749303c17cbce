"""A service and a timer for systemd: the whole pipeline on this machine, as the user that installs them."""

import math
from dataclasses import dataclass

from nb2prod.runtime.project import Policy
from nb2prod.targets.exports.base import Export, ExportOrder, Note
from nb2prod.targets.exports.calendar import calendar_lines
from nb2prod.targets.exports.pods import largest
from nb2prod.targets.exports.texts import file_name, head, one_line
from nb2prod.targets.exports.times import clock_notes
from nb2prod.targets.exports.whole import here_command, here_notes, variables

__all__ = ["PLUGIN"]

_MARGIN = 60  # our own deadline comes first, and says in which step it was


@dataclass(frozen=True)
class SystemdTarget:
    name: str = "systemd"
    summary: str = "a service and a timer of your own for this machine; missed runs are made up for"

    def render(self, order: ExportOrder) -> Export:
        notes = (*here_notes(order, _credentials(order)), *_notes(order))
        if order.schedule:
            notes += clock_notes(order.schedule, "systemd leaves out a time that is leaped over")
        stem = f"nb2prod-{file_name(order)}"
        files = {f"{stem}.service": [*head(self.name, order, notes, *_how(order, stem)), *_service(order)]}
        if order.schedule:
            files[f"{stem}.timer"] = [*head(self.name, order, ()), *_timer(order)]
        return Export(
            files={path: "".join(f"{line}\n" for line in lines) for path, lines in files.items()}, notes=notes
        )


PLUGIN = SystemdTarget()


def _notes(order: ExportOrder) -> tuple[Note, ...]:
    found = []
    if any(order.policy(step).gpus for step in order.graph.steps):
        found.append(Note(what="gpus", why="systemd gives out no cards", do="see that nothing else uses them"))
    return tuple(found)


def _credentials(order: ExportOrder) -> str:
    return f"write NAME=VALUE in ~/.config/nb2prod/{file_name(order)}.env, which only you can read"


def _how(order: ExportOrder, stem: str) -> list[str]:
    start = f"systemctl --user enable --now {stem}.timer" if order.schedule else f"systemctl --user start {stem}"
    return [
        f"Install: cp {stem}.* ~/.config/systemd/user/ && systemctl --user daemon-reload && {start}",
        "It runs when you are away too with: loginctl enable-linger",
        "As a service of the machine (/etc/systemd/system) it needs a line User= in [Service].",
    ]


def _service(order: ExportOrder) -> list[str]:
    policy = largest(order.policy(step) for step in order.graph.steps)
    deadline = order.settings.timeout
    return [
        "[Unit]",
        f"Description={_text(f'nb2prod: {one_line(order.name)}')}",
        "",
        "[Service]",
        "Type=oneshot",
        f"ExecStart={' '.join(_word(word) for word in here_command(order))}",
        *(f"Environment={_quoted(f'{name}={value}')}" for name, value in variables(order).items()),
        "# Credentials that pipeline.toml refers to, one NAME=VALUE a line.",
        f"EnvironmentFile=-%h/.config/nb2prod/{file_name(order)}.env",
        f"TimeoutStartSec={math.ceil(deadline) + _MARGIN if deadline else 'infinity'}",
        "# The pipeline is told first, and its processes end with it.",
        "KillMode=mixed",
        f"TimeoutStopSec={_MARGIN}",
        "NoNewPrivileges=yes",
        *_limits(policy),
    ]


def _limits(policy: Policy) -> list[str]:
    found = [f"MemoryMax={policy.memory}"] if policy.memory else []
    return [*found, f"CPUQuota={policy.cpus * 100}%"] if policy.cpus else found


def _timer(order: ExportOrder) -> list[str]:
    schedule = order.schedule
    lines = calendar_lines(schedule) if schedule else []
    return [
        "[Unit]",
        f"Description={_text(f'nb2prod: when {one_line(order.name)} runs')}",
        "",
        "[Timer]",
        *(f"OnCalendar={line}" for line in lines),
        "AccuracySec=1s",
        "# A run that was missed while the machine was off is made up for, once.",
        "Persistent=true",
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]


def _text(text: str) -> str:
    """Of one line; a backslash at its end would take the next line in."""
    return text.replace("%", "%%").replace("\\", "/")


def _word(text: str) -> str:
    """A word of a command line, in which systemd puts variables too."""
    return _quoted(text.replace("$", "$$"))


def _quoted(text: str) -> str:
    """As systemd unquotes it: \\ and %% are its own, and no line ends within."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return '"' + "".join(letter if letter.isprintable() else _escape(letter) for letter in escaped) + '"'


def _escape(letter: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in letter.encode())
