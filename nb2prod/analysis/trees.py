"""Quick ways through a syntax tree: what `ast.walk` and `ast.iter_child_nodes` give, in their order, but for the marks
of use (Load, Store, Add, And, ...), which stand in fields of their own and are of interest to nobody who walks."""

import ast

__all__ = ["children", "walk"]

# fields that hold text, numbers or marks, never code
_PLAIN = frozenset(
    {"arg", "asname", "attr", "conversion", "ctx", "id", "is_async", "kind", "kwd_attrs", "level", "module", "op"}
    | {"ops", "rest", "simple", "type_comment", "type_ignores"}
)
_PLAIN_OF: dict[type[ast.AST], frozenset[str]] = {
    ast.Constant: frozenset({"value"}),
    ast.Global: frozenset({"names"}),
    ast.Nonlocal: frozenset({"names"}),
}


class _Fields(dict[type[ast.AST], tuple[str, ...]]):
    """Of each kind of node the fields that may hold nodes, worked out when it is first met."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        plain = _PLAIN | _PLAIN_OF.get(kind, frozenset())
        self[kind] = tuple(name for name in kind._fields if name not in plain)
        return self[kind]


_FIELDS = _Fields()


def walk(node: ast.AST) -> list[ast.AST]:
    """The node and all that is in it, level by level."""
    found = [node]
    for inner in found:
        for name in _FIELDS[type(inner)]:
            value = getattr(inner, name, None)
            if isinstance(value, ast.AST):
                found.append(value)
            elif isinstance(value, list):
                found += [part for part in value if isinstance(part, ast.AST)]
    return found


def children(node: ast.AST) -> list[ast.AST]:
    found: list[ast.AST] = []
    for name in _FIELDS[type(node)]:
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            found.append(value)
        elif isinstance(value, list):
            found += [part for part in value if isinstance(part, ast.AST)]
    return found
