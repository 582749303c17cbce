"""Magics written out as calls of get_ipython(), by hand or by nbconvert."""

import ast
from dataclasses import replace

from nb2prod.analysis.lowering import Lowering, put_aside
from nb2prod.analysis.magic_judge import judge, lowered_line, names_in
from nb2prod.analysis.magic_table import Fate, Magic
from nb2prod.analysis.trees import walk


def lower_calls(done: Lowering, tree: ast.Module) -> Lowering:
    """`get_ipython().run_line_magic("matplotlib", "inline")` is treated as the magic that it runs."""
    seen: set[ast.Name] = set()
    for node in walk(tree):
        if isinstance(node, ast.Expr | ast.Assign) and (content := _written_out(node.value)):
            seen |= set(_shell_names(node))
            done = _replace_call(done, node, content)
    rest = [name for name in _shell_names(tree) if name not in seen]
    note = "production has no IPython; write what is meant in Python"
    others = [Magic(line=name.lineno, name="get_ipython", arguments="", fate=Fate.REFUSED, note=note) for name in rest]
    return replace(done, magics=(*done.magics, *others))


def _shell_names(tree: ast.AST) -> list[ast.Name]:
    return [node for node in names_in(tree) if node.id == "get_ipython"]


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


def _replace_call(done: Lowering, node: ast.Expr | ast.Assign, content: str) -> Lowering:
    start, end = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    line, last = done.lines[start].encode(), done.lines[end].encode()
    before, after = line[: node.value.col_offset].decode(), last[node.end_col_offset or 0 :].decode().strip()
    targets = line[node.col_offset : node.value.col_offset].decode()
    magic, requirements = judge(content, targets, start + 1)
    alone = not line[: node.col_offset].strip() and (not after or after.startswith("#"))
    if not alone or node.value.lineno != node.lineno:
        note = "put it on a line of its own, or write in Python what it does"
        return replace(done, magics=(*done.magics, replace(magic, fate=Fate.REFUSED, note=note)))
    new = before + lowered_line(magic, content) if magic.fate is Fate.LOWERED else put_aside(before, content)
    return done.with_lines(start, (new,), end, magic, requirements)
