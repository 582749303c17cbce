"""Pass 1: magics become ordinary Python, or are set aside with what they read and bind.

The lowered text has the lines of the cell: line k of it is line k of the cell, and lines without magics are
the same bytes (a cell that is indented as a whole or pasted with prompts is cleaned as IPython does it).
"""

import ast
import re
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

from nb2prod.analysis.lowering import Lowering, put_aside
from nb2prod.analysis.magic_calls import lower_calls
from nb2prod.analysis.magic_find import Special, cleaned, find_special, parse, spaces_in_strings
from nb2prod.analysis.magic_judge import (
    identifiers,
    judge,
    lowered_line,
    reads_of,
    split_options,
)
from nb2prod.analysis.magic_run import script_lines, write_lines
from nb2prod.analysis.magic_shell import interpolated
from nb2prod.analysis.magic_table import (
    BODY_CELLS,
    COMMAND_NOTE,
    DROPPED_CELLS,
    REFUSED_CELLS,
    STATEMENT_MAGICS,
    TIMEIT_OPTIONS,
    UNKNOWN_MAGIC,
    Fate,
    Magic,
)
from nb2prod.analysis.magic_timeit import judge_timeit_cell
from nb2prod.analysis.trees import walk
from nb2prod.model.notebook import Cell

__all__ = ["Fate", "LoweredCell", "Magic", "forget", "lower"]

_SPECIAL = re.compile(r"^\s*[%!?,;/]|=\s*[%!]|\?\s*(?:#.*)?$", re.MULTILINE)
_KEPT = 2048  # cells: two long notebooks, in about 100 MB
_WRITES = frozenset({"writefile", "file"})
_PASTED = re.compile(r"\A\s*\n*(?:[ \t]+\S|>>>|In \[|\[(?:nav|ins)\])")


