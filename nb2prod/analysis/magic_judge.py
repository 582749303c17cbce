"""What one magic is: its fate, what it reads, binds and installs, and the Python that takes its place."""

import ast
import builtins
import json
import re
from collections.abc import Iterable
from dataclasses import replace

from nb2prod.analysis.magic_find import parse
from nb2prod.analysis.magic_run import command_statement, folder_statement, is_lost
from nb2prod.analysis.magic_shell import installs, interpolated, judge_shell
from nb2prod.analysis.magic_table import (
    COMMAND_NOTE,
    DROPPED_LINES,
    HARMLESS_EXTENSIONS,
    REFUSED_LINES,
    SHELL_NOTE,
    STATEMENT_MAGICS,
    TIMEIT_OPTIONS,
    UNKNOWN_MAGIC,
    Fate,
    Magic,
)
from nb2prod.analysis.magic_timeit import judge_timeit, timed_once
from nb2prod.analysis.trees import walk


def _targets(before: str) -> tuple[str, ...]:
    """The names bound by the `files = ` before a magic."""
    if "=" not in before:
        return ()
    tree = parse(f"{before.strip()} None")
    if not isinstance(tree, ast.Module):
        return ()
    return identifiers([node.id for node in names_in(tree) if isinstance(node.ctx, ast.Store)])


def judge(content: str, before: str, line: int, *, is_help: bool = False) -> tuple[Magic, tuple[str, ...]]:
    """The magic that the text from the escape on is, and the distributions it installs."""
    binds = _targets(before)
    if is_help or content.startswith("?"):
        return Magic(
            line=line, name="?", arguments=content.strip("? "), fate=Fate.DROPPED, note=DROPPED_LINES["pinfo"]
        ), ()
    if content[0] in ",;/":
        note = "the call is written out"
        return Magic(line=line, name=content[0], arguments=content[1:], fate=Fate.LOWERED, note=note), ()
    if content.startswith("!"):
        return _judge_command("!", content.lstrip("!"), line, binds)
    name, _, _ = content[1:].partition(" ")
    arguments = _after_name(content)
    if name in ("pip", "conda", "mamba", "micromamba", "uv"):
        return _judge_command(f"%{name}", f"{name} {arguments}", line, binds, shown=arguments)
    magic = Magic(line=line, name=f"%{name}", arguments=arguments.strip(), fate=Fate.REFUSED, binds=binds)
    return _judge_line(magic, name), ()


def _judge_command(
    name: str, command: str, line: int, binds: tuple[str, ...], shown: str | None = None
) -> tuple[Magic, tuple[str, ...]]:
    fate, requirements, note = judge_shell(command)
    if binds and fate is not Fate.REFUSED:
        fate, requirements, note = Fate.REFUSED, (), SHELL_NOTE
    elif fate is Fate.REFUSED and name == "!" and not binds and not installs(command):
        if is_lost(command):
            fate, note = Fate.DROPPED, "the shell that it changes ends with the line"
        elif command_statement(command):
            fate, note = Fate.LOWERED, COMMAND_NOTE
    arguments = (command if shown is None else shown).strip()
    reads = interpolated(command)
    return Magic(
        line=line, name=name, arguments=arguments, fate=fate, reads=reads, binds=binds, note=note
    ), requirements


def _judge_line(magic: Magic, name: str) -> Magic:
    assigned = bool(magic.binds)
    if name in STATEMENT_MAGICS and (name == "time" or not assigned):
        return _judge_statement(magic, name)
    if name == "timeit":
        _, statement = split_options(magic.arguments, TIMEIT_OPTIONS)
        return judge_timeit(magic, statement, reads_of(statement))
    if name in ("env", "set_env") and not assigned:
        return _judge_environment(magic)
    if name == "cd" and not assigned and folder_statement(magic.arguments):
        return replace(magic, fate=Fate.LOWERED, note="the folder is changed in Python")
    if name == "load_ext" and magic.arguments.split("#")[0].strip() in HARMLESS_EXTENSIONS:
        return replace(magic, fate=Fate.DROPPED, note="loading the extension changes no result")
    if name in DROPPED_LINES and not assigned:
        return replace(magic, fate=Fate.DROPPED, note=DROPPED_LINES[name])
    return replace(magic, reads=interpolated(magic.arguments), note=REFUSED_LINES.get(name, UNKNOWN_MAGIC))


