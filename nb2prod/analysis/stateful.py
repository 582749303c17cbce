"""Definitions that keep state: on the function or class itself, in a default argument, or in a decorator's memory.

Such a definition is never shared through `functions.py`, where its state would outlive the run, and it is not made
twice, since each copy would begin anew. All its users must be in one step.
"""

import ast
from collections.abc import Callable, Iterable, Iterator

from nb2prod.analysis.displays import has_effect
from nb2prod.analysis.knowledge import KNOWN, Knowledge
from nb2prod.analysis.scopes import locals_of, parameters_of
from nb2prod.analysis.trees import walk

__all__ = ["asked_names", "own_state", "remembering_decorators", "written_attributes"]

_MEMORIES = frozenset({"lru_cache", "cache", "memoize"})
_AT_SUBCLASSING = frozenset({"__init_subclass__", "__set_name__", "__prepare__"})
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Filling = ast.Call | ast.Subscript | ast.AugAssign


def own_state(
    node: ast.stmt,
    *,
    is_pure: bool,
    written: frozenset[str],
    decorators: frozenset[str] = frozenset(),
    known: Knowledge = KNOWN,
) -> str:
    """What the definition remembers between uses, in words; "" when nothing.

    `is_pure`: it looks up nothing that changes, and nobody asks what it remembers. `written` are the attributes that
    the notebook's code writes to or fills in place, whatever the object; `decorators` those that remember.
    """
    for look in _LOOKS:
        found = look(node, known)
        if found:
            return found
    if not is_pure and _memory(node):
        return f"@{_memory(node)} remembers its results"
    for decorator in getattr(node, "decorator_list", ()):
        if _decorator_name(decorator) in decorators:
            return f"@{_decorator_name(decorator)} remembers from call to call"
    shared = _class_attributes(node) & written if isinstance(node, ast.ClassDef) else set()
    return f"its instances share '{min(shared)}'" if shared else ""


def written_attributes(nodes: Iterable[ast.AST], known: Knowledge = KNOWN) -> frozenset[str]:
    """Attributes X for which among the nodes is `….X.append(…)`, `….X[…] = …` or `….X += …`."""
    return frozenset(name for node in nodes if isinstance(node, _Filling) for name in _filled(node, known))


def asked_names(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """Names of which among the nodes an attribute is read: `f.cache_info()`."""
    return frozenset(
        node.value.id for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    )


def remembering_decorators(nodes: list[ast.stmt], known: Knowledge = KNOWN) -> frozenset[str]:
    """Functions of the notebook whose inner functions change what they find around them."""
    return frozenset(node.name for node in nodes if isinstance(node, _Function) and _inner_changes(node, known))


def _inner_changes(node: _Function, known: Knowledge) -> bool:
    inner = [found for found in _functions_in(node) if found is not node]
    return any(_reaches_out(part, locals_of(function), known) for function in inner for part in walk(function))


def _reaches_out(node: ast.AST, locals_: frozenset[str], known: Knowledge) -> bool:
    name = _changed_name(node, known)
    return isinstance(node, ast.Nonlocal) or (name is not None and name not in locals_)


def _changed_name(node: ast.AST, known: Knowledge) -> str | None:
    """X of `X.a = …`, `X[k] = …` and `X.append(…)`."""
    match node:
        case (
            ast.Attribute(value=ast.Name(id=name), ctx=ast.Store() | ast.Del())
            | ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del())
        ):
            return name
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if method in known.mutating_methods:
            return name
    return None


def _decorator_name(node: ast.expr) -> str:
    return ast.unparse(node.func if isinstance(node, ast.Call) else node)


def _filled(node: ast.AST, known: Knowledge) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr=name), attr=method)) if (
            method in known.mutating_methods
        ):
            yield name
        case ast.Subscript(value=ast.Attribute(attr=name), ctx=ast.Store() | ast.Del()):
            yield name
        case ast.AugAssign(target=ast.Attribute(attr=name)):
            yield name


def _writes_to_itself(node: ast.stmt, known: Knowledge) -> str:
    """A function that writes `NAME.x`; a class whose methods write `NAME.x`, `cls.x` or `type(self).x`."""
    name = getattr(node, "name", "")
    methods = _functions_in(node)
    for method in methods:
        roots = {name} | _class_parameters(method)
        for inner in walk(method):
            written = _written_root(inner, known)
            if written is not None and _is_itself(written, roots):
                return f"it writes to itself in line {getattr(inner, 'lineno', 1)}"
    return ""


