"""Pass 2, calls: by what is known of a builtin, a library's function, a method or a function of the notebook."""

import ast
import builtins
import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import replace

from nb2prod.analysis.drawing import Arguments, Drawing
from nb2prod.analysis.environment import Mark
from nb2prod.analysis.knowledge import IMMUTABLE_KINDS, USED_UP_KINDS
from nb2prod.analysis.scopes import parameters_of
from nb2prod.analysis.trees import walk
from nb2prod.analysis.values import NOTHING, Definition, Label, Summary, Value, aliasing, holding, part_of, union

_AT_NAME = re.compile(r"@([A-Za-z_]\w*)")
_FIGURE = "matplotlib.figure"  # the hidden state of what draws
_DRAWN_ON = frozenset({"ax", "axes", "axs", "fig", "figure"})
_MAKE_FIGURES = frozenset({"figure", "subplots", "subplot_mosaic"})
_SHOWN_BY = frozenset({"savefig", "show"})
_BEGINNING = frozenset({"__init__", "__new__", "__post_init__", "__enter__"})
_WORD = re.compile(r"(?<![\w.])([A-Za-z_]\w*)")


class Calls(Drawing):
    def visit_Call(self, node: ast.Call) -> Value:
        function = node.func
        if isinstance(function, ast.Attribute):
            base = self.visit(function.value)
            if not base.kind.startswith("import:"):
                return self.call_method(node, function.attr, base)
            dotted = f"{base.kind[7:]}.{function.attr}"
            self.touch(self.known.states_of_function(dotted), node.lineno)
            return self.call_library(node, dotted)
        value = self.visit(function)
        if value.kind.startswith("import:"):
            self.touch(self.known.states_of_function(value.kind[7:]), node.lineno)
            return self.call_library(node, value.kind[7:])
        if value.kind.startswith("class:"):
            return self.call_method(node, "__call__", value)
        if value.is_definition:
            return self.call_definition(node, value)
        if isinstance(function, ast.Name) and self.is_builtin(function.id, value):
            return self.call_builtin(node, function.id)
        return self.call_value(node, value)

    def visit_Subscript(self, node: ast.Subscript) -> Value:
        found = super().visit_Subscript(node)
        if found.kind != "defaultdict" or not found.defs:
            return found
        made = self.call_definitions(found, Arguments(positional=(), keywords={}, line=node.lineno))
        return replace(union(found, made), kind=found.kind)

    def is_builtin(self, name: str, value: Value) -> bool:
        if self.in_body and self.scope_of(name) is None:
            return not self.env.has(name)
        return not value.reach

    def call_value(self, node: ast.Call, value: Value) -> Value:
        """A closure, a bound method, a partial: it may change all that it reaches, and keep what it is given."""
        arguments = self.arguments(node)
        self.draw_by_given(arguments)
        given = union(NOTHING, *arguments.all)
        result = self.call_definitions(value, arguments) if value.defs else NOTHING
        self.mutate(Value(own=value.reach), node.lineno, surely=False)
        if value.kind == "caller" or self.is_closure(value):
            self.mutate(given, node.lineno, surely=False)
        self.hold(value, given)
        own = self.new() | value.reach | given.reach | result.own  # `itemgetter` gives what its argument holds
        return Value(own=own, held=given.held | result.held, defs=given.defs | result.defs)

    def arguments(self, node: ast.Call) -> Arguments:
        positional = [self.argument(argument) for argument in node.args]
        named: dict[str, Value] = {}
        for keyword in node.keywords:
            value = self.argument(keyword.value)
            if keyword.arg is None:
                positional.append(value)
            else:
                named[keyword.arg] = value
        given = [*positional, *named.values()]
        summaries = [self.summary_of(made) for value in given for made in value.defs if not made.is_class]
        has_mutator = self.names_mutator(node) or any(_has_parameter(s.mutated | s.may_mutated) for s in summaries)
        arguments = Arguments(positional=tuple(positional), keywords=named, line=node.lineno, has_mutator=has_mutator)
        if "out" in named:
            self.mutate(named["out"], node.lineno)
        for name in _DRAWN_ON & named.keys():
            self.mutate(Value(own=named[name].reach), node.lineno, surely=False)
        self.draw_from_given(arguments)
        if _works_in_place(node):
            self.mutate(union(NOTHING, *arguments.all), node.lineno, surely=False)
        if any(_has_parameter(summary.drawn) for summary in summaries):
            self.draw_on(union(NOTHING, *given), node.lineno)
        if has_mutator:
            self.mutate(Value(own=union(*arguments.all).reach), node.lineno, surely=False)
        return arguments

    def names_mutator(self, node: ast.Call) -> bool:
        """`map(list.append, lists, values)`: a method that changes what it is given."""
        nodes = (*node.args, *(keyword.value for keyword in node.keywords))
        return any(isinstance(each, ast.Attribute) and each.attr in self.known.mutating_methods for each in nodes)

    def argument(self, node: ast.expr) -> Value:
        """An argument: a function that is passed may be called at once; a formula reads the names in it."""
        value = self.visit(node)
        self.use(value, node.lineno)
        if self.is_closure(value):
            self.mutate(Value(own=value.reach), node.lineno, surely=False)
        if isinstance(node, ast.Attribute) and node.attr in self.known.mutating_methods:  # `map(seen.append, values)`
            self.mutate(value, node.lineno, surely=False)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "~" in node.value:
            for name in _WORD.findall(node.value):
                if self.env.has(name) and self.scope_of(name) is None:
                    self.read(name, node.lineno)
        return value

    # ------------------------------------------------------------------ libraries

    def call_library(self, node: ast.Call, dotted: str) -> Value:
        arguments = self.arguments(node)
        self.mutate_positions(dotted, arguments)
        if self.may_draw():
            self.draw_on(union(NOTHING, *arguments.all), node.lineno)
        made = self.made_by(dotted, arguments)
        if made.kind == "rng":
            self.env.mark(Mark.GENERATOR, made.own)
        if _works_in_place(node):
            self.env.mark(Mark.IN_PLACE, made.own)
        self.mark_drawn(made.own, self.known.states_of_function(dotted))
        made = self.in_figure(dotted, made)
        self.draw_in_library(dotted, arguments, made)
        return made

    def made_by(self, dotted: str, arguments: Arguments) -> Value:
        kind = self.known.kinds.get(dotted, "")
        last = dotted.rpartition(".")[2]
        if kind in IMMUTABLE_KINDS:
            return Value(kind=kind)
        if self.known.is_aliasing(dotted):
            return aliasing(self.env.fresh(), *arguments.all, kind=kind)
        if last[:1].isupper() or self.known.is_holding(dotted) or dotted in self.known.keeping_functions:
            return holding(self.env.fresh(), *arguments.all, kind=kind)
        if not kind and dotted.startswith("numpy."):
            kind = "ndarray"
        held = union(NOTHING, *arguments.all).held if dotted in self.known.shallow_functions else frozenset()
        return Value(own=self.new(), held=held, kind=kind)

    def new_of(self, states: Iterable[str]) -> frozenset[Label]:
        """The object that a call gives, which touches those states."""
        own = self.new()
        self.mark_drawn(own, states)
        return own

    def mark_drawn(self, own: frozenset[Label], states: Iterable[str]) -> None:
        if _FIGURE in states:
            self.env.mark(Mark.FIGURE, own)

    def in_figure(self, dotted: str, made: Value) -> Value:
        """pyplot draws on the figure that it made last, which closes with the cell."""
        module, _, name = dotted.rpartition(".")
        if module != "matplotlib.pyplot" or self.in_body:
            return made
        if name in _MAKE_FIGURES:
            self.facts.figures |= made.own
        return replace(made, held=made.held | self.facts.figures)

    def mutate_positions(self, dotted: str, arguments: Arguments) -> None:
        for position in self.known.mutating_functions.get(dotted, ()):
            if position < len(arguments.positional):
                self.mutate(arguments.positional[position], arguments.line)

    def call_builtin(self, node: ast.Call, name: str) -> Value:
        if name in ("exec", "eval") and self.run_literal(node):
            return NOTHING
        arguments = self.arguments(node)
        self.mutate_positions(name, arguments)
        if name in self.known.consuming_functions:
            self.draw_by_given(arguments)
            for value in arguments.positional:
                self.mutate(value if value.kind in USED_UP_KINDS else NOTHING, node.lineno)
        if "file" in arguments.keywords:
            self.mutate(arguments.keywords["file"], node.lineno)
        if name == "open":
            self.touch(("filesystem",), node.lineno)
        if name == "setattr" and len(arguments.positional) == 3:
            self.hold(arguments.positional[0], arguments.positional[2])
        if name == "vars" and arguments.positional:
            return replace(part_of(arguments.positional[0]), kind="dictview")
        if name == "getattr":
            return union(*map(part_of, arguments.positional))
        if name == "type" and len(arguments.all) > 1:
            return holding(self.env.fresh(), *arguments.all)
        if self.known.kinds.get(name) in IMMUTABLE_KINDS:
            return Value(kind=self.known.kinds[name])
        if self.known.is_aliasing(name):
            return aliasing(self.env.fresh(), *arguments.all, kind=self.known.kinds[name])
        if name == "sum" and len(arguments.all) > 1:  # of lists
            return Value(own=self.new(), held=union(*arguments.all).held)
        if self.known.is_holding(name) or _is_exception(name):
            return holding(self.env.fresh(), *arguments.all, kind=self.known.kinds.get(name, ""))
        if name in ("next", "max", "min"):
            return union(*map(part_of, arguments.positional), *arguments.given(("default",)))
        return Value(own=self.new(), kind=self.known.kinds.get(name, ""))

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
        if arguments.has_mutator:
            self.mutate(Value(own=base.reach), line, surely=False)
        whole = Arguments(positional=(base, *arguments.positional), keywords=arguments.keywords, line=line)
        results = [self.call_summary(method, whole) for method in self.methods_of(base, name)]
        if len(results) == 1 and base.kind.startswith("class:"):
            return results[0]
        return union(self.call_unknown_method(node, name, base, arguments), *results)

    def call_unknown_method(self, node: ast.Call, name: str, base: Value, arguments: Arguments) -> Value:
        line = node.lineno
        self.touch(self.known.states_of_method(name), line)
        self.mutate_receiver(node, name, base)
        self.draw_in_method(node, name, base, arguments)
        if self.env.marked(Mark.IN_PLACE, base.reach):
            self.mutate(union(NOTHING, *arguments.all), line, surely=False)
        for position in self.known.argument_methods.get(name, ()):
            for value in arguments.positional[position : position + 1]:
                self.mutate(value, line)
        if name in self.known.keeping_methods:
            self.hold(base, union(NOTHING, *arguments.all))
        if name in self.known.self_methods:
            return Value(own=base.own, held=base.held, defs=base.defs, kind=base.kind)
        if base.kind in ("dict", "defaultdict") and name in ("keys", "values", "items"):
            return replace(part_of(base), kind="dictview")
        if name in self.known.view_methods:
            return union(part_of(base), *arguments.given(self.known.default_methods.get(name, ())))
        kind = "frame" if name in ("DataFrame", "to_frame") else ""
        if name in self.known.shallow_methods and base.kind not in ("frame", "ndarray"):
            return Value(own=self.new(), held=base.held, defs=base.defs, kind=kind)
        if name in self.known.pure_methods or name in self.known.mutating_methods:
            return Value(own=self.new(), kind=kind)
        every = base if name in self.known.quiet_methods else union(base, *arguments.all)
        own = self.new_of(self.known.states_of_method(name))
        return Value(own=own, held=every.reach, defs=every.defs)

    def read_query(self, node: ast.Call) -> None:
        for argument in node.args[:1]:
            for part in walk(argument):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    for name in _AT_NAME.findall(part.value):
                        self.read(name, node.lineno)

    def methods_of(self, base: Value, name: str) -> list[Definition]:
        """The methods of the notebook's own classes that a call on the value may run."""
        classes = [d for d in sorted(base.defs, key=lambda d: (d.cell, d.name)) if d.is_class]
        if base.is_definition or not classes:
            return []
        exact = [d for d in classes if f"class:{d.name}" == base.kind]
        methods = [self.summary_of(d).methods.get(name) for d in exact or classes]
        return [method for method in methods if method is not None]

    def mutate_receiver(self, node: ast.Call, name: str, base: Value) -> None:
        inplace = any(
            keyword.arg == "inplace" and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
            for keyword in node.keywords
        )
        places = self.known.sometimes_mutating_methods.get(name, ())
        given = {*range(len(node.args)), *(keyword.arg for keyword in node.keywords)}
        if inplace or name in self.known.mutating_methods:
            self.mutate(base, node.lineno)
        elif not (name in self.known.pure_methods or name in self.known.quiet_methods) or given & {*places}:
            self.mutate(base, node.lineno, surely=False)
        else:
            self.mutate(Value(own=self.env.marked(Mark.GENERATOR, base.reach)), node.lineno, surely=False)
            if name not in _SHOWN_BY:
                self.draw_on(base, node.lineno)
            return
        if name not in self.known.container_methods:  # a pipeline's fit fits what it holds
            self.mutate(Value(own=base.held - self.env.marked(Mark.PLAIN, base.held)), node.lineno, surely=False)

    # ------------------------------------------------------------------ the notebook's own functions

    def call_definition(self, node: ast.Call, value: Value) -> Value:
        arguments = self.arguments(node)
        self.draw_by_given(arguments)
        return self.call_definitions(value, arguments)

    def call_definitions(self, value: Value, arguments: Arguments) -> Value:
        definitions = sorted(value.defs, key=lambda d: (d.cell, d.name))
        results = [self.call_one(definition, arguments) for definition in definitions]
        if any(definition.is_class for definition in definitions):  # an instance has what the class has
            results.append(Value(held=value.held))
        if len(value.defs) == 1 and self.branches == 0:
            summary = self.summary_of(next(iter(value.defs)))
            self.assigned = None if self.assigned is None else self.assigned | summary.must_bind
        return union(*results)

    def call_one(self, definition: Definition, arguments: Arguments) -> Value:
        if definition.is_class:
            made = holding(self.env.fresh(), *arguments.all, kind=f"class:{definition.name}")
            result = replace(made, held=made.held | self.had_by(definition), defs=made.defs | {definition})
            begin = self.summary_of(definition).methods.get("__init__")
            if begin is not None:
                self.call_summary(begin, replace(arguments, positional=(result, *arguments.positional)))
            return result
        return self.call_summary(definition, arguments)

    def had_by(self, definition: Definition) -> frozenset[Label]:
        """What an instance may give of the notebook's: what its methods return, and what those that begin it read."""
        summary = self.summary_of(definition)
        begin = [self.summary_of(each) for name, each in summary.methods.items() if name in _BEGINNING]
        read = {f"global:{name}" for each in begin for name in each.reads if not self.env.get(name).is_definition}
        labels = summary.returned | summary.kept | read
        return frozenset(labels) if self.in_body else self.globals_in(labels).reach

    def call_summary(self, definition: Definition, arguments: Arguments) -> Value:
        """Carry what the function does to its parameters over to the arguments."""
        summary = self.summary_of(definition)
        given = bind_arguments(definition, arguments)
        for name, default in default_names(definition):
            given.setdefault(f"param:{name}", [self.env.get(default)])
        for labels, surely in ((summary.mutated, True), (summary.may_mutated, False)):
            for label in labels:
                for value in given.get(label, ()):
                    self.mutate(value, arguments.line, surely=surely)
                    self.mutate(Value(own=value.held), arguments.line, surely=False)
        for label in summary.drawn:
            self.draw_on(union(NOTHING, *given.get(label, ())), arguments.line)
        self.keep_given(summary, given, arguments)
        self.raised = union(NOTHING, self.raised, self.given_in(summary.raised, given))
        shared, kept = self.given_in(summary.returned, given), self.given_in(summary.kept, given)
        defs = shared.defs | kept.defs | ({definition} if summary.returns_function else frozenset())
        return Value(own=self.new_of(summary.state) | shared.reach, held=shared.held | kept.reach, defs=defs)

    def given_in(self, labels: set[Label], given: Mapping[Label, list[Value]]) -> Value:
        """What a summary's labels stand for in a call."""
        return union(self.globals_in(labels), *(value for label in labels for value in given.get(label, ())))

    def keep_given(self, summary: Summary, given: Mapping[Label, list[Value]], arguments: Arguments) -> None:
        """What the function changes may hold from now on what it was given, and the globals that it reads."""
        labels = summary.mutated | summary.may_mutated
        changed = [value for label in labels for value in given.get(label, ())]
        changed.append(self.globals_in(labels))
        if self.in_body or not any(value.own for value in changed):
            return
        read = [self.env.get(name) for name in summary.reads]
        data = [value for value in read if not value.is_definition and not value.immutable]
        for value in changed:
            self.env.hold(value, union(NOTHING, *arguments.all, *data))


