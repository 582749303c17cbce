"""`nb2prod notify list`"""

import click

from nb2prod.cli.show import fitted, say
from nb2prod.cli.stores import JSON, STORE, print_json


@click.command(name="list")
@STORE
@JSON
def COMMAND(store_url: str, machine: bool) -> int:  # noqa: N802
    """All channels, with what they tell of. A secret is shown by its reference.

    \b
        nb2prod notify list
    """
    from nb2prod.api.channels import channels
    from nb2prod.cli.jobs_shown import parameters_of
    from nb2prod.store import open_store

    with open_store(store_url) as store:
        found = channels(store)
    if machine:
        print_json(found)
    elif found:
        rows = [
            (c.name, c.kind, " ".join(e.partition(".")[2] for e in c.events), parameters_of(c.settings)) for c in found
        ]
        click.echo(fitted([("channel", "kind", "on", "settings"), *rows]))
    else:
        say("there are no channels; see nb2prod notify add --help")
    return 0
