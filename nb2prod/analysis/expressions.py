"""Pass 2, expressions: what evaluating one reads and mutates, in order, and the abstract value it gives."""

import ast
from abc import abstractmethod
from dataclasses import replace

from nb2prod.analysis.environment import Mark
from nb2prod.analysis.flow import meet
from nb2prod.analysis.knowledge import IMMUTABLE_KINDS
from nb2prod.analysis.names import Names, Scope
from nb2prod.analysis.scopes import Comprehension, target_names
from nb2prod.analysis.trees import children, walk
from nb2prod.analysis.values import NOTHING, Definition, Value, holding, part_of, union

_CONTAINERS = {ast.List: "list", ast.Tuple: "tuple", ast.Set: "set", ast.Dict: "dict"}


class Expressions(Names):
    """Walks expressions in evaluation order."""

    def visit(self, node: ast.expr | None) -> Value:
        """The value of an expression, its effects recorded."""
        if node is None:
            return NOTHING
        method = getattr(self, f"visit_{type(node).__name__}", None)
        value: Value = method(node) if method else self.visit_children(node)
        return value

    def visit_children(self, node: ast.expr) -> Value:
        for child in children(node):
            if isinstance(child, ast.expr):
                self.visit(child)
        return Value(own=self.new())

    def new(self) -> frozenset[int]:
        return frozenset({self.env.fresh()})

    def visit_Constant(self, node: ast.Constant) -> Value:
        return Value(kind=type(node.value).__name__)

    def visit_Name(self, node: ast.Name) -> Value:
        return self.read(node.id, node.lineno)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> Value:
        self.visit_children(node)
        return Value(kind="str")

    def visit_FormattedValue(self, node: ast.FormattedValue) -> Value:
        self.visit(node.value)
        self.visit(node.format_spec)
        return Value(kind="str")

    def visit_Starred(self, node: ast.Starred) -> Value:
        return self.visit(node.value)

    def visit_Await(self, node: ast.Await) -> Value:
        return self.visit(node.value)

    def visit_Compare(self, node: ast.Compare) -> Value:
        self.visit_children(node)
        return Value(own=self.new())

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Value:
        value = self.visit(node.operand)
        return Value(kind=value.kind) if value.kind in IMMUTABLE_KINDS else Value(own=self.new())

    def visit_BinOp(self, node: ast.BinOp) -> Value:
        left, right = self.visit(node.left), self.visit(node.right)
        if left.kind in IMMUTABLE_KINDS and right.kind in IMMUTABLE_KINDS:
            return Value(kind="str" if "str" in (left.kind, right.kind) else left.kind)
        if "list" in (left.kind, right.kind):
            return holding(self.env.fresh(), left, right, kind="list")
        return Value(own=self.new())

    def visit_BoolOp(self, node: ast.BoolOp) -> Value:
        first = self.visit(node.values[0])
        rest = [self.visit_maybe(value) for value in node.values[1:]]
        return union(first, *rest)

    def visit_IfExp(self, node: ast.IfExp) -> Value:
        self.visit(node.test)
        before = self.assigned
        body = self.visit(node.body)
        after, self.assigned = self.assigned, before
        orelse = self.visit(node.orelse)
        self.assigned = meet(after, self.assigned)
        return union(body, orelse)

    def visit_maybe(self, node: ast.expr) -> Value:
        """An expression that may not be evaluated: what it binds is not sure."""
        before = self.assigned
        self.branches += 1
        value = self.visit(node)
        self.branches -= 1
        self.assigned = before
        return value

    def visit_NamedExpr(self, node: ast.NamedExpr) -> Value:
        value = self.visit(node.value)
        self.bind_walrus(node.target.id, value, node.lineno)
        return value

    def bind_walrus(self, name: str, value: Value, line: int) -> None:
        inner = []
        while self.scopes and self.scopes[-1].kind == "comprehension":
            inner.append(self.scopes.pop())
        self.bind(name, value, line)
        self.scopes.extend(reversed(inner))

    def visit_List(self, node: ast.List | ast.Tuple | ast.Set) -> Value:
        items = [self.visit(item) for item in node.elts]
        kind = _CONTAINERS[type(node)]
        if kind == "tuple" and any(item.reach for item in items):
            kind = ""
        return self.container(*items, kind=kind)

    visit_Tuple = visit_Set = visit_List

    def visit_Dict(self, node: ast.Dict) -> Value:
        keys = [self.visit(key) for key in node.keys]
        return self.container(*keys, *(self.visit(value) for value in node.values), kind="dict")

    def container(self, *items: Value, kind: str) -> Value:
        made = holding(self.env.fresh(), *items, kind=kind)
        self.env.mark(Mark.PLAIN, made.own)
        return made

    def visit_Attribute(self, node: ast.Attribute) -> Value:
        base = self.visit(node.value)
        if base.kind.startswith("import:"):
            dotted = f"{base.kind}.{node.attr}"
            self.touch(self.known.states_of_function(dotted[7:]), node.lineno)
            return Value(kind=dotted)
        return replace(part_of(base), kind="dictview") if node.attr == "__dict__" else part_of(base)

    def visit_Subscript(self, node: ast.Subscript) -> Value:
        base = self.visit(node.value)
        self.visit(node.slice)
        if base.kind in ("str", "bytes", "range"):
            return Value(kind=base.kind)
        if base.kind == "defaultdict":  # a key that is missing is made
            self.mutate(base, node.lineno, surely=False)
            return replace(part_of(base), kind=base.kind)
        return NOTHING if base.immutable else part_of(base)

    def visit_Slice(self, node: ast.Slice) -> Value:
        for part in (node.lower, node.upper, node.step):
            self.visit(part)
        return NOTHING

    def visit_Yield(self, node: ast.Yield) -> Value:
        self.give_back(self.visit(node.value))
        return Value(own=self.new())

    def visit_YieldFrom(self, node: ast.YieldFrom) -> Value:
        self.give_back(self.visit(node.value))
        return Value(own=self.new())

    def give_back(self, value: Value) -> None:
        self.facts.returned.update(value.own)
        self.facts.kept.update(value.held)

    # ------------------------------------------------------------------ comprehensions and lambdas

    def visit_ListComp(self, node: Comprehension) -> Value:
        names = frozenset(name for generator in node.generators for name in target_names(generator.target))
        first = self.visit(node.generators[0].iter)
        before = self.assigned
        self.scopes.append(Scope(kind="comprehension", names=names))
        self.branches += 1
        for index, generator in enumerate(node.generators):
            items = first if index == 0 else self.visit(generator.iter)
            for name in target_names(generator.target):
                self.scopes[-1].values[name] = part_of(items)
            for condition in generator.ifs:
                self.visit(condition)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        values = [self.visit(part) for part in parts]
        self.branches -= 1
        self.scopes.pop()
        self.keep_walrus(before, node)
        kinds = {ast.ListComp: "list", ast.SetComp: "set", ast.DictComp: "dict", ast.GeneratorExp: "iterator"}
        return holding(self.env.fresh(), *values, kind=kinds[type(node)])

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp

    def keep_walrus(self, before: frozenset[str] | None, node: Comprehension) -> None:
        """A walrus in the element of a comprehension over something is taken to have bound its name."""
        if not any(isinstance(inner, ast.NamedExpr) for inner in walk(node)):
            self.assigned = before

    def visit_Lambda(self, node: ast.Lambda) -> Value:
        defaults = [self.visit(default) for default in (*node.args.defaults, *node.args.kw_defaults)]
        return self.visit_inner_function(Definition(name="<lambda>", cell=self.cell, node=node), *defaults)

    @abstractmethod
    def visit_inner_function(self, definition: Definition, *defaults: Value) -> Value:
        """The value of a function that is made here and called later."""
