"""`nb2prod convert`"""

from pathlib import Path
from typing import Any  # a Conversion, whose module is imported when it is needed

import click

from nb2prod.cli.exits import ExitCode
from nb2prod.cli.options import NOTEBOOK
from nb2prod.cli.show import say, show_finding


@click.command(name="convert")
@NOTEBOOK
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The project's folder.  [default: out/NAME]", metavar="DIR"
)
@click.option(
    "--record/--no-record",
    default=True,
    show_default=True,
    help="Run the notebook once and keep fingerprints of its values for the project's own test.",
)
@click.option(
    "--trace",
    is_flag=True,
    help="Run the notebook once under the tracer first, and use what it shows: types, mutations that the code does not "
    "tell, files, time and memory. The trace stays beside the notebook and is used as long as it holds.",
)
def COMMAND(notebook: Path, output: Path | None, record: bool, trace: bool) -> int:  # noqa: N802
    """Write NOTEBOOK as a package: a plain function for each step, tests, and the files to run it anywhere.

    A notebook that cannot be converted faithfully is refused with the cell, the line and what to write instead, and
    nothing is written. Converting again keeps the edits made by hand, and shows where they conflict as git does.

    \b
        nb2prod convert churn.ipynb -o out/churn
        nb2prod convert churn.ipynb --trace         # with the types that a run shows
        nb2prod convert churn.ipynb --no-record     # do not run the notebook
        nb2prod convert train.replay.ipynb          # take back what was repaired in a replay, and convert

    Of a replay (see nb2prod replay) the changed cells go into the notebook that it came from, and the project is
    converted again.
    """
    from nb2prod.api.taking_back import is_replay

    if is_replay(notebook):
        return _take_back(notebook, output, record=record, trace=trace)
    from nb2prod.api.convert import convert

    return _told(convert(notebook, output, record=record, trace=trace, progress=say))


def _take_back(replay: Path, output: Path | None, *, record: bool, trace: bool) -> int:
    from nb2prod.api.taking_back import take_back

    taken = take_back(replay, output, record=record, trace=trace, progress=say)
    for line in taken.notices:
        say(line)
    if taken.cells:
        say(f"took back cell {', '.join(map(str, taken.cells))} of {taken.notebook}")
    code = _told(taken.conversion)
    say(f"to go on where the run failed: {taken.resume}")
    return code


def _told(done: Any) -> int:
    for finding in done.findings:
        show_finding(finding, err=True)
    for line in done.notices:
        say(line)
    if done.conflicts:
        files = "\n".join(f"    {path}" for path in done.conflicts)
        say(f"your edits and the new text meet in these files; repair the marked places:\n{files}")
        return int(ExitCode.FINDINGS)
    click.echo(f"wrote {done.folder}")
    say(f"next: nb2prod verify {done.folder}")
    return int(ExitCode.FINE)
