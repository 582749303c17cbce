"""`nb2prod`: the group of commands, and the one place where an exception becomes an exit code."""

import sys
from collections.abc import Sequence

import click

from nb2prod.cli.exits import ExitCode
from nb2prod.cli.group import lazy_group
from nb2prod.cli.show import show_error
from nb2prod.errors import Nb2ProdError

__all__ = ["main"]

# name → one line of help, so that `nb2prod --help` imports no command
_COMMANDS = {
    "tag": "Suggest tags for a notebook that has none.",
    "check": "Say what a notebook needs before production.",
    "explain": "Say who makes, changes and reads each name, and why.",
    "trace": "Run a notebook once and keep what each cell did.",
    "convert": "Write a notebook as a package.",
    "verify": "Prove that a package computes what its notebook computes.",
    "data": "See whether what a package reads and writes can be reached.",
    "run": "Run a package or a notebook as a job.",
    "compare": "Run a package on several executors and compare.",
    "export": "Write a package's files for Airflow, Kubernetes, systemd and others.",
    "replay": "Open a failed step as a notebook.",
    "cache": "Look at the results that are known, remove old ones.",
    "batch": "Run a notebook for each row of a table.",
    "schedule": "Say when notebooks and packages run.",
    "scheduler": "Start the daemon that runs what is due.",
    "runs": "Look at runs, cancel them, do them again.",
    "pools": "Limit how many runs of a kind run at once.",
    "notify": "Say who is told of failures.",
}

_HELP = """From a notebook that works to a package that provably computes the same.

\b
    nb2prod tag notebook.ipynb --write
    nb2prod check notebook.ipynb
    nb2prod explain notebook.ipynb --name df
    nb2prod convert notebook.ipynb -o out/notebook
    nb2prod verify out/notebook
    nb2prod run out/notebook -p test_size=0.3
    nb2prod replay out/notebook/runs/RUN train
    nb2prod schedule add notebook.ipynb --cron "0 6 * * 1-5" --tz Europe/Berlin
    nb2prod scheduler start

\b
Exit codes: 0 fine, 1 findings or differences, 2 wrong use or input, 3 a step or a cell failed,
4 the run's time limit, 5 the kernel died, 6 a cell's time limit, 7 a file could not be read or written,
8 cancelled, 9 lost with its host, 10 out of memory, 11 the kernel did not start, 12 a fault of nb2prod,
130 interrupted.
"""


_group = click.version_option(package_name="nb2prod", message="nb2prod %(version)s")(
    lazy_group("nb2prod.cli.commands", _COMMANDS, _HELP)
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; the exit code. Raises nothing of ours."""
    try:
        answer = _group.main(args=list(arguments) if arguments is not None else None, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return int(ExitCode.USAGE)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return int(ExitCode.INTERRUPTED)
    except Nb2ProdError as error:
        show_error(error)
        return error.exit_code
    except BrokenPipeError:  # `nb2prod check … | head`
        sys.stderr.close()
        return int(ExitCode.FINE)
    return answer if isinstance(answer, int) else int(ExitCode.FINE)
