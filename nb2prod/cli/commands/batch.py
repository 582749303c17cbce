"""`nb2prod batch`"""

import os
from pathlib import Path

import click

from nb2prod.cli.job_options import FILES, SETTINGS, GivenSettings
from nb2prod.cli.options import PARAMETER_FILES, PARAMETERS
from nb2prod.cli.stores import JSON, STORE


@click.command(name="batch")
@click.argument("target", required=False, type=click.Path(path_type=Path))
@click.option(
    "--over",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The rows: .csv with a heading, .json, .jsonl or .yaml; each names parameters and their values.",
)
@click.option("--resume", metavar="BATCH", help="Run again what did not complete of BATCH, and go on with the rest.")
@click.option("--name", metavar="NAME", default="", help="What the batch is called.  [default: by what it runs]")
@PARAMETERS
@PARAMETER_FILES
@click.option("--jobs", type=click.IntRange(min=1), default=os.cpu_count() or 1, help="At once.  [default: one a CPU]")
@click.option("--detach", is_flag=True, help="Only submit the runs, for the daemon.")
@click.option("--results", type=click.Path(path_type=Path), metavar="FILE", help="Also write the table, .csv or .json.")
@click.option("--priority", type=int, default=0, show_default=True, help="The higher ones start first.")
@SETTINGS
@FILES
@STORE
@JSON
def COMMAND(  # noqa: N802
    target: Path | None,
    over: Path | None,
    resume: str | None,
    name: str,
    parameters: dict[str, str],
    params_files: tuple[Path, ...],
    jobs: int,
    detach: bool,
    results: Path | None,
    priority: int,
    settings: GivenSettings,
    files: tuple[str, ...],
    store_url: str,
    machine: bool,
) -> int:
    """Run TARGET once for each row of a table, several at once, and show how each went: 1 when one did not complete.

    All rows are checked before the first one starts; the same call again starts nothing twice. No daemon is needed.

    \b
        nb2prod batch churn.ipynb --over regions.csv --jobs 4 --results done.csv -p test_size=0.3
        nb2prod batch --resume churn-3f9a1c2e
    """
    from nb2prod.api.batch import resume_batch
    from nb2prod.api.rows import read_rows
    from nb2prod.api.scheduling import batch_path
    from nb2prod.cli.batches import check_results, run_batch
    from nb2prod.execution.job_parameters import read_given
    from nb2prod.model.job import JobSettings
    from nb2prod.store import open_store

    if (resume is None) == (target is None) or (target is None) != (over is None):
        raise click.UsageError("give a notebook and --over FILE, or --resume BATCH")
    check_results(results)
    with open_store(store_url) as store:
        if resume is not None:
            resume_batch(store, name := resume)
        elif target is not None and over is not None:
            name = batch_path(
                store,
                target,
                read_rows(over),
                common=read_given(params_files, os.environ, parameters),
                name=name,
                settings=settings.on(JobSettings()),
                files=files,
                priority=priority,
            )
        return run_batch(store, name, jobs=jobs, detach=detach, results=results, machine=machine)
