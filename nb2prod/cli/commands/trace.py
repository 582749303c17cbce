"""`nb2prod trace`"""

from pathlib import Path

import click

from nb2prod.cli.options import NOTEBOOK
from nb2prod.cli.show import say


@click.command(name="trace")
@NOTEBOOK
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS", help="For each cell.")
@click.option("--json", "machine", is_flag=True, help="Print the trace itself.")
def COMMAND(notebook: Path, timeout: float | None, machine: bool) -> int:  # noqa: N802
    """Run NOTEBOOK once and keep what each cell did: names read, bound and changed, random state, files, time, memory.

    It runs in a copy of its folder, and takes at most about twice as long as it does otherwise. The trace stays beside
    the notebook as NAME.trace.json; `nb2prod convert` uses it until a code cell or a file that was read changes.

    \b
        nb2prod trace churn.ipynb
        nb2prod trace churn.ipynb --json | jq '.cells[] | {cell, seconds}'
    """
    from nb2prod.api.trace import make_trace, trace_file
    from nb2prod.cli.traced import text_of

    trace = make_trace(notebook, timeout=timeout, progress=say)
    click.echo(trace.to_json() if machine else text_of(trace), nl=not machine)
    say(f"wrote {trace_file(notebook)}; next: nb2prod convert {notebook}")
    return 0
