"""`nb2prod scheduler dockerfile`"""

import sys
from importlib.metadata import version

import click


@click.command(name="dockerfile")
def COMMAND() -> int:  # noqa: N802
    """Print a Dockerfile of an image whose containers are daemons.

    \b
        nb2prod scheduler dockerfile > Dockerfile
        docker build -t nb2prod-scheduler .
        docker run --detach --volume nb2prod:/data --stop-timeout 3600 nb2prod-scheduler
    """
    from nb2prod.api.deploy import dockerfile

    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    click.echo(dockerfile(version=version("nb2prod"), python=python), nl=False)
    return 0
