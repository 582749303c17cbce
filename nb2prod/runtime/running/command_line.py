"""The command line of a package: its options, and one for each parameter."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any  # the package's module

from nb2prod.runtime.errors import ParameterError
from nb2prod.runtime.parameters import Spec, comments_of

__all__ = ["assigned", "described", "environment_in", "joined", "parser_of"]


def parser_of(specs: Sequence[Spec], prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=prog, allow_abbrev=False, description="Run the pipeline once.")
    _add_options(parser)
    for spec in specs:
        names = [name for name in _options_of(spec) if name not in parser._option_string_actions]
        text = f"{spec.comment}  " if spec.comment else ""
        about = f"{text}[{spec.annotation}; default: {spec.default!r}]".replace("%", "%%")
        if names:
            parser.add_argument(*names, dest=f"parameter {spec.name}", metavar="VALUE", help=about)
    return parser


def _add_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("-p", "--parameter", action="append", default=[], metavar="NAME=VALUE", help="a parameter; may be repeated")
    add("--runs", metavar="DIR", help="where the record of the run goes")
    add("--resume", metavar="RUN", help="go on where RUN failed, with its parameters")
    add("--no-cache", action="store_true", help="run every step, also those whose result is known")
    add("--from", dest="start", metavar="STEP", help="run STEP and all that need it; the rest may be known")
    add("--only", metavar="STEP", help="run STEP alone; what it needs must be known")
    add("--timeout", type=float, metavar="SECONDS", help="for the whole run")
    add("--on-error", choices=("continue", "stop"), help="whether steps that do not need the failed one go on")
    add("--env", default="", metavar="NAME", help="the [env.NAME] of pipeline.toml")
    add("--executor", metavar="NAME", help="who carries steps out: in-process, local, dask, or a plug-in")
    add("--address", metavar="URL", help="of the executor's cluster")
    add("--jobs", type=int, metavar="N", help="how many steps the executor runs at once")
    add("--artifacts", metavar="URL", help="where results are kept: a folder or any fsspec URL")
    add("--run-id", help=argparse.SUPPRESS)  # for a parent that wants to know it
    add("--given", type=Path, help=argparse.SUPPRESS)  # a file of checked parameters
    add("--workdir", type=Path, help=argparse.SUPPRESS)  # of a project that was moved
    add("--called", help=argparse.SUPPRESS)  # what the user wrote, for the command that resumes


def environment_in(arguments: Sequence[str]) -> str:
    """What --env says: the settings must be read before there is a parser."""
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--env", default="")
    known: str = early.parse_known_args(list(arguments))[0].env
    return known


def _options_of(spec: Spec) -> list[str]:
    """As a shell writes it, and as Python does. One of our own name is reached by `-p NAME=VALUE` alone."""
    return list(dict.fromkeys([f"--{spec.name.replace('_', '-')}", f"--{spec.name}"]))


def joined(arguments: Sequence[str], specs: Sequence[Spec]) -> list[str]:
    """`--x -1e-3` as `--x=-1e-3`: argparse takes such a number for an option."""
    ours = argparse.ArgumentParser(add_help=False)
    _add_options(ours)
    names = {name for spec in specs for name in _options_of(spec)} - set(ours._option_string_actions)
    found: list[str] = []
    rest = iter(arguments)
    for argument in rest:
        value = next(rest, None) if argument in names else None
        found.append(argument if value is None else f"{argument}={value}")
    return found


def assigned(texts: Sequence[str]) -> dict[str, str]:
    """Raises ParameterError."""
    given = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise ParameterError(f"-p {text!r} is not NAME=VALUE")
        given[name.strip()] = value
    return given


def described(specs: Sequence[Spec], module: Any) -> list[Spec]:
    """With the comments that stand beside the parameters."""
    try:
        comments = comments_of(Path(module.__file__).read_text(encoding="utf-8"))
    except (OSError, SyntaxError):
        comments = {}
    return [Spec(**{**vars(spec), "comment": comments.get(spec.name, "")}) for spec in specs]
