"""`nb2prod tag`"""

import json
from pathlib import Path

import click

from nb2prod.cli.options import FORMAT, NOTEBOOK
from nb2prod.cli.show import counted, say, table


@click.command(name="tag")
@NOTEBOOK
@click.option("--write", is_flag=True, help="Write the tags into the notebook; nothing else of the file changes.")
@FORMAT
def COMMAND(notebook: Path, write: bool, form: str) -> int:  # noqa: N802 (the name every command module has)
    """Suggest tags for the cells of NOTEBOOK that have none.

    Imports, functions and parameters are known by their statements, steps by the headings above them or, without
    headings, by what the cells do. Neighbours that cannot be parted are joined. Without --write nothing is changed.

    \b
        nb2prod tag churn.ipynb            # look at the suggestions
        nb2prod tag churn.ipynb --write    # accept them
    """
    from nb2prod.api.tag import tag

    tagging = tag(notebook, write=write)
    if form == "json":
        found = [{"cell": s.cell, "tag": s.tag, "reason": s.reason} for s in tagging.suggestions]
        click.echo(json.dumps({"written": tagging.written, "suggestions": found}, indent=2))
        return 0
    if not tagging.suggestions:
        click.echo(f"{notebook.name}: every code cell has a tag")
        return 0
    rows = [("cell", "tag", "why"), *((str(s.cell), s.tag, s.reason) for s in tagging.suggestions)]
    click.echo(table(rows))
    count = len(tagging.suggestions)
    if tagging.written:
        say(f"wrote {counted(count, 'tag')} into {notebook}")
    else:
        say(f"nothing was written; to accept: nb2prod tag {notebook} --write")
    return 0
