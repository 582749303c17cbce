"""Pass 2, calls: by what is known of a builtin, a library's function, a method or a function of the notebook."""

import ast
import re
from abc import abstractmethod
from dataclasses import dataclass

from nb2prod.analysis import knowledge as known
from nb2prod.analysis.expressions import Expressions
from nb2prod.analysis.scopes import parameters_of
from nb2prod.analysis.values import NOTHING, Definition, Label, Value, holding, part_of, union

_AT_NAME = re.compile(r"@([A-Za-z_]\w*)")
_WORD = re.compile(r"(?<![\w.])([A-Za-z_]\w*)")


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The arguments of a call as values; `keywords` without a name (`**kwargs`) go to `positional`."""

    positional: tuple[Value, ...]
    keywords: dict[str, Value]
    line: int

    @property
    def all(self) -> tuple[Value, ...]:
        return (*self.positional, *self.keywords.values())


class Calls(Expressions):
    def visit_Call(self, node: ast.Call) -> Value:
        function = node.func
        if isinstance(function, ast.Attribute):
            base = self.visit(function.value)
            if not base.kind.startswith("import:"):
                return self.call_method(node, function.attr, base)
            dotted = f"{base.kind[7:]}.{function.attr}"
            self.touch(known.states_of_function(dotted), node.lineno)
            return self.call_library(node, dotted)
        value = self.visit(function)
        if value.kind.startswith("import:"):
            self.touch(known.states_of_function(value.kind[7:]), node.lineno)
            return self.call_library(node, value.kind[7:])
        if value.defs:
            return self.call_definition(node, value)
        if isinstance(function, ast.Name):
            return self.call_builtin(node, function.id)
        self.arguments(node)
        return Value(own=self.new() | value.reach)

    def arguments(self, node: ast.Call) -> Arguments:
        positional = [self.argument(argument) for argument in node.args]
        named: dict[str, Value] = {}
        for keyword in node.keywords:
            value = self.argument(keyword.value)
            if keyword.arg is None:
                positional.append(value)
            else:
                named[keyword.arg] = value
        arguments = Arguments(positional=tuple(positional), keywords=named, line=node.lineno)
        if "out" in named:
            self.mutate(named["out"], node.lineno)
        return arguments

    def argument(self, node: ast.expr) -> Value:
        """An argument: a function that is passed may be called at once; a formula reads the names in it."""
        value = self.visit(node)
        self.use(value, node.lineno)
        if isinstance(node, ast.Attribute) and node.attr in known.MUTATING_METHODS:
            self.mutate(value, node.lineno, surely=False)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "~" in node.value:
            for name in _WORD.findall(node.value):
                if name in self.env.values and self.scope_of(name) is None:
                    self.read(name, node.lineno)
        return value

    # ------------------------------------------------------------------ libraries

    def call_library(self, node: ast.Call, dotted: str) -> Value:
        arguments = self.arguments(node)
        self.mutate_positions(dotted, arguments)
        if dotted in known.IMMUTABLE_CALLS:
            return Value(kind=known.IMMUTABLE_CALLS[dotted])
        kind = known.KIND_CALLS.get(dotted, "")
        last = dotted.rpartition(".")[2]
        if last[:1].isupper() or dotted in known.HOLDING_FUNCTIONS or dotted in known.KEEPS_FUNCTIONS:
            return holding(self.env.fresh(), *arguments.all, kind=kind)
        if not kind and dotted.startswith("numpy."):
            kind = "ndarray"
        return Value(own=self.new(), kind=kind)

    def mutate_positions(self, dotted: str, arguments: Arguments) -> None:
        for position in known.MUTATING_FUNCTIONS.get(dotted, ()):
            if position < len(arguments.positional):
                self.mutate(arguments.positional[position], arguments.line)

    def call_builtin(self, node: ast.Call, name: str) -> Value:
        if name in ("exec", "eval") and self.run_literal(node):
            return NOTHING
        arguments = self.arguments(node)
        self.mutate_positions(name, arguments)
        if name in known.CONSUMING:
            for value in arguments.positional:
                self.mutate(value if value.kind in known.LIVE_KINDS else NOTHING, node.lineno)
        if name == "open":
            self.touch(("filesystem",), node.lineno)
        if name == "setattr" and len(arguments.positional) == 3 and not self.in_body:
            self.env.hold(arguments.positional[0], arguments.positional[2])
        if name == "getattr" and arguments.positional:
            return part_of(arguments.positional[0])
        if name in known.IMMUTABLE_CALLS:
            return Value(kind=known.IMMUTABLE_CALLS[name])
        if name in known.HOLDING_FUNCTIONS:
            return holding(self.env.fresh(), *arguments.all, kind=known.KIND_CALLS.get(name, ""))
        if name in ("next", "max", "min"):
            return union(*map(part_of, arguments.positional)) if arguments.positional else NOTHING
        return Value(own=self.new(), kind=known.KIND_CALLS.get(name, ""))

    def run_literal(self, node: ast.Call) -> bool:
        """`exec` or `eval` of a literal text: walked as if it stood there, and noted as opaque all the same."""
        self.facts.opaque.append((node.lineno, "exec"))
        if len(node.args) != 1 or not isinstance(node.args[0], ast.Constant) or not isinstance(node.args[0].value, str):
            return False
        try:
            tree = ast.parse(node.args[0].value)
        except SyntaxError:
            return False
        self.run(tree.body)
        return True

    @abstractmethod
    def run(self, body: list[ast.stmt]) -> None:
        """Walk statements from here on."""

    # ------------------------------------------------------------------ methods

    def call_method(self, node: ast.Call, name: str, base: Value) -> Value:
        arguments = self.arguments(node)
        line = node.lineno
        if name in ("query", "eval"):
            self.read_query(node)
        method = self.method_of(base, name)
        if method is not None:
            return self.call_summary(
                method, Arguments(positional=(base, *arguments.positional), keywords=arguments.keywords, line=line)
            )
        self.touch(known.states_of_method(name), line)
        self.mutate_receiver(node, name, base)
        if name in ("append", "add", "insert", "extend", "update", "setdefault", "put") and not self.in_body:
            self.env.hold(base, union(NOTHING, *arguments.all))
        if name in known.SELF_METHODS:
            return Value(own=base.own, held=base.held, defs=base.defs, kind=base.kind)
        if name in known.VIEW_METHODS:
            return part_of(base)
        kind = "frame" if name in ("DataFrame", "to_frame") else ""
        if name in known.PURE_METHODS or name in known.MUTATING_METHODS:
            return Value(own=self.new(), kind=kind)
        return Value(own=self.new(), held=base.reach, defs=base.defs)

    def read_query(self, node: ast.Call) -> None:
        for argument in node.args[:1]:
            for part in ast.walk(argument):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    for name in _AT_NAME.findall(part.value):
                        self.read(name, node.lineno)

    def method_of(self, base: Value, name: str) -> Definition | None:
        """The one method that a call on an instance of the notebook's own class runs."""
        if not base.kind.startswith("class:"):
            return None
        found = {d.cell: self.summary_of(d).methods.get(name) for d in base.defs if d.name == base.kind[6:]}
        methods = [method for method in found.values() if method is not None]
        return methods[0] if len(methods) == 1 else None

    def mutate_receiver(self, node: ast.Call, name: str, base: Value) -> None:
        inplace = any(
            keyword.arg == "inplace" and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
            for keyword in node.keywords
        )
        if inplace or name in known.MUTATING_METHODS:
            self.mutate(base, node.lineno)
        elif name not in known.PURE_METHODS | known.QUIET_METHODS:
            self.mutate(base, node.lineno, surely=False)

    # ------------------------------------------------------------------ the notebook's own functions

    def call_definition(self, node: ast.Call, value: Value) -> Value:
        arguments = self.arguments(node)
        results = [
            self.call_one(definition, arguments) for definition in sorted(value.defs, key=lambda d: (d.cell, d.name))
        ]
        if len(value.defs) == 1 and self.branches == 0:
            summary = self.summary_of(next(iter(value.defs)))
            self.assigned = None if self.assigned is None else self.assigned | summary.must_bind
        return union(*results)

    def call_one(self, definition: Definition, arguments: Arguments) -> Value:
        if definition.is_class:
            result = holding(self.env.fresh(), *arguments.all, kind=f"class:{definition.name}")
            return Value(own=result.own, held=result.held, defs=result.defs | {definition}, kind=result.kind)
        return self.call_summary(definition, arguments)

    def call_summary(self, definition: Definition, arguments: Arguments) -> Value:
        """Carry what the function does to its parameters over to the arguments."""
        summary = self.summary_of(definition)
        given = bind_arguments(definition, arguments)
        for labels, surely in ((summary.mutated, True), (summary.may_mutated, False)):
            for label in labels:
                for value in given.get(label, ()):
                    self.mutate(value, arguments.line, surely=surely)
        returned = [value for label in summary.returned for value in given.get(label, ())]
        returned.append(self.globals_in(summary.returned))
        shared = union(*returned)
        defs = shared.defs | ({definition} if summary.returns_function else frozenset())
        return Value(own=self.new() | shared.reach, held=shared.held, defs=defs)


def bind_arguments(definition: Definition, arguments: Arguments) -> dict[Label, list[Value]]:
    """Parameter labels to the values that may be given for them."""
    assert not isinstance(definition.node, ast.ClassDef)
    names = parameters_of(definition.node)
    given: dict[Label, list[Value]] = {}
    for position, value in enumerate(arguments.positional):
        name = names[min(position, len(names) - 1)] if names else ""
        given.setdefault(f"param:{name}", []).append(value)
    for name, value in arguments.keywords.items():
        target = name if name in names else (names[-1] if names else "")
        given.setdefault(f"param:{target}", []).append(value)
    return given
