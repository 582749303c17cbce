"""`nb2prod export`"""

from pathlib import Path

import click

from nb2prod.cli.options import PARAMETERS
from nb2prod.cli.show import fitted, say

_HELP = """Write what somebody else's orchestrator needs to run PROJECT.

It gets the same steps, the schedule, the parameters, and retries, timeouts and resources as pipeline.toml has them.
What does not cross is told and stands in the files; where it would change results or safety, nothing is written.

A file that was changed by hand is not written over.

\b
    nb2prod export --list
    nb2prod export out/churn --to cron -o deploy --schedule "0 6 * * 1-5" --tz Europe/Berlin
    nb2prod export out/churn --to argo -o deploy --image registry/churn:1 --artifacts s3://bucket/churn
    nb2prod export out/churn --to kubernetes -o deploy --image registry/churn:1 --env prod -p test_size=0.3
"""


@click.command(name="export", help=_HELP)
@click.argument("project", type=click.Path(path_type=Path), required=False)
@click.option("--to", metavar="NAME", help="The target; --list names all.")
@click.option("--list", "listed", is_flag=True, help="The targets that there are.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="The files' folder.  [default: out/NAME]"
)
@click.option("--schedule", default="", metavar="CRON", help='When it runs, as "0 6 * * 1-5" or @daily.')
@click.option("--tz", "timezone", default="UTC", show_default=True, metavar="ZONE", help="The schedule's time zone.")
@click.option("--image", default="", metavar="IMAGE", help="The container image with the package.")
@click.option(
    "--artifacts", default="", metavar="URL", help="Where steps leave results.  [default: that of pipeline.toml]"
)
@click.option("--env", "environment", default="", metavar="NAME", help="The [env.NAME] of pipeline.toml.")
@click.option("--python", default="", metavar="PATH", help="The project's Python or virtual environment.")
@PARAMETERS
@click.option("--allow-unmapped", is_flag=True, help="Go on where what does not cross changes results or safety.")
@click.option("--force", is_flag=True, help="Write over files that were changed by hand.")
def COMMAND(  # noqa: N802
    project: Path | None,
    to: str | None,
    listed: bool,
    output: Path | None,
    schedule: str,
    timezone: str,
    image: str,
    artifacts: str,
    environment: str,
    python: str,
    parameters: dict[str, str],
    allow_unmapped: bool,
    force: bool,
) -> int:
    from nb2prod.api.export import ExportOptions, export
    from nb2prod.targets.exports.base import all_targets

    if listed:
        click.echo(fitted([("target", "what it is"), *((each.name, each.summary) for each in all_targets())]))
        return 0
    if project is None or to is None:
        raise click.UsageError("name the project and the target: nb2prod export PROJECT --to NAME (see --list)")
    options = ExportOptions(
        schedule=schedule,
        timezone=timezone,
        image=image,
        artifacts=artifacts,
        environment=environment,
        python=python,
    )
    folder = output or Path("out") / to
    done = export(project, to, folder, parameters, options=options, allow_unmapped=allow_unmapped, force=force)
    for note in done.notes:
        say(f"{'unsafe' if note.unsafe else 'note'}: {note}")
    for path in done.files:
        click.echo(f"{'wrote' if path in done.written else 'as it was:'} {folder / path}")
    for path in done.removed:
        click.echo(f"removed {folder / path}")
    return 0
