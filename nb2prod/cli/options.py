"""Arguments and options that several commands share."""

from pathlib import Path

import click

__all__ = ["FORMAT", "NOTEBOOK", "PARAMETERS", "PARAMETER_FILES", "RUNS", "named_values", "parse_parameters"]

NOTEBOOK = click.argument("notebook", type=click.Path(path_type=Path))
FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for machines.",
)
RUNS = click.option(
    "--runs",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder of records in which RUN is, as of a project whose package was run by itself.",
)
PARAMETERS = click.option(
    "-p",
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    callback=lambda _ctx, _option, given: parse_parameters(given),
    help="Give a parameter another value than its default. May be repeated.",
)
PARAMETER_FILES = click.option(
    "--params-file",
    "params_files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Values of parameters as JSON or YAML; -p and the environment's NB2PROD_PARAM_NAME win over it.",
)


def parse_parameters(given: tuple[str, ...]) -> dict[str, str]:
    """The names and the texts of their values. Raises click.BadParameter for what is no NAME=VALUE."""
    return named_values(given, example="-p test_size=0.3")


def named_values(given: tuple[str, ...], *, example: str = "--set format=text") -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{text!r} is not NAME=VALUE, as in {example}")
        if name in found:
            raise click.BadParameter(f"{name!r} is given twice")
        found[name] = value
    return found
