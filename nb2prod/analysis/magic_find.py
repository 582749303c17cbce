"""Where the special syntax of a cell is. Simple lines are proven by Python's own parser, the rest asks IPython.

A line like `%matplotlib inline` is special when the cell parses with `pass` in its place and that `pass` is a
statement: inside a string it would not be one. Importing IPython costs more than converting a notebook, so it is
asked only about what this cannot prove: continued lines, `/call` syntax, prompts, cells indented as a whole.
"""

import ast
import re
import tokenize
import warnings
from dataclasses import dataclass
from typing import Any

from nb2prod.analysis.trees import walk
from nb2prod.source import string_lines

_FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_ESCAPED = re.compile(r"^([ \t]*)(?:%[A-Za-z_]|!|\?).*(?<!\\)$")
_HELP = re.compile(r"^([ \t]*)%{0,2}[A-Za-z_][\w.]*\?\??\s*$", re.ASCII)
_ASSIGNED = re.compile(r"^([ \t]*[A-Za-z_][\w., \[\]]*=[ \t]*)(?:%[A-Za-z_]|!(?!=)).*(?<!\\)$", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Special:
    """Lines `start` to `end` (from 0) hold special syntax that starts at `column` of the first.

    `python` is what IPython makes of it, where only IPython can tell.
    """

    start: int
    column: int
    end: int
    is_help: bool = False
    python: str = ""


def parse(text: str, number: int = 0) -> ast.Module | Exception:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = compile(text, f"<cell {number}>", "exec", flags=_FLAGS, dont_inherit=True)
            # `return` or `break` at the top would become valid inside a step's function
            compile(tree, f"<cell {number}>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            return error.with_traceback(None)  # it would keep every frame up to here
    assert isinstance(tree, ast.Module)
    return tree


def find_special(lines: tuple[str, ...]) -> Special | None:
    """The first piece of special syntax of text that does not parse as Python."""
    return _find_proven(lines) or _find_by_ipython(lines)


def spaces_in_strings(source: str) -> bool:
    """Whether a line of nothing but spaces is inside a string: IPython empties such lines, so strings change."""
    if '"""' not in source and "'''" not in source:
        return False
    blank = {number for number, line in enumerate(source.split("\n"), start=1) if line and line.isspace()}
    try:
        return bool(blank) and bool(blank & string_lines(source))
    except (tokenize.TokenError, SyntaxError):
        return True


def cleaned(source: str) -> tuple[str, ...]:
    """The lines without common indentation and prompts, as IPython runs them."""
    from IPython.core.inputtransformer2 import classic_prompt, ipython_prompt, leading_indent

    lines = [line + "\n" for line in source.split("\n")]
    first = next((number for number, line in enumerate(lines) if line.strip()), len(lines))
    rest = lines[first:]
    transforms: tuple[Any, ...] = (leading_indent, classic_prompt, ipython_prompt)  # IPython leaves them untyped
    for transform in transforms:
        # these change the text of lines, never their number; a form feed inside a line would make them
        changed = transform(rest)
        rest = changed if len(changed) == len(rest) else rest
    return tuple(line.removesuffix("\n") for line in lines[:first] + rest)


def _find_proven(lines: tuple[str, ...]) -> Special | None:
    masked = [_mask(line) for line in lines]
    candidates = [number for number, mask in enumerate(masked) if mask]
    if not candidates or _is_tangled([lines[number] for number in candidates]):
        return None
    tree = parse("\n".join(mask[0] if mask else line for mask, line in zip(masked, lines, strict=True)))
    if not isinstance(tree, ast.Module):
        return None
    places = _places(tree)
    for number in candidates:
        mask = masked[number]
        if mask and (number + 1, mask[1]) in places:
            return Special(start=number, column=mask[1], end=number, is_help=bool(_HELP.match(lines[number])))
    return None


def _is_tangled(special: list[str]) -> bool:
    """IPython takes `!echo (` and all up to a later `x?` as one request for help."""
    return any(map(_HELP.match, special)) and any(set(line) & set("([{") for line in special)


def _mask(line: str) -> tuple[str, int] | None:
    """(the line with a placeholder instead of what looks special, the placeholder's column)."""
    if assigned := _ASSIGNED.match(line):
        return assigned[1] + "None", len(assigned[1])
    if escaped := _ESCAPED.match(line) or _HELP.match(line):
        return escaped[1] + "pass", len(escaped[1])
    return None


def _places(tree: ast.Module) -> set[tuple[int, int]]:
    statements = [node for node in walk(tree) if isinstance(node, ast.Pass | ast.Assign)]
    nodes = [node.value if isinstance(node, ast.Assign) else node for node in statements]
    return {(node.lineno, node.col_offset) for node in nodes}


def _find_by_ipython(lines: tuple[str, ...]) -> Special | None:
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
        start, column = finder.start_line, finder.start_col
        if isinstance(finder, syntax.HelpEnd):
            return Special(start=start, column=column, end=finder.q_line, is_help=True)
        end = min(syntax.find_end_of_continued_line(ended, start), len(lines) - 1)
        return Special(start=start, column=column, end=end, python=changed[start].rstrip("\n"))
    return None