def _judge_statement(magic: Magic, name: str) -> Magic:
    _, statement = split_options(magic.arguments, STATEMENT_MAGICS[name])
    if not statement.strip():
        return replace(magic, fate=Fate.DROPPED, note="it measures nothing")
    nested = statement.lstrip()[0] in "%!"
    if not nested and not isinstance(parse(statement), ast.Module):
        return replace(magic, note="the rest of the line is no statement of Python; write it on lines of its own")
    return replace(magic, fate=Fate.LOWERED, binds=(), note="the statement runs as it stands, without measuring")


def _judge_environment(magic: Magic) -> Magic:
    name, separator, _ = _split_environment(magic.arguments)
    if not separator:
        return replace(magic, fate=Fate.DROPPED, note=DROPPED_LINES["pwd"])
    reads = interpolated(magic.arguments)
    if "$" in magic.arguments or "{" in magic.arguments or " " in name:
        return replace(magic, reads=reads, note=f'write `os.environ["{name}"] = ...` in Python')
    return replace(magic, fate=Fate.LOWERED, note="the variable is set in Python")


def _split_environment(arguments: str) -> tuple[str, str, str]:
    name, separator, value = arguments.strip().partition("=" if "=" in arguments else " ")
    return name.strip(), separator, value.strip()


def _environment_statement(arguments: str) -> str:
    name, _, value = _split_environment(arguments)
    return f"import os; os.environ[{json.dumps(name, ensure_ascii=False)}] = {json.dumps(value, ensure_ascii=False)}"


def lowered_line(magic: Magic, typed: str) -> str:
    """The Python that stands where a lowered magic stood; `typed` is its text from the escape on."""
    if magic.name in ("%env", "%set_env"):
        return _environment_statement(magic.arguments)
    if magic.name == "!":
        return command_statement(magic.arguments)
    if magic.name == "%cd":
        return folder_statement(magic.arguments)
    if magic.name == "%timeit":
        return timed_once(split_options(magic.arguments, TIMEIT_OPTIONS)[1])
    return split_options(_after_name(typed), STATEMENT_MAGICS[magic.name[1:]])[1]


def split_options(arguments: str, letters: str) -> tuple[str, str]:
    """The options at the head of a magic's arguments, and the rest byte for byte."""
    rest = arguments.lstrip()
    while option := re.match(r"(?:--[\w-]+(?:=\S+)?|-([A-Za-z])(\S*))(?:\s+|$)", rest):
        rest = rest[option.end() :]
        if option[1] and not option[2] and f"{option[1]}:" in letters:
            _, _, rest = rest.partition(" ")
            rest = rest.lstrip()
    return arguments[: len(arguments) - len(rest)], rest


def _after_name(content: str) -> str:
    return re.sub(r"^%\S+[ ]?", "", content)


def reads_of(statement: str) -> tuple[str, ...]:
    """The names that a piece of code takes from the notebook; builtins left out."""
    tree = parse(statement.strip())
    names = names_in(tree) if isinstance(tree, ast.Module) else []
    bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    read = sorted({n.id for n in names if isinstance(n.ctx, ast.Load) and n.id not in bound})
    return tuple(name for name in read if not hasattr(builtins, name))


def identifiers(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name.isidentifier()))


def names_in(tree: ast.AST) -> list[ast.Name]:
    return [node for node in walk(tree) if isinstance(node, ast.Name)]
