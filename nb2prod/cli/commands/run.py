"""`nb2prod run`"""

import os
from pathlib import Path

import click

from nb2prod.cli.job_options import SETTINGS, GivenSettings
from nb2prod.cli.options import PARAMETER_FILES, PARAMETERS
from nb2prod.cli.pipeline_options import PIPELINE
from nb2prod.cli.progress import shown_progress
from nb2prod.cli.show import say
from nb2prod.cli.steps_screen import steps_screen
from nb2prod.cli.stores import STORE
from nb2prod.execution.pipeline_options import PipelineOptions

_HELP = """Run TARGET once: a project's folder by its pipeline, or a notebook as a job.

Parameters are checked before anything starts: a name that does not exist, one that must be given and is not, a
value of the wrong type is refused. They come from --params-file, then the environment (NB2PROD_PARAM_NAME), then
-p; what is later wins. A secret is given by where it is, and stands in no output, log or record.

Every run leaves a record with its times, outputs and what went wrong. Ctrl-C keeps the outputs so far. Cells run
in the notebook's folder.

\b
    nb2prod run out/churn -p test_size=0.3
    nb2prod run out/churn --resume 20260131T120000-1a2b
    nb2prod run out/churn --executor local --jobs 4
    nb2prod run out/churn --env prod --executor dask --address tcp://scheduler:8786 --artifacts s3://ours/churn
    nb2prod run out/churn --from train_model
    nb2prod run churn.ipynb -p test_size=0.3 -o runs/
    nb2prod run churn.ipynb --params-file eu.yaml -p password=secret:env:DB_PASSWORD
    nb2prod run report.ipynb --output "reports/{date}-{p.region}.ipynb" --format html
    nb2prod run train.ipynb --timeout 2h --cell-timeout 30m --memory 8GB --retries 2

\b
Exit codes:
    0  completed                      7  a file could not be read or written (a full disk, for one)
    2  wrong use or parameters        8  cancelled
    3  a cell or a step failed        9  lost: its supervisor was killed
    4  the run's time limit          10  out of memory
    5  the kernel died               11  the kernel did not start
    6  a cell's time limit           12  a fault of nb2prod         130  interrupted
"""


@click.command(name="run", help=_HELP)
@click.argument("target", type=click.Path(path_type=Path))
@PARAMETERS
@PARAMETER_FILES
@click.option(
    "-o",
    "--runs",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the record of the run goes.  [default: the project's own, or runs/]",
)
@PIPELINE
@click.option("--name", default="", metavar="NAME", help="What the job is called.  [default: the notebook's name]")
@click.option(
    "--idempotency-key", default="", metavar="KEY", help="Run once for this key: a second time tells how it ended."
)
@SETTINGS
@STORE
def COMMAND(  # noqa: N802
    target: Path,
    parameters: dict[str, str],
    params_files: tuple[Path, ...],
    runs: Path | None,
    pipeline: PipelineOptions,
    name: str,
    idempotency_key: str,
    settings: GivenSettings,
    store_url: str,
) -> int:
    from nb2prod.api.run import JobOptions, run
    from nb2prod.execution.job_parameters import read_given
    from nb2prod.model.job import JobSettings

    given = read_given(params_files, os.environ, parameters)
    options = JobOptions(
        store=store_url, name=name, settings=settings.on(JobSettings()), idempotency_key=idempotency_key
    )
    timeout = options.settings.limits.run
    with shown_progress() as progress, steps_screen() as screen:
        done = run(
            target,
            given,
            runs=runs,
            pipeline=pipeline,
            timeout=timeout,
            progress=progress,
            options=options,
            screen=screen,
        )
    if done.message:
        (click.echo if done.exit_code == 0 else say)(done.message)
    return int(done.exit_code)
