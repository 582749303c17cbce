"""`nb2prod replay`"""

from pathlib import Path

import click

from nb2prod.cli.exits import ExitCode
from nb2prod.cli.show import say
from nb2prod.cli.stores import STORE

_HELP = """Open a failed STEP of RUN as a notebook, with what it was given and its cells in place.

RUN is the folder of a run's record, the id of a run of the project (in its folder, or with --project), or the id
of a run that the store knows. The notebook loads the inputs as they were when the step began, with the state of
random generators and what else earlier steps left; its cells stand below. Run all: it fails as it did.

\b
    nb2prod run out/churn                          # error: step 'train' of pipeline 'churn' failed in ...
    nb2prod replay out/churn/runs/20260131T120000-1a2b train
    jupyter lab train.replay.ipynb                 # repair the cells, run them, save
    nb2prod convert train.replay.ipynb             # the change goes into the notebook and into the project
    nb2prod run out/churn --resume 20260131T120000-1a2b

Only cells of the notebook go back, each where it came from; outputs, tags and other cells stay as they are. When
such a cell was changed in the notebook meanwhile, nothing is written and you are told what to do. What a step was
given stays in the run's artifacts: it can be replayed as long as they are kept.
"""


@click.command(name="replay", help=_HELP)
@click.argument("run")
@click.argument("step")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The notebook to write.  [default: STEP.replay.ipynb, which must not be there]",
)
@click.option("--project", type=click.Path(path_type=Path), metavar="DIR", help="The project of the run.")
@click.option("--runs", type=click.Path(path_type=Path), metavar="DIR", help="Where the run's record is.")
@STORE
def COMMAND(  # noqa: N802
    run: str, step: str, output: Path | None, project: Path | None, runs: Path | None, store_url: str
) -> int:
    from nb2prod.api.replay import replay

    done = replay(run, step, output, project=project, runs=runs, store=store_url)
    for notice in done.notices:
        say(f"note: {notice}")
    click.echo(f"wrote {done.path}")
    say(done.failure)
    say(f"next: repair its cells, run them, and nb2prod convert {done.path}")
    return int(ExitCode.FINE)
