"""Pass 1: magics become ordinary Python, or are set aside with what they read and bind.

The lowered text has the lines of the cell: line k of it is line k of the cell, and lines without magics are
the same bytes (a cell that is indented as a whole or pasted with prompts is cleaned as IPython does it).
"""

import ast
import builtins
import json
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from nb2prod.analysis.magic_shell import interpolated, judge_shell
from nb2prod.analysis.magic_table import (
    BODY_CELLS,
    DROPPED_CELLS,
    DROPPED_LINES,
    HARMLESS_EXTENSIONS,
    REFUSED_CELLS,
    REFUSED_LINES,
    STATEMENT_MAGICS,
    TIMEIT_OPTIONS,
    UNKNOWN_MAGIC,
    Fate,
    Magic,
)
from nb2prod.model.notebook import Cell, CellKind

__all__ = ["Fate", "LoweredCell", "Magic", "lower"]

_SPECIAL = re.compile(r"^\s*(?:[%!?,;/]|>>>|In \[|\.{3,}:|\[(?:nav|ins)\])|=\s*[%!]|\?\s*(?:#.*)?$", re.MULTILINE)
_FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


@dataclass(frozen=True, kw_only=True)
class LoweredCell:
    """A code cell as plain Python. With an `error` the cell does not parse and `tree` is empty."""

    number: int
    text: str
    tree: ast.Module
    magics: tuple[Magic, ...] = ()
    requirements: tuple[str, ...] = ()
    error: str = ""
    error_line: int = 0


@dataclass(frozen=True, kw_only=True)
class _Lowering:
    """Lines in the making, and what was found in them."""

    lines: tuple[str, ...]
    magics: tuple[Magic, ...] = ()
    requirements: tuple[str, ...] = ()


def lower(cell: Cell) -> LoweredCell:
    tree = _parse(cell.source, cell.number)
    if isinstance(tree, ast.Module) and '"""' not in cell.source and "'''" not in cell.source:
        done = _Lowering(lines=tuple(cell.source.split("\n")))
    elif isinstance(tree, ast.Module):
        done = _Lowering(lines=_same_or_cleaned(cell.source, tree, cell.number))
    elif _SPECIAL.search(cell.source) or cell.source[:1].isspace():
        done = _lower_lines(_cleaned(cell.source))
    else:
        return _unparsable(cell.number, _Lowering(lines=tuple(cell.source.split("\n"))), tree)
    if "get_ipython" in cell.source:
        done = _lower_calls(done, cell.number)
    return _finished(cell.number, done)


def _finished(number: int, done: _Lowering) -> LoweredCell:
    text = "\n".join(done.lines)
    tree = _parse(text, number)
    if not isinstance(tree, ast.Module):
        return _unparsable(number, done, tree)
    return LoweredCell(
        number=number,
        text=text,
        tree=tree,
        magics=tuple(sorted(done.magics, key=lambda magic: magic.line)),
        requirements=tuple(dict.fromkeys(done.requirements)),
    )


def _unparsable(number: int, done: _Lowering, error: Exception) -> LoweredCell:
    line = error.lineno if isinstance(error, SyntaxError) else None
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return LoweredCell(
        number=number,
        text="\n".join(done.lines),
        tree=ast.Module(body=[], type_ignores=[]),
        magics=done.magics,
        requirements=done.requirements,
        error=message,
        error_line=min(line or 1, len(done.lines)),
    )