def _has_parameter(labels: Iterable[Label]) -> bool:
    return any(str(label).startswith("param:") for label in labels)


def _works_in_place(node: ast.Call) -> bool:
    """`copy=False`, `copy_X=False`, `overwrite_a=True`: what is given may be written to."""
    constants = [(k.arg or "", k.value.value) for k in node.keywords if isinstance(k.value, ast.Constant)]
    return any(
        (name.lower() in ("copy", "copy_x") and value is False) or (name.startswith("overwrite_") and value is True)
        for name, value in constants
    )


def _is_exception(name: str) -> bool:
    """Its arguments are in its `args`."""
    found = getattr(builtins, name, None)
    return isinstance(found, type) and issubclass(found, BaseException)


def default_names(definition: Definition) -> list[tuple[str, str]]:
    """Parameters whose default is a name: without an argument it is that object."""
    assert not isinstance(definition.node, ast.ClassDef)
    found = definition.node.args
    positional = [*found.posonlyargs, *found.args]
    pairs = list(zip(positional[len(positional) - len(found.defaults) :], found.defaults, strict=True))
    pairs += [(arg, node) for arg, node in zip(found.kwonlyargs, found.kw_defaults, strict=True) if node is not None]
    return [(argument.arg, node.id) for argument, node in pairs if isinstance(node, ast.Name)]


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
