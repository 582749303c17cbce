"""Groups of commands whose modules are imported when they are asked for."""

import difflib
import importlib
from collections.abc import Mapping

import click

__all__ = ["LazyGroup", "lazy_group"]


class LazyGroup(click.Group):
    """`package` has a module for each name in `table`, with its COMMAND; `table` has the one line of help of each.

    The help of the group needs the table alone, so it imports no command.
    """

    package: str
    table: Mapping[str, str]

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self.table:
            return None
        command: click.Command = importlib.import_module(f"{self.package}.{cmd_name.replace('-', '_')}").COMMAND
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.table and not args[0].startswith("-"):
            close = difflib.get_close_matches(args[0], self.table, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else f"There are {', '.join(self.table)}."
            raise click.UsageError(f"No such command {args[0]!r}. {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(self.table.items()))


def lazy_group(package: str, table: Mapping[str, str], help_text: str, name: str | None = None) -> LazyGroup:
    group = LazyGroup(name=name, help=help_text, context_settings={"help_option_names": ["-h", "--help"]})
    group.package, group.table = package, table
    return group