def _parse(text: str, number: int = 0) -> ast.Module | Exception:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = compile(text, f"<cell {number}>", "exec", flags=_FLAGS, dont_inherit=True)
            # `return` or `break` at the top would become valid inside a step's function
            compile(tree, f"<cell {number}>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            return error
    assert isinstance(tree, ast.Module)
    return tree


def _same_or_cleaned(source: str, tree: ast.Module, number: int) -> tuple[str, ...]:
    """IPython empties lines of spaces, inside strings too: what the notebook computed is what counts."""
    lines = tuple(source.split("\n"))
    if not any(line and line.isspace() for line in lines):
        return lines
    cleaned = _cleaned(source)
    other = _parse("\n".join(cleaned), number)
    same = isinstance(other, ast.Module) and ast.dump(tree) == ast.dump(other)
    return lines if same else cleaned


def _cleaned(source: str) -> tuple[str, ...]:
    from IPython.core.inputtransformer2 import classic_prompt, ipython_prompt, leading_indent

    lines = [line + "\n" for line in source.split("\n")]
    first = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    rest = lines[first:]
    transforms: tuple[Any, ...] = (leading_indent, classic_prompt, ipython_prompt)  # IPython leaves them untyped
    for transform in transforms:
        # these change the text of lines, never their number; a form feed inside a line would make them
        cleaned = transform(rest)
        rest = cleaned if len(cleaned) == len(rest) else rest
    return tuple(line.removesuffix("\n") for line in lines[:first] + rest)


def _lower_lines(lines: tuple[str, ...]) -> _Lowering:
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%") and not re.match(r"%%\w+\?", lines[first]):
        return _lower_cell_magic(lines, first)
    done = _Lowering(lines=lines)
    for _ in range(2 * len(lines) + 2):  # each round replaces one magic, and one may be nested in another
        found = _find_special(done.lines)
        if found is None:
            break
        done = _replace_special(done, *found)
    return done


def _lower_cell_magic(lines: tuple[str, ...], first: int) -> _Lowering:
    name, _, arguments = lines[first][2:].strip().partition(" ")
    magic = Magic(line=first + 1, name=f"%%{name}", arguments=arguments.strip(), fate=Fate.REFUSED)
    blank = ("",) * len(lines)
    body = ("",) * (first + 1) + lines[first + 1 :]
    if name == "timeit":
        _, setup = split_options(arguments, TIMEIT_OPTIONS)
        reads = _reads("\n".join((setup, *lines[first + 1 :])))
        note = "timing is left out; nothing that the body binds is seen by other cells"
        return _Lowering(lines=blank, magics=(replace(magic, fate=Fate.DROPPED, reads=reads, note=note),))
    if name in BODY_CELLS:
        return _lower_body(magic, name, body, blank)
    if name in DROPPED_CELLS:
        return _Lowering(lines=blank, magics=(replace(magic, fate=Fate.DROPPED, note=DROPPED_CELLS[name]),))
    if name in ("pip", "conda", "!"):
        return _Lowering(lines=blank, magics=(replace(magic, note=REFUSED_CELLS["bash"]),))
    note = REFUSED_CELLS.get(name, UNKNOWN_MAGIC)
    reads, binds = _refused_cell_names(arguments)
    return _Lowering(lines=blank, magics=(replace(magic, note=note, reads=reads, binds=binds),))


def _lower_body(magic: Magic, name: str, body: tuple[str, ...], blank: tuple[str, ...]) -> _Lowering:
    binds: tuple[str, ...] = ()
    _, rest = split_options(magic.arguments, STATEMENT_MAGICS.get(name, ""))
    if name == "capture":
        binds = tuple(word for word in magic.arguments.split() if word.isidentifier())
    elif rest:
        note = "put the statement after the magic on a line of its own"
        return _Lowering(lines=blank, magics=(replace(magic, note=note, reads=_reads(rest)),))
    inner = _lower_lines(body) if any(line.strip() for line in body) else _Lowering(lines=body)
    note = BODY_CELLS[name]
    if binds:
        note = f"{note}; the captured output `{binds[0]}` does not exist in production, so nothing may read it"
    this = replace(magic, fate=Fate.LOWERED, binds=binds, note=note)
    return replace(inner, magics=(this, *inner.magics))


def _refused_cell_names(arguments: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What `%%bash --out files` or `%%R -i df -o model` read and bind."""
    reads = [name for names in re.findall(r"(?:^|\s)(?:-i|--input)[ =](\S+)", arguments) for name in names.split(",")]
    bound = re.findall(r"(?:^|\s)(?:-o|--out|--err|--proc|--output)[ =](\S+)", arguments)
    binds = [name for names in bound for name in names.split(",")]
    binds += re.findall(r"(\w+)\s*<<", arguments)
    reads += interpolated(arguments)
    return _identifiers(reads), _identifiers(binds)


def _identifiers(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name.isidentifier()))


def _find_special(lines: tuple[str, ...]) -> tuple[int, int, int, str] | None:
    """(first line, column, last line, replacement by IPython) of the first piece of special syntax; lines from 0."""
    from IPython.core import inputtransformer2 as syntax

    ended = [line + "\n" for line in lines]
    tokens = syntax.make_tokens_by_line(ended)
    # IPython leaves its classes untyped
    finders: tuple[Any, ...] = (syntax.MagicAssign, syntax.SystemAssign, syntax.EscapedCommand, syntax.HelpEnd)
    found = [finder for finder in (kind.find(tokens) for kind in finders) if finder]
    for finder in sorted(found, key=lambda one: one.sortby()):
        try:
            changed = finder.transform(list(ended))
        except (SyntaxError, IndexError):
            continue
        start = finder.start_line
        is_help = isinstance(finder, syntax.HelpEnd)
        end = finder.q_line if is_help else min(syntax.find_end_of_continued_line(ended, start), len(lines) - 1)
        return start, finder.start_col, end, "?" if is_help else changed[start].rstrip("\n")
    return None


def _replace_special(done: _Lowering, start: int, column: int, end: int, by_ipython: str) -> _Lowering:
    pieces = [done.lines[start][column:], *done.lines[start + 1 : end + 1]]
    content = " ".join([*(piece.rstrip()[:-1] for piece in pieces[:-1]), pieces[-1].rstrip()])
    before = done.lines[start][:column]
    magic, requirements = _judge(content, before, start + 1, is_help=by_ipython == "?")
    if magic.name in (",", ";", "/"):
        new: tuple[str, ...] = (by_ipython,)
    elif magic.fate is not Fate.LOWERED:
        new = (_put_aside(before, content),)
    elif magic.name in ("%env", "%set_env"):
        new = (before + _environment(magic.arguments),)
    else:  # the statement stays where it is, with the lines that continue it
        _, statement = split_options(_after_name(pieces[0]), STATEMENT_MAGICS[magic.name[1:]])
        new = (before + statement, *done.lines[start + 1 : end + 1])
    new += ("",) * (end - start + 1 - len(new))
    return _Lowering(
        lines=(*done.lines[:start], *new, *done.lines[end + 1 :]),
        magics=(*done.magics, magic),
        requirements=(*done.requirements, *requirements),
    )


def _put_aside(before: str, content: str) -> str:
    """A block must keep a statement; at the top an empty line will do."""
    indent = before[: len(before) - len(before.lstrip())]
    return f"{indent}pass  # {before.strip()} {content}".replace("#  ", "# ") if indent else ""


def _judge(content: str, before: str, line: int, *, is_help: bool = False) -> tuple[Magic, tuple[str, ...]]:
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
        fate, requirements, note = Fate.REFUSED, (), judge_shell("false")[2]
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
        fate, note = (Fate.REFUSED, REFUSED_LINES["timeit"]) if assigned else (Fate.DROPPED, "timing is left out")
        return replace(magic, fate=fate, reads=_reads(statement), note=note)
    if name in ("env", "set_env") and not assigned:
        return _judge_environment(magic)
    if name == "load_ext" and magic.arguments.split("#")[0].strip() in HARMLESS_EXTENSIONS:
        return replace(magic, fate=Fate.DROPPED, note="loading the extension changes no result")
    if name in DROPPED_LINES and not assigned:
        return replace(magic, fate=Fate.DROPPED, note=DROPPED_LINES[name])
    return replace(magic, reads=interpolated(magic.arguments), note=REFUSED_LINES.get(name, UNKNOWN_MAGIC))


def _judge_statement(magic: Magic, name: str) -> Magic:
    _, statement = split_options(magic.arguments, STATEMENT_MAGICS[name])
    if not statement.strip():
        return replace(magic, fate=Fate.DROPPED, note="it measures nothing")
    inner = lower(Cell(number=0, kind=CellKind.CODE, source=statement))
    if inner.error:
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


def _environment(arguments: str) -> str:
    name, _, value = _split_environment(arguments)
    return f"import os; os.environ[{json.dumps(name, ensure_ascii=False)}] = {json.dumps(value, ensure_ascii=False)}"


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


def _targets(before: str) -> tuple[str, ...]:
    """The names bound by the `files = ` before a magic."""
    if "=" not in before:
        return ()
    tree = _parse(f"{before.strip()} None")
    if not isinstance(tree, ast.Module):
        return ()
    return _identifiers([node.id for node in _names(tree) if isinstance(node.ctx, ast.Store)])


def _reads(statement: str) -> tuple[str, ...]:
    """The names that a piece of code takes from the notebook; builtins left out."""
    tree = lower(Cell(number=0, kind=CellKind.CODE, source=statement.strip())).tree
    names = list(_names(tree))
    bound = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    read = sorted({n.id for n in names if isinstance(n.ctx, ast.Load) and n.id not in bound})
    return tuple(name for name in read if not hasattr(builtins, name))


def _names(tree: ast.AST) -> list[ast.Name]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Name)]


def _lower_calls(done: _Lowering, number: int) -> _Lowering:
    """Magics written out by hand or by nbconvert: `get_ipython().run_line_magic("matplotlib", "inline")`."""
    tree = _parse("\n".join(done.lines), number)
    if not isinstance(tree, ast.Module):
        return done
    seen: set[ast.Name] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr | ast.Assign) and (content := _written_out(node.value)):
            seen |= set(_shell_names(node))
            done = _replace_call(done, node, content)
    rest = [name for name in _shell_names(tree) if name not in seen]
    note = "production has no IPython; write what is meant in Python"
    others = [Magic(line=name.lineno, name="get_ipython", arguments="", fate=Fate.REFUSED, note=note) for name in rest]
    return replace(done, magics=(*done.magics, *others))


def _shell_names(tree: ast.AST) -> list[ast.Name]:
    return [node for node in _names(tree) if node.id == "get_ipython"]


def _written_out(node: ast.expr) -> str:
    """The magic that a call of get_ipython() stands for, as it is typed in a cell; "" when it is none."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=method), args=arguments):
            values = [argument.value for argument in arguments if isinstance(argument, ast.Constant)]
            texts = [value for value in values if isinstance(value, str) and "\n" not in value]
            if len(texts) != len(arguments):
                return ""
            return _as_typed(method, texts)
    return ""


def _as_typed(method: str, texts: list[str]) -> str:
    match method, texts:
        case (("run_line_magic" | "magic" | "line_magic"), [name, *arguments]):
            return " ".join(["%" + name.lstrip("%"), *arguments]).rstrip()
        case (("system" | "getoutput" | "system_raw" | "system_piped"), [command]):
            return f"!{command}"
        case "show_usage", []:
            return "?"
    return ""


def _replace_call(done: _Lowering, node: ast.Expr | ast.Assign, content: str) -> _Lowering:
    start, end = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    line, last = done.lines[start].encode(), done.lines[end].encode()
    before, after = line[: node.value.col_offset].decode(), last[node.end_col_offset or 0 :].decode().strip()
    magic, requirements = _judge(content, before, start + 1)
    alone = not line[: node.col_offset].strip() and (not after or after.startswith("#"))
    if not alone or node.value.lineno != node.lineno:
        note = "put it on a line of its own, or write in Python what it does"
        return replace(done, magics=(*done.magics, replace(magic, fate=Fate.REFUSED, note=note)))
    new = before + _lowered_call(magic, content) if magic.fate is Fate.LOWERED else _put_aside(before, content)
    blank = ("",) * (end - start)
    return _Lowering(
        lines=(*done.lines[:start], new, *blank, *done.lines[end + 1 :]),
        magics=(*done.magics, magic),
        requirements=(*done.requirements, *requirements),
    )


def _lowered_call(magic: Magic, content: str) -> str:
    if magic.name in ("%env", "%set_env"):
        return _environment(magic.arguments)
    _, statement = split_options(_after_name(content), STATEMENT_MAGICS[magic.name[1:]])
    return statement