def _functions_in(node: ast.stmt) -> list[_Function]:
    return [inner for inner in walk(node) if isinstance(inner, _Function)]


def _class_parameters(method: _Function) -> set[str]:
    decorators = {ast.unparse(decorator) for decorator in method.decorator_list}
    is_class_method = "classmethod" in decorators or method.name in (
        "__init_subclass__",
        "__new__",
        "__class_getitem__",
    )
    parameters = parameters_of(method)
    return {parameters[0]} if parameters and is_class_method else set()


def _written_root(node: ast.AST, known: Knowledge) -> ast.expr | None:
    """The object whose attribute, at any depth, is written or filled in place."""
    match node:
        case ast.Attribute(value=value, ctx=ast.Store() | ast.Del()):
            return value
        case ast.Subscript(value=ast.Attribute(value=value), ctx=ast.Store() | ast.Del()):
            return value
        case ast.Call(func=ast.Attribute(value=ast.Attribute(value=value), attr=method)) if (
            method in known.mutating_methods
        ):
            return value
        case ast.Call(func=ast.Name(id="setattr" | "delattr"), args=[value, *_]):
            return value
    return None


def _is_itself(node: ast.expr, roots: set[str]) -> bool:
    match node:
        case ast.Name(id=name):
            return name in roots
        case ast.Call(func=ast.Name(id="type"), args=[_]) | ast.Attribute(attr="__class__"):
            return True
    return False


def _default_argument(node: ast.stmt, known: Knowledge) -> str:
    """A mutable default that the body changes or hands out."""
    for function in _functions_in(node):
        for name, default in _defaults(function):
            if isinstance(default, ast.Constant | ast.Tuple | ast.Name | ast.Attribute | ast.UnaryOp):
                continue
            if any(_changes(inner, name, known) for statement in function.body for inner in walk(statement)):
                return f"the default of its argument '{name}' is one object for all calls"
    return ""


def _defaults(function: _Function) -> list[tuple[str, ast.expr]]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = list(zip(positional[len(positional) - len(arguments.defaults) :], arguments.defaults, strict=True))
    keyword = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    return [(arg.arg, default) for arg, default in (*pairs, *keyword) if default is not None]


def _changes(node: ast.AST, name: str, known: Knowledge) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=found), attr=method)):
            return found == name and method in known.mutating_methods
        case ast.Subscript(value=ast.Name(id=found), ctx=ast.Store() | ast.Del()):
            return found == name
        case ast.AugAssign(target=ast.Name(id=found)) | ast.Return(value=ast.Name(id=found)):
            return found == name
        case ast.Call(func=ast.Name(id="next"), args=[ast.Name(id=found), *_]):
            return found == name
    return False


def _at_subclassing(node: ast.stmt, known: Knowledge) -> str:
    if not isinstance(node, ast.ClassDef):
        return ""
    hooks = [m for m in node.body if isinstance(m, _Function) and m.name in _AT_SUBCLASSING and has_effect(m, known)]
    return f"its {hooks[0].name} writes when a class is made from it" if hooks else ""


def _memory(node: ast.stmt) -> str:
    for function in _functions_in(node):
        for decorator in function.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            name = ast.unparse(called).rpartition(".")[2]
            if name in _MEMORIES:
                return name
    return ""


def _class_attributes(node: ast.ClassDef) -> set[str]:
    """Mutable values in the class body that no `__init__` gives each instance anew."""
    shared: set[str] = set()
    for statement in node.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ) if not isinstance(value, ast.Tuple | ast.Name | ast.Attribute) and not _is_field(value):
                if not isinstance(value, ast.Constant):
                    shared.add(name)
    inits = [method for method in _functions_in(node) if method.name == "__init__"]
    own = {n.attr for m in inits for n in walk(m) if isinstance(n, ast.Attribute) and _is_own_store(n)}
    return shared - own


def _is_field(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and ast.unparse(value.func).rpartition(".")[2] in ("field", "Field", "attrib")


def _is_own_store(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id="self"), ctx=ast.Store()):
            return True
    return False


_LOOKS: tuple[Callable[[ast.stmt, Knowledge], str], ...] = (_writes_to_itself, _default_argument, _at_subclassing)
