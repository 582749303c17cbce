"""`nb2prod`: the group of commands, and the one place where an exception becomes an exit code."""

import importlib
import sys
from collections.abc import Sequence

import click

from nb2prod.cli.exits import ExitCode
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
    "run": "Run a package or a notebook as a job.",
}

_HELP = """From a notebook that works to a package that provably computes the same.

\b
    nb2prod tag notebook.ipynb --write
    nb2prod check notebook.ipynb
    nb2prod explain notebook.ipynb --name df
    nb2prod convert notebook.ipynb -o out/notebook
    nb2prod verify out/notebook
    nb2prod run out/notebook -p test_size=0.3

\b
Exit codes: 0 fine, 1 findings or differences, 2 wrong use or input, 3 a step or a cell failed,
4 a time limit was reached, 5 the kernel died, 130 interrupted.
"""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"nb2prod.cli.commands.{cmd_name}").COMMAND
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.command(cls=_Commands, help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="nb2prod", message="nb2prod %(version)s")
def _group() -> None:
    pass


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
