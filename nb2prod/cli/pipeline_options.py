"""The options of a project's pipeline, which a notebook has not."""

import click

from nb2prod.cli.bundles import bundled
from nb2prod.execution.pipeline_options import PipelineOptions

__all__ = ["PIPELINE"]

PIPELINE = bundled(
    PipelineOptions,
    "pipeline",
    [
        click.option(
            "--resume",
            default="",
            metavar="RUN",
            help="Go on where RUN failed; what it completed is not computed again.",
        ),
        click.option("--cache/--no-cache", default=True, show_default=True, help="Use results that are known already."),
        click.option("--from", "start", default="", metavar="STEP", help="Run STEP and all that need it again."),
        click.option("--only", default="", metavar="STEP", help="Run STEP alone; what it needs must be known."),
        click.option("--env", default="", metavar="NAME", help="The [env.NAME] of pipeline.toml."),
        click.option(
            "--executor",
            default="",
            metavar="NAME",
            help="Who carries steps out: in-process, local (processes, side by side), dask, or a plug-in's.",
        ),
        click.option("--address", default="", metavar="URL", help="Of the executor's cluster, as tcp://HOST:8786."),
        click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="How many steps run at once."),
        click.option("--artifacts", default="", metavar="URL", help="Where results are kept: a folder or fsspec URL."),
        click.option(
            "--on-error",
            default="",
            type=click.Choice(["", "continue", "stop"]),
            metavar="[continue|stop]",
            help="Whether steps that do not need the failed one go on.",
        ),
    ],
)
