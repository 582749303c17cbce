"""Passes 2 and 3, statements: effects in the order of execution, with definite assignment through every branch."""

import ast
from copy import copy

from nb2prod.analysis.calls import Calls
from nb2prod.analysis.environment import Environment
from nb2prod.analysis.facts import Facts
from nb2prod.analysis.flow import Assigned, meet, plus
from nb2prod.analysis.knowledge import IMMUTABLE_KINDS, MUTABLE_KINDS, USED_UP_KINDS, Knowledge
from nb2prod.analysis.names import Scope
from nb2prod.analysis.scopes import global_names, locals_of, parameters_of
from nb2prod.analysis.trees import children, walk
from nb2prod.analysis.values import NOTHING, Definition, Summary, Value, globals_among, holding, part_of, union


class Statements(Calls):
    """Walks statements. Points left by `break`, `continue` and `return` wait in `exits` until their block ends."""

    def __init__(self, env: Environment, *, cell: int, scopes: list[Scope] | None = None) -> None:
        super().__init__(env, cell=cell, scopes=scopes)
        self.breaks: list[list[Assigned]] = []
        self.continues: list[list[Assigned]] = []
        self.returns: list[Assigned] = []

    def run(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        getattr(self, f"run_{type(node).__name__}", self.run_other)(node)

    def run_other(self, node: ast.stmt) -> None:
        for child in children(node):
            if isinstance(child, ast.expr):
                self.visit(child)

    # ------------------------------------------------------------------ binding

    def run_Assign(self, node: ast.Assign) -> None:
        value = self.visit(node.value)
        if isinstance(node.value, ast.Lambda):
            value = self.named(value, node.targets)
        for target in node.targets:
            self.assign(target, value)

    def named(self, value: Value, targets: list[ast.expr]) -> Value:
        """A lambda that gets a name is a definition of that name."""
        for definition in value.defs:
            if len(targets) == 1 and isinstance(targets[0], ast.Name):
                definition.name = targets[0].id
        return value

    def run_AnnAssign(self, node: ast.AnnAssign) -> None:
        value = self.visit(node.value) if node.value is not None else NOTHING
        if isinstance(node.value, ast.Lambda):
            value = self.named(value, [node.target])
        if not self.env.has_future() and not self.in_body:
            self.visit(node.annotation)
        if not self.scopes:
            self.bind("__annotations__", NOTHING, node.lineno)
        if node.value is not None:
            self.assign(node.target, value)

    def assign(self, target: ast.expr, value: Value) -> None:
        match target:
            case ast.Name(id=name):
                self.bind(name, value, target.lineno)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                for element in elements:
                    self.assign(element, part_of(value) if value.reach else Value(own=self.new(), defs=value.defs))
            case ast.Starred(value=inner):
                self.assign(inner, part_of(value) if value.reach else Value(own=self.new()))
            case ast.Attribute() | ast.Subscript():
                self.store(target, value)

    def store(self, target: ast.Attribute | ast.Subscript, value: Value) -> None:
        """`x.a = v`, `x[i] = v`: the object changes and holds the value from now on."""
        if _is_globals_call(target.value):
            self.store_global(target, value)
            return
        base = self.visit(target.value)
        if isinstance(target, ast.Subscript):
            self.visit(target.slice)
        if base.kind.startswith("import:"):
            self.touch(_assigned_state(self.known, target, base.kind[7:]), target.lineno)
        self.mutate(base, target.lineno)
        self.hold(base, value)

    def store_global(self, target: ast.Attribute | ast.Subscript, value: Value) -> None:
        self.facts.opaque.append((target.lineno, "globals"))
        if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
            self.bind(str(target.slice.value), value, target.lineno)

    def run_AugAssign(self, node: ast.AugAssign) -> None:
        target = node.target
        if not isinstance(target, ast.Name):
            self.mutate(self.visit(_loaded(target)), node.lineno, surely=False)
            self.store(target, self.visit(node.value))
            return
        old = self.visit(_loaded(target))
        new = self.visit(node.value)
        if old.kind in IMMUTABLE_KINDS:
            self.bind(target.id, Value(kind=old.kind), node.lineno)
            return
        self.mutate(old, node.lineno, surely=old.kind in MUTABLE_KINDS)
        self.bind(target.id, Value(own=old.own, held=old.held | new.reach, defs=old.defs, kind=old.kind), node.lineno)

    def run_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self.remove(target)

    def remove(self, target: ast.expr) -> None:
        match target:
            case ast.Name(id=name):
                self.delete(name, target.lineno)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                for element in elements:
                    self.remove(element)
            case ast.Attribute(value=base) | ast.Subscript(value=base):
                self.mutate(self.visit(base), target.lineno)
                if isinstance(target, ast.Subscript):
                    self.visit(target.slice)

    def run_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            dotted = alias.name if alias.asname else alias.name.split(".")[0]
            self.bind(alias.asname or dotted, Value(kind=f"import:{dotted}"), node.lineno)

    def run_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module == "__future__" and any(alias.name == "annotations" for alias in node.names):
            self.env.see_future()
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            if alias.name == "*":
                self.facts.opaque.append((node.lineno, "star"))
                self.import_star(module)
            else:
                self.bind(alias.asname or alias.name, Value(kind=f"import:{module}.{alias.name}"), node.lineno)

    def import_star(self, module: str) -> None:
        """The names of a star import are told to the environment beforehand."""
        for name in self.env.star_names.get(module, ()):
            if self.scope_of(name) is None:
                self.assigned = plus(self.assigned, [name])
                self.env.bind(name, Value(kind=f"import:{module}.{name}"), surely=self.branches == 0)

    # ------------------------------------------------------------------ definitions

    def run_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.use(self.visit(decorator), node.lineno)
        defaults = [self.visit(default) for default in (*node.args.defaults, *node.args.kw_defaults)]
        if not self.env.has_future():
            for annotation in _annotations(node):
                self.visit(annotation)
        definition = Definition(name=node.name, cell=self.cell, node=node)
        self.bind(node.name, self.visit_inner_function(definition, *defaults), node.lineno)

    run_AsyncFunctionDef = run_FunctionDef

    def visit_inner_function(self, definition: Definition, *defaults: Value) -> Value:
        """A function holds its defaults, and what it captures of the scopes around it."""
        captured = union(self.captured(definition), *defaults)
        if self.in_body:
            summary = self.summarise_function(definition)
            self.facts.may_mutated |= captured.reach & (summary.mutated | summary.may_mutated)
            self.facts.reads |= summary.reads
            for name, line in summary.exposed.items():
                self.facts.exposed.setdefault(name, line)
            self.facts.mutated |= globals_among(summary.mutated)
            self.facts.may_mutated |= globals_among(summary.may_mutated)
            self.facts.drawn |= globals_among(summary.drawn) | captured.reach & summary.drawn
            for name in sorted(summary.binds):
                self.facts.binds.setdefault(name, definition.node.lineno)
            self.touch(tuple(summary.state), definition.node.lineno)
            if summary.reads or summary.mutated or summary.may_mutated:
                self.facts.returns_function = True
            return holding(self.env.fresh(), captured)
        return Value(own=self.new(), held=captured.reach, defs=frozenset({definition}), kind="def")

    def captured(self, definition: Definition) -> Value:
        """What the names are that a function or class looks up in the scopes around it."""
        if not self.scopes:
            return NOTHING
        own = frozenset() if isinstance(definition.node, ast.ClassDef) else locals_of(definition.node)
        names = {node.id for node in walk(definition.node) if isinstance(node, ast.Name)} - own
        scopes = [(name, scope) for name in sorted(names) if (scope := self.scope_of(name)) is not None]
        return union(NOTHING, *(scope.values[name] for name, scope in scopes if name in scope.values))

    def run_ClassDef(self, node: ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            self.use(self.visit(decorator), node.lineno)
        bases = [self.visit(base) for base in (*node.bases, *(keyword.value for keyword in node.keywords))]
        scope = Scope(kind="class", names=frozenset())
        self.scopes.append(scope)
        self.run(node.body)
        self.scopes.pop()
        definition = Definition(name=node.name, cell=self.cell, node=node)
        defs = frozenset({definition}).union(*(base.defs for base in bases))
        if not self.in_body:
            held = union(*bases).held | union(*scope.values.values()).reach
            self.bind(node.name, Value(own=self.new(), held=held, defs=defs, kind="def"), node.lineno)
            return
        self.visit_methods(definition)
        self.bind(node.name, holding(self.env.fresh(), self.captured(definition)), node.lineno)

    def visit_methods(self, definition: Definition) -> None:
        summary = self.summary_of(definition)
        self.facts.reads |= summary.reads
        for name, line in summary.exposed.items():
            self.facts.exposed.setdefault(name, line)

    # ------------------------------------------------------------------ flow

    def run_If(self, node: ast.If) -> None:
        self.visit(node.test)
        self.assigned = meet(self.branch(node.body), self.branch(node.orelse))

    def branch(self, body: list[ast.stmt], entry: Assigned | str = "here") -> Assigned:
        """Walk a block that may not run; gives its end point and comes back to where it began."""
        before = self.assigned
        if not isinstance(entry, str):
            self.assigned = entry
        self.branches += 1
        self.run(body)
        self.branches -= 1
        end, self.assigned = self.assigned, before
        return end

    def run_For(self, node: ast.For | ast.AsyncFor) -> None:
        items = self.visit(node.iter)
        self.mutate(items if items.kind in USED_UP_KINDS else NOTHING, node.lineno)
        before = self.assigned
        self.assign_loop(node.target, items)
        self.loop(node.body, node.orelse, before, surely=_surely_runs(node.iter))

    run_AsyncFor = run_For

    def assign_loop(self, target: ast.expr, items: Value) -> None:
        self.branches += 1
        self.assign(target, Value(own=self.new() | items.reach, held=items.held, defs=items.defs))
        self.branches -= 1

    def run_While(self, node: ast.While) -> None:
        self.visit(node.test)
        endless = isinstance(node.test, ast.Constant) and bool(node.test.value)
        self.loop(node.body, node.orelse, None if endless else self.assigned, surely=endless, endless=endless)

    def loop(
        self, body: list[ast.stmt], orelse: list[ast.stmt], never: Assigned, *, surely: bool, endless: bool = False
    ) -> None:
        """`never` is the point after a loop whose body never ran."""
        self.breaks.append([])
        self.continues.append([])
        end = meet(self.branch(body), *self.continues[-1])
        if end is not None:
            self.branch(body, end)  # a second round may change what the first one bound
        self.continues.pop()
        breaks = self.breaks.pop()
        done = None if endless else (end if surely else meet(never, end))
        self.assigned = done
        if orelse:
            self.assigned = self.branch(orelse) if done is not None else None
        self.assigned = meet(self.assigned, *breaks)

    def run_Break(self, node: ast.Break) -> None:  # noqa: ARG002
        if self.breaks:
            self.breaks[-1].append(self.assigned)
        self.assigned = None

    def run_Continue(self, node: ast.Continue) -> None:  # noqa: ARG002
        if self.continues:
            self.continues[-1].append(self.assigned)
        self.assigned = None

    def run_Return(self, node: ast.Return) -> None:
        value = self.visit(node.value)
        self.give_back(value)
        self.returns.append(self.assigned)
        self.assigned = None

    def run_Raise(self, node: ast.Raise) -> None:
        self.raised = union(NOTHING, self.raised, self.visit(node.exc))
        self.visit(node.cause)
        self.assigned = None

    def run_Try(self, node: ast.Try | ast.TryStar) -> None:
        before = self.assigned
        body = self.branch([*node.body, *node.orelse])
        ends = [self.handler(handler, before) for handler in node.handlers]
        self.assigned = meet(body, *ends) if node.handlers else body
        if node.finalbody:
            reached = self.assigned
            self.assigned = before
            self.run(node.finalbody)
            added = (self.assigned or frozenset()) - (before or frozenset())
            self.assigned = plus(reached, added)

    run_TryStar = run_Try

    def handler(self, node: ast.ExceptHandler, before: Assigned) -> Assigned:
        self.assigned = before
        self.visit(node.type)
        if node.name:
            self.branches += 1
            self.bind(node.name, holding(self.env.fresh(), self.raised), node.lineno)
            self.branches -= 1
        end = self.branch(node.body)
        if node.name and self.scope_of(node.name) is None:
            self.facts.deletes.setdefault(node.name, node.lineno)
            self.facts.left.discard(node.name)
            end = None if end is None else end - {node.name}
        self.assigned = before
        return end

    def run_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            value = self.visit(item.context_expr)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, Value(own=value.reach, held=value.held, defs=value.defs))
        self.run(node.body)

    run_AsyncWith = run_With

    def run_Match(self, node: ast.Match) -> None:
        subject = self.visit(node.subject)
        ends: list[Assigned] = []
        complete = False
        for case in node.cases:
            ends.append(self.case(case, subject))
            complete = complete or (case.guard is None and _irrefutable(case.pattern))
        surely = complete or (len(node.cases) == 1)
        self.assigned = meet(*ends) if surely else meet(self.assigned, *ends)

    def case(self, case: ast.match_case, subject: Value) -> Assigned:
        before = self.assigned
        for node in walk(case.pattern):
            match node:
                case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                    self.branches += 1
                    self.bind(name, part_of(subject), case.pattern.lineno)
                    self.branches -= 1
                case ast.MatchValue(value=value):
                    self.visit(value)
                case ast.MatchClass(cls=cls):
                    self.visit(cls)
        self.visit(case.guard)
        end = self.branch(case.body)
        self.assigned = before
        return end

    def run_Global(self, node: ast.Global) -> None: ...

    run_Nonlocal = run_Pass = run_Global

    # ------------------------------------------------------------------ summaries (pass 4)

    def summary_of(self, definition: Definition) -> Summary:
        found = self.env.summary(definition)
        if found is None:
            self.env.summarise(definition, Summary())  # what a recursive call sees
            is_class = definition.is_class
            found = self.summarise_class(definition) if is_class else self.summarise_function(definition)
            self.env.summarise(definition, found)
        return found

    def summarise_class(self, definition: Definition) -> Summary:
        """All that any of the methods may do when an instance is used."""
        assert isinstance(definition.node, ast.ClassDef)
        total = Summary()
        for statement in definition.node.body:
            if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                method = Definition(name=statement.name, cell=definition.cell, node=statement)
                summary = self.summary_of(method)
                total.methods[statement.name] = method
                total.implicit = total.implicit or _changes_unasked(statement, summary)
                _merge(total, summary)
        return total

    def summarise_function(self, definition: Definition) -> Summary:
        node = definition.node
        assert not isinstance(node, ast.ClassDef)
        names = locals_of(node)
        walker = type(self)(self.env, cell=definition.cell, scopes=self.scopes if self.in_body else [])
        values = {name: Value(own=frozenset({f"param:{name}"})) for name in parameters_of(node)}
        walker.scopes = [*walker.scopes, Scope(kind="function", names=names, values=values)]
        walker.in_body = True
        if isinstance(node, ast.Lambda):
            walker.give_back(walker.visit(node.body))
        else:
            walker.run(node.body)
        end = meet(walker.assigned, *walker.returns)
        declared = global_names([] if isinstance(node, ast.Lambda) else node.body)
        return _summary(walker.facts, walker.raised, end, declared)


_ASKED_FOR = frozenset({"__init__", "__new__", "__post_init__", "__init_subclass__", "__set_name__", "__call__"})


def _changes_unasked(node: ast.FunctionDef | ast.AsyncFunctionDef, summary: Summary) -> bool:
    """A property or an operator that changes its instance: nothing in the text of a use shows it."""
    decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    if "cached_property" in decorators:
        return True
    is_operator = node.name.startswith("__") and node.name not in _ASKED_FOR
    parameters = parameters_of(node)
    changed = summary.mutated | summary.may_mutated
    is_property = bool(decorators & {"property", "setter", "deleter"})
    return (is_operator or is_property) and bool(parameters) and f"param:{parameters[0]}" in changed


def _summary(facts: Facts, raised: Value, end: Assigned, declared: frozenset[str]) -> Summary:
    return Summary(
        exposed=dict(facts.exposed),
        reads=set(facts.reads),
        must_bind=set((end or frozenset()) & declared),
        binds=set(facts.binds),
        deletes=set(facts.deletes),
        mutated=facts.mutated,
        may_mutated=facts.may_mutated,
        drawn=facts.drawn,
        state=set(facts.state),
        opaque=facts.opaque,
        returned=facts.returned,
        kept=facts.kept,
        raised=set(raised.reach),
        returns_function=facts.returns_function,
    )


def _merge(total: Summary, part: Summary) -> None:
    for name, line in part.exposed.items():
        total.exposed.setdefault(name, line)
    total.reads |= part.reads
    total.binds |= part.binds
    total.mutated |= globals_among(part.mutated)
    total.may_mutated |= globals_among(part.may_mutated)
    total.drawn |= globals_among(part.drawn)
    total.returned |= globals_among(part.returned)
    total.kept |= globals_among(part.kept)
    total.state |= part.state


def _loaded(target: ast.Name | ast.Attribute | ast.Subscript) -> ast.expr:
    """The target of `+=`, as it is read before."""
    found = copy(target)
    found.ctx = ast.Load()
    return found


def _annotations(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.expr]:
    a = node.args
    arguments = [*a.posonlyargs, *a.args, *a.kwonlyargs, *(extra for extra in (a.vararg, a.kwarg) if extra)]
    found = [argument.annotation for argument in arguments if argument.annotation]
    return [*found, *([node.returns] if node.returns else [])]


def _surely_runs(iterable: ast.expr) -> bool:
    """A loop over a literal with items, or over `range` of a positive literal, runs at least once."""
    match iterable:
        case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
            return bool(elements)
        case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int(stop))]):
            return stop > 0
        case ast.Call(func=ast.Name(id="enumerate" | "zip" | "sorted" | "reversed"), args=args) if args:
            return all(_surely_runs(arg) for arg in args)
    return False


def _irrefutable(pattern: ast.pattern) -> bool:
    return isinstance(pattern, ast.MatchAs) and (pattern.pattern is None or _irrefutable(pattern.pattern))


def _assigned_state(known: Knowledge, target: ast.Attribute | ast.Subscript, owner: str) -> tuple[str, ...]:
    """What `np.flag = v` or `module.TABLE[k] = v` changes: a state that is known, else that attribute itself."""
    dotted = f"{owner}.{target.attr}" if isinstance(target, ast.Attribute) else owner
    return known.states_of_function(dotted) or ((f"attribute:{dotted}",) if "." in dotted else ())


def _is_globals_call(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "globals"
