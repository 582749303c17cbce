"""Pass 2, names: reading, binding and mutating them at a point of the flow, and what using a value may call."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from nb2prod.analysis.environment import Environment, Mark
from nb2prod.analysis.facts import Facts
from nb2prod.analysis.flow import Assigned, minus, plus
from nb2prod.analysis.knowledge import IMMUTABLE_KINDS
from nb2prod.analysis.values import NOTHING, Definition, Label, Summary, Value, globals_among, union


@dataclass(kw_only=True)
class Scope:
    """An inner scope: names that do not reach the notebook's namespace."""

    kind: str  # function, class, comprehension
    names: frozenset[str]
    values: dict[str, Value] = field(default_factory=dict)


class Names(ABC):
    """Where a walk stands: the environment, the inner scopes, what is surely assigned, the facts so far."""

    def __init__(self, env: Environment, *, cell: int, scopes: list[Scope] | None = None) -> None:
        self.env = env
        self.known = env.known
        self.cell = cell
        self.scopes = scopes or []
        self.facts = Facts()
        self.assigned: Assigned = frozenset()
        self.branches = 0
        self.raised = NOTHING  # what the exceptions hold that were raised
        self.in_body = False  # True while a function's body is summarised, not run

    # ------------------------------------------------------------------ names

    def scope_of(self, name: str, *, binding: bool = False) -> Scope | None:
        """The inner scope that a name belongs to; in a class body a name is outside until it is bound there."""
        for depth, scope in enumerate(reversed(self.scopes)):
            if scope.kind == "class":
                if depth == 0 and (binding or name in scope.values):
                    return scope
            elif name in scope.names:
                return scope
        return None

    def read(self, name: str, line: int) -> Value:
        scope = self.scope_of(name)
        if scope is not None:
            return scope.values.get(name, NOTHING)
        self.read_global(name, line)
        value = self.env.get(name)
        self.note(name, value)
        if self.in_body:
            return Value(own=frozenset({f"global:{name}"}), defs=value.defs, kind=value.kind)
        self.use(value, line)
        return value

    def read_global(self, name: str, line: int) -> None:
        self.facts.reads.add(name)
        if self.assigned is not None and name not in self.assigned:
            self.facts.exposed.setdefault(name, line)
            if not self.in_body and name not in self.facts.incoming:
                reach = self.env.get(name).reach
                self.facts.incoming[name] = reach
                self.facts.beside[name] = frozenset(self.env.names_of(reach))

    def note(self, name: str, value: Value) -> None:
        self.facts.direct.add(name)
        if name in self.facts.exposed:
            self.facts.kinds.setdefault(name, value.kind)
            if value.defs:
                self.facts.carried.setdefault(name, value.defs)

    def bind(self, name: str, value: Value, line: int) -> None:
        scope = self.scope_of(name, binding=True)
        if scope is not None:
            old = scope.values.get(name)
            scope.values[name] = union(old, value) if old is not None and self.in_body else value
            return
        self.facts.binds.setdefault(name, line)
        if not self.branches:  # in a branch it may stay deleted by another one
            self.facts.deletes.pop(name, None)
        elif name in self.facts.deletes:
            self.facts.left.add(name)
        self.assigned = plus(self.assigned, [name])
        if not self.in_body:
            self.env.bind(name, value, surely=self.branches == 0)

    def delete(self, name: str, line: int) -> None:
        if self.scope_of(name) is not None:
            return
        self.read_global(name, line)
        self.facts.deletes.setdefault(name, line)
        self.facts.left.discard(name)
        self.assigned = minus(self.assigned, [name])
        if not self.in_body and self.branches == 0:
            self.env.delete(name)

    def mutate(self, value: Value, line: int, *, surely: bool = True) -> None:
        if value.kind in IMMUTABLE_KINDS or value.immutable:
            return
        (self.facts.mutated if surely else self.facts.may_mutated).update(value.own)
        if self.in_body:
            return
        into = self.facts.mutates if surely else self.facts.may_mutate
        names = {name for name in self.env.names_of(value.own) if not self.is_source(name, value)}
        sharing = names | {name for name in self.env.callers() if self.reads_of(name) & names}
        if len(sharing) > 1:
            self.facts.together.add(frozenset(sharing))
        for name in names:
            (self.facts.reworked if name in self.facts.binds else into).setdefault(name, line)

    def may_draw(self) -> bool:
        return self.in_body or self.env.has_marked(Mark.FIGURE)

    def draw_on(self, value: Value, line: int) -> None:
        """Figures among the objects change; in a body, its callers know whether they are some."""
        figures = self.env.marked(Mark.FIGURE, value.reach)
        if figures:
            self.mutate(Value(own=figures), line, surely=False)
        if self.in_body:
            self.facts.drawn |= value.reach

    def is_source(self, name: str, value: Value) -> bool:
        """A definition that holds the value, in a default say: its text stays what it was."""
        found = self.env.get(name)
        return found.is_definition and not found.own & value.own and any(made.name == name for made in found.defs)

    def hold(self, container: Value, item: Value) -> None:
        """From now on the container holds the item; in a body, whatever is the container among its local names."""
        if not self.in_body:
            self.env.hold(container, item)
            return
        for scope in self.scopes:
            for name, value in scope.values.items():
                if value.own & container.own:
                    scope.values[name] = replace(value, held=value.held | item.reach, defs=value.defs | item.defs)

    def reads_of(self, name: str) -> set[str]:
        """What functions read that the name's value can call."""
        found = self.closure_of(self.env.get(name).defs)
        return set().union(*(self.summary_of(definition).reads for definition in found))

    def touch(self, states: tuple[str, ...], line: int) -> None:
        for state in states:
            self.facts.state.setdefault(state, line)

    # ------------------------------------------------------------------ definitions in use

    def use(self, value: Value, line: int) -> None:
        """The value may be called here: what its definitions look up at call time is read now."""
        if self.in_body or not value.defs:
            return
        self.mutate_unasked(value, line)
        for definition in self.closure_of(value.defs):
            summary = self.summary_of(definition)
            for name in sorted(summary.reads):
                self.mutate_unasked(self.env.get(name), line)
            for name in summary.exposed:
                self.read_global(name, line)
            self.facts.reads |= summary.reads
            for name in sorted(summary.binds):
                self.facts.binds.setdefault(name, line)
                self.env.bind(name, Value(own=frozenset({self.env.fresh()})), surely=False)
            changed, maybe = self.globals_in(summary.mutated), self.globals_in(summary.may_mutated)
            self.mutate(changed, line)
            self.mutate(Value(own=changed.held | maybe.reach), line, surely=False)
            self.draw_on(self.globals_in(summary.drawn), line)
            self.touch(tuple(summary.state), line)

    def mutate_unasked(self, value: Value, line: int) -> None:
        """Instances of classes whose properties or operators change them, or what they hold."""
        if not value.is_definition and any(d.is_class and self.summary_of(d).implicit for d in value.defs):
            self.mutate(Value(own=value.reach), line, surely=False)

    def is_closure(self, value: Value) -> bool:
        """A function that one of the notebook's made: nothing is known of it but what it reaches."""
        return not value.is_definition and any(self.summary_of(made).returns_function for made in value.defs)

    def closure_of(self, defs: frozenset[Definition]) -> list[Definition]:
        """The definitions and all that they can call by the names they look up."""
        found: list[Definition] = []
        todo = in_order(defs)
        while todo:
            definition = todo.pop()
            if definition in found:
                continue
            found.append(definition)
            for name in sorted(self.summary_of(definition).reads):
                todo.extend(in_order(self.env.get(name).defs))
        return found

    @abstractmethod
    def summary_of(self, definition: Definition) -> Summary:
        """What calling the definition does; worked out at its first use."""

    def globals_in(self, labels: set[Label]) -> Value:
        values = [self.env.get(str(label)[7:]) for label in globals_among(labels)]
        return Value(own=frozenset().union(*(v.own for v in values)), held=frozenset().union(*(v.held for v in values)))


def in_order(defs: Iterable[Definition]) -> list[Definition]:
    """As they stand in the notebook: the order of a set is another one in each process."""
    return sorted(defs, key=lambda d: (d.cell, d.node.lineno, d.name))
