"""Code that stood at the top of a module stands in a function now: where Python's rules of scope differ.

A `global` of a notebook's name means the step's own variable, which is `nonlocal` to a function inside the step. And a
class body that both reads and binds a name looks past the function around it.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import replace

from nb2prod.analysis.scopes import bound_names
from nb2prod.analysis.trees import children, walk
from nb2prod.model.finding import Finding, Severity
from nb2prod.model.pipeline import Fragment, Step

__all__ = ["nest"]


def nest(step: Step) -> tuple[Step, list[Finding]]:
    """The step with its `global` statements translated, and what cannot be."""
    fragments = (*step.local, *step.body)
    if not any("global" in fragment.text or "class" in fragment.text for fragment in fragments):
        return step, []
    trees = [(fragment, ast.parse(fragment.text)) for fragment in fragments]
    own = {str(variable.name) for variable in step.inputs} | {n for _, tree in trees for n in bound_names(tree.body)}
    findings = [finding for fragment, tree in trees for finding in _refuse(step, fragment, tree, own)]
    changed = {id(fragment): _translated(fragment, tree, own) for fragment, tree in trees}
    local = tuple(changed[id(fragment)] for fragment in step.local)
    return replace(step, local=local, body=tuple(changed[id(fragment)] for fragment in step.body)), findings


def _translated(fragment: Fragment, tree: ast.Module, own: set[str]) -> Fragment:
    lines = fragment.text.split("\n")
    for node in _globals(tree):
        if set(node.names) <= own:
            line = lines[node.lineno - 1].encode()
            start = node.col_offset
            lines[node.lineno - 1] = (line[:start] + b"nonlocal" + line[start + len("global") :]).decode()
    return replace(fragment, text="\n".join(lines))


def _globals(tree: ast.Module) -> list[ast.Global]:
    """From right to left, so that a place found stays right while those after it change."""
    found = [node for node in walk(tree) if isinstance(node, ast.Global)]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset), reverse=True)


def _refuse(step: Step, fragment: Fragment, tree: ast.Module, own: set[str]) -> Iterator[Finding]:
    stored = {n.id for n in walk(tree) if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    for node in _globals(tree):
        lost = sorted(name for name in node.names if name not in own and name in stored)
        if lost or (set(node.names) & own and not set(node.names) <= own):
            name = (lost or sorted(node.names))[0]
            message = (
                f"`global {name}` in a function of step '{step.name}', which does not give '{name}' a value itself"
            )
            hint = f"write `{name} = None` at the top of the cell before the function, or return '{name}' from it"
            yield _error("NB211", fragment, node.lineno, message, hint)
    for inner in walk(tree):
        if isinstance(inner, ast.ClassDef):
            for name, line in _looked_past(inner, own):
                message = f"the body of class '{inner.name}' reads the notebook's '{name}' and binds the same name"
                yield _error("NB218", fragment, line, message, f"give one of the two '{name}' another name")


def _looked_past(node: ast.ClassDef, own: set[str]) -> Iterator[tuple[str, int]]:
    """Names of the step that the class body reads before it binds them itself."""
    binds = bound_names(node.body) & own
    bound: frozenset[str] = frozenset()
    for statement in node.body:
        for name, line in _loads(statement):
            if name in binds and name not in bound:
                yield name, line
        bound |= bound_names([statement])


def _loads(statement: ast.stmt) -> Iterator[tuple[str, int]]:
    """What a statement of a class body reads in its own scope: bodies of functions and inner classes are others."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id, node.lineno
        stack.extend(_same_scope_children(node))


def _same_scope_children(node: ast.AST) -> Iterable[ast.AST]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            arguments = node.args
            return [*node.decorator_list, *arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
        case ast.Lambda(args=arguments):
            return [*arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
        case ast.ClassDef():
            return [*node.decorator_list, *node.bases, *node.keywords]
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            return [node.generators[0].iter]
    return children(node)


def _error(code: str, fragment: Fragment, line: int, message: str, hint: str) -> Finding:
    place = fragment.line + line - 1 if fragment.line else 0
    return Finding(code=code, severity=Severity.ERROR, cell=fragment.cell, line=place, message=message, hint=hint)
