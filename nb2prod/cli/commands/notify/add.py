"""`nb2prod notify add`"""

import shlex
from dataclasses import dataclass
from typing import Any  # fields of several types

import click

from nb2prod.cli.bundles import bundled
from nb2prod.cli.options import named_values
from nb2prod.cli.quantities import DURATION
from nb2prod.cli.stores import JSON, STORE, print_json


@dataclass(frozen=True, kw_only=True)
class GivenPolicy:
    """What a channel is told of; None and () leave it as it is without."""

    events: tuple[str, ...]
    late_after: float | None
    long_after: float | None
    long_factor: float | None
    subject: str | None
    body: str | None
    hourly: int | None

    def fields(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if value not in (None, ())}


_POLICY = bundled(
    GivenPolicy,
    "policy",
    [
        click.option(
            "--on",
            "events",
            multiple=True,
            metavar="EVENT",
            help="failed, recovered, late, long, skipped or disabled.  [default: failed, recovered, disabled]",
        ),
        click.option("--late-after", type=DURATION, help="A run is late so long after it was due.  [default: 60s]"),
        click.option("--long-after", type=DURATION, help="A run is long from then on."),
        click.option("--long-factor", type=float, help="A run is long when it takes so many times the median."),
        click.option("--subject", help="Template of the subject."),
        click.option("--body", help="Template of the text."),
        click.option("--hourly", type=click.IntRange(min=1), help="At most so many messages an hour.  [default: 20]"),
    ],
)


@click.command(name="add")
@click.argument("name")
@click.option("--webhook", "url", metavar="URL", help="POST a JSON document; --set format=text for chat services.")
@click.option("--email", "to", multiple=True, metavar="ADDRESS", help="Send an e-mail; needs --set host= and from=.")
@click.option("--command", metavar="LINE", help="Start a program, which gets the message as JSON on its stdin.")
@click.option("--kind", metavar="KIND", help="Of a notifier that was installed; its settings by --set.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A setting of the kind, as host=smtp.example.org, security=tls, signing_key=secret:env:KEY.",
)
@_POLICY
@click.option("--replace", is_flag=True, help="In place of the channel of that name.")
@STORE
@JSON
def COMMAND(  # noqa: N802
    name: str,
    url: str | None,
    to: tuple[str, ...],
    command: str | None,
    kind: str | None,
    settings: tuple[str, ...],
    replace: bool,
    store_url: str,
    machine: bool,
    policy: GivenPolicy,
) -> int:
    """The channel NAME, by which definitions that name it (--notify NAME) tell of their runs.

    Passwords and keys are given by reference (secret:env:NAME, secret:file:/path, secret:keyring:SERVICE/USER); their
    values are read when a message is sent and are never stored.

    \b
        nb2prod notify add team --webhook https://chat.example.org/hooks/1 --set format=text
        nb2prod notify add ops --email ops@example.org --set host=smtp.example.org --set from=jobs@example.org
        nb2prod notify add pager --command "/usr/local/bin/page --team data" --on failed --on late
    """
    from nb2prod.api.channels import add_channel, read_settings
    from nb2prod.model.notification import Channel
    from nb2prod.store import open_store

    kinds = {"webhook": url, "email": list(to), "command": shlex.split(command or "")}
    chosen = [*(found for found, value in kinds.items() if value), *([kind] if kind else [])]
    if len(chosen) != 1:
        raise click.UsageError("say how: one of --webhook, --email, --command and --kind")
    own: dict[str, dict[str, object]] = {
        "webhook": {"url": url},
        "email": {"to": list(to)},
        "command": {"command": kinds["command"]},
    }
    channel = Channel(
        name=name,
        kind=chosen[0],
        settings={**own.get(chosen[0], {}), **read_settings(chosen[0], named_values(settings))},
        **policy.fields(),
    )
    with open_store(store_url) as store:
        added = add_channel(store, channel, replace=replace)
    if machine:
        print_json(added)
    else:
        click.echo(f"{added.name}: {added.kind}, on {', '.join(event.partition('.')[2] for event in added.events)}")
        click.echo(f"try it: nb2prod notify test {added.name}", err=True)
    return 0
