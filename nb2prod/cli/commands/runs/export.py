"""`nb2prod runs export`"""

from pathlib import Path

import click

from nb2prod.cli.options import RUNS
from nb2prod.cli.show import say
from nb2prod.cli.stores import STORE


@click.command(name="export")
@click.argument("run")
@click.option(
    "--to",
    "target",
    required=True,
    type=click.Choice(["otel", "prometheus", "json"]),
    help="otel: spans and metrics, to the collector of OTEL_EXPORTER_OTLP_ENDPOINT. The others: text on stdout.",
)
@RUNS
@STORE
def COMMAND(run: str, target: str, runs: Path | None, store_url: str) -> int:  # noqa: N802
    """The record of a pipeline's RUN for other tools. Exported twice, spans have the same ids.

    \b
        OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 nb2prod runs export RUN --to otel
        nb2prod runs export RUN --to prometheus > /var/lib/node_exporter/churn.prom
        nb2prod runs export RUN --to json | jq 'select(.event == "step")'
    """
    from nb2prod.api.records import find_record, told_to_collector
    from nb2prod.runtime.export.json_lines import lines_of
    from nb2prod.runtime.export.prometheus import text_of
    from nb2prod.store import open_store

    record = find_record(run, runs, lambda: open_store(store_url))
    if target == "otel":
        say(f"run {record.run}, {len(record.steps)} steps, is at {told_to_collector(record)}")
    elif target == "prometheus":
        click.echo(text_of(record), nl=False)
    else:
        for line in lines_of(record):
            click.echo(line)
    return 0