@dataclass(frozen=True, kw_only=True)
class LoweredCell:
    """A code cell as plain Python. With an `error` the cell does not parse and `tree` is empty.

    Analyses of notebooks with the same cell share it, its tree and its `memo` (see remembered.py).
    """

    number: int
    text: str
    tree: ast.Module
    source: str = ""
    magics: tuple[Magic, ...] = ()
    requirements: tuple[str, ...] = ()
    error: str = ""
    error_line: int = 0
    memo: dict[Any, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return walk(self.tree)

    @cached_property
    def lines(self) -> list[str]:
        return self.text.split("\n")


def lower(cell: Cell) -> LoweredCell:
    return _lower(cell.number, cell.source)


@lru_cache(maxsize=_KEPT)
def _lower(number: int, source: str) -> LoweredCell:
    lines = cleaned(source) if spaces_in_strings(source) else tuple(source.split("\n"))
    done, tree = _lower_once(lines, number)
    if not isinstance(tree, ast.Module) and _PASTED.search(source):
        done, tree = _lower_once(cleaned(source), number)
    if isinstance(tree, ast.Module) and "get_ipython" in source:
        done = lower_calls(done, tree)
        tree = parse("\n".join(done.lines), number)
    error = None if isinstance(tree, ast.Module) else tree
    return LoweredCell(
        number=number,
        source=source,
        text="\n".join(done.lines),
        tree=tree if isinstance(tree, ast.Module) else ast.Module(body=[], type_ignores=[]),
        magics=tuple(sorted(done.magics, key=lambda magic: magic.line)),
        requirements=tuple(dict.fromkeys(done.requirements)),
        error="" if error is None else error.msg if isinstance(error, SyntaxError) else str(error),
        error_line=0 if error is None else _line_of(error, len(done.lines)),
    )


def forget() -> None:
    """No cell is known any more: the next analysis is as the first of a process."""
    _lower.cache_clear()


def _line_of(error: Exception, lines: int) -> int:
    line = error.lineno if isinstance(error, SyntaxError) else 1
    return max(1, min(line or 1, lines))


def _lower_once(lines: tuple[str, ...], number: int) -> tuple[Lowering, ast.Module | Exception]:
    text = "\n".join(lines)
    tree = parse(text, number)
    if isinstance(tree, ast.Module) or not _SPECIAL.search(text):
        return Lowering(lines=lines), tree
    done = _lower_lines(lines)
    return done, parse("\n".join(done.lines), number)


def _lower_lines(lines: tuple[str, ...]) -> Lowering:
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%") and not re.match(r"%%\w+\?", lines[first]):
        return _lower_cell_magic(lines, first)
    done = Lowering(lines=lines)
    for _ in range(2 * len(lines) + 2):  # each round replaces one magic, and one may be nested in another
        if isinstance(parse("\n".join(done.lines)), ast.Module):
            break
        special = find_special(done.lines)
        if special is None:
            break
        done = _replace_special(done, special)
    return done


def _lower_cell_magic(lines: tuple[str, ...], first: int) -> Lowering:
    name, _, arguments = lines[first][2:].strip().partition(" ")
    magic = Magic(line=first + 1, name=f"%%{name}", arguments=arguments.strip(), fate=Fate.REFUSED)
    blank = ("",) * len(lines)
    body = ("",) * (first + 1) + lines[first + 1 :]
    if name == "timeit":
        _, setup = split_options(arguments, TIMEIT_OPTIONS)
        code = "\n".join((setup, *lines[first + 1 :]))
        return Lowering(lines=blank, magics=(judge_timeit_cell(magic, code, reads_of(code)),))
    if name in BODY_CELLS:
        return _lower_body(magic, name, body, blank)
    if name in DROPPED_CELLS:
        return Lowering(lines=blank, magics=(replace(magic, fate=Fate.DROPPED, note=DROPPED_CELLS[name]),))
    if name in ("pip", "conda", "!"):
        return Lowering(lines=blank, magics=(replace(magic, note=REFUSED_CELLS["bash"]),))
    written = _written_out(name, magic.arguments, lines[first + 1 :])
    if written:
        this = replace(magic, fate=Fate.LOWERED, note=COMMAND_NOTE if name not in _WRITES else "the file is written")
        return Lowering(lines=(*("",) * first, *written), magics=(this,))
    note = REFUSED_CELLS.get(name, UNKNOWN_MAGIC)
    reads, binds = _refused_cell_names(arguments)
    return Lowering(lines=blank, magics=(replace(magic, note=note, reads=reads, binds=binds),))


def _written_out(name: str, arguments: str, body: tuple[str, ...]) -> tuple[str, ...]:
    """The cell as one statement of Python, or ()."""
    if name in _WRITES:
        return write_lines(arguments, body)
    return script_lines(name, arguments, body) if name in ("bash", "sh", "script") else ()


def _lower_body(magic: Magic, name: str, body: tuple[str, ...], blank: tuple[str, ...]) -> Lowering:
    binds: tuple[str, ...] = ()
    _, rest = split_options(magic.arguments, STATEMENT_MAGICS.get(name, ""))
    if name == "capture":
        binds = tuple(word for word in magic.arguments.split() if word.isidentifier())
    elif rest:
        note = "put the statement after the magic on a line of its own"
        return Lowering(lines=blank, magics=(replace(magic, note=note, reads=reads_of(rest)),))
    inner = _lower_lines(body) if any(line.strip() for line in body) else Lowering(lines=body)
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
    return identifiers(reads), identifiers(binds)


def _replace_special(done: Lowering, special: Special) -> Lowering:
    start, end = special.start, special.end
    pieces = [done.lines[start][special.column :], *done.lines[start + 1 : end + 1]]
    content = " ".join([*(piece.rstrip()[:-1] for piece in pieces[:-1]), pieces[-1].rstrip()])
    before = done.lines[start][: special.column]
    magic, requirements = judge(content, before, start + 1, is_help=special.is_help)
    if magic.fate is not Fate.LOWERED:
        new: tuple[str, ...] = (put_aside(before, content),)
    elif magic.name in (",", ";", "/"):
        new = (special.python,)
    else:  # the statement stays where it is, with the lines that continue it
        rest = () if magic.name == "%timeit" else done.lines[start + 1 : end + 1]
        new = (before + lowered_line(magic, pieces[0]), *rest)
    return done.with_lines(start, new, end, magic, requirements)
