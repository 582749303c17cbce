"""The knowledge as the analysis asks for it: sets of names, and which hidden state a name touches.

*_methods      names of methods, whatever the receiver
*_functions    dotted names of functions, a builtin's without a dot
argument_methods, mutating_functions   the positions of the arguments that they change
    sometimes_mutating_methods   the positions and keywords of the arguments with which they do
    default_methods              those of the arguments that they may give back
kinds          what a function gives, by its rough kind
states         for each hidden state the patterns of what touches it
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

Names = frozenset[str]
_NONE: Names = frozenset()


class Draws(StrEnum):
    """Whether a call without a seed draws from numpy.random."""

    SURELY = "surely"
    PERHAPS = "perhaps"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    mutating_methods: Names = _NONE
    sometimes_mutating_methods: Mapping[str, tuple[int | str, ...]] = field(default_factory=dict)
    pure_methods: Names = _NONE  # they give something new and leave the receiver as it was
    model_methods: Names = _NONE  # pure, but a trace may stay in the model: a call that ends a cell is not left out
    quiet_methods: Names = _NONE  # they leave their receiver alone and do something else, such as drawing or writing
    view_methods: Names = _NONE  # the result shares memory with the receiver, or is a part of it
    shallow_methods: Names = _NONE  # the result is new, and holds what the receiver holds
    acting_methods: Names = (
        _NONE  # pure for tables, texts and dicts, but other receivers act: a path, a thread, a queue
    )
    container_methods: Names = _NONE  # of containers and files: what the receiver holds stays as it is
    self_methods: Names = _NONE  # they give their receiver back
    keeping_methods: Names = _NONE  # the receiver holds from now on what it is given
    drawing_methods: Names = _NONE  # of an estimator or splitter without a seed: they draw from numpy.random
    argument_methods: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    default_methods: Mapping[str, tuple[int | str, ...]] = field(default_factory=dict)
    mutating_functions: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    pure_functions: Names = _NONE
    consuming_functions: Names = _NONE  # they use up an iterator that is given to them
    holding_functions: tuple[str, ...] = ()  # patterns: the result holds what they are given
    shallow_functions: Names = _NONE  # the result is new, and holds what that which they are given holds
    aliasing_functions: tuple[str, ...] = ()  # patterns: the result may be what they are given, or share its memory
    keeping_functions: Names = _NONE  # they keep a function that they are given, to call it later
    fitting_functions: Names = _NONE  # they fit, or ask, an estimator that is given to them
    inert_imports: tuple[str, ...] = ()  # patterns: nothing else is different after they were imported
    adding_functions: tuple[str, ...] = ()  # patterns: they give the whole process something more
    setting_functions: tuple[str, ...] = ()  # patterns: they make code of the whole process do something else
    kinds: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    drawing_names: Mapping[str, Names] = field(default_factory=dict)  # by package: they draw when nothing seeds them
    perhaps_drawing_names: Mapping[str, Names] = field(default_factory=dict)

    def states_of_function(self, dotted: str) -> tuple[str, ...]:
        """The hidden states that a library's function or attribute touches, by its dotted name."""
        known = self._states_of.get(dotted)
        if known is None:
            known = tuple(state for state, pattern in self._patterns if pattern.fullmatch(dotted))
            self._states_of[dotted] = known
        return known

    def states_of_method(self, name: str) -> tuple[str, ...]:
        """The hidden states that a method of that name probably touches, whatever its receiver."""
        return self.states_of_function(f".{name}")

    def draws(self, dotted: str) -> Draws | None:
        """Of a library's function or class that is called without a seed; None when the library is not known."""
        package, _, name = dotted.partition(".")
        if package not in self.drawing_names:
            return None
        last = name.rpartition(".")[2]
        if last in self.drawing_names[package]:
            return Draws.SURELY
        return Draws.PERHAPS if last in self.perhaps_drawing_names.get(package, ()) else Draws.NEVER

    def is_holding(self, dotted: str) -> bool:
        return self._holding.fullmatch(dotted) is not None

    def is_aliasing(self, dotted: str) -> bool:
        return self._aliasing.fullmatch(dotted) is not None

    def acts_at_import(self, dotted: str) -> bool:
        """Importing it may do something that code elsewhere needs: give tables a method, switch something on."""
        is_inert = self._inert.fullmatch(dotted) or self._inert.fullmatch(f"{dotted}.")  # `ours.**` is `ours` too
        return dotted.partition(".")[0] not in sys.stdlib_module_names and not is_inert

    def is_addition(self, dotted: str) -> bool:
        """Called before its package is used, it gives the same at the beginning of any process."""
        return self._additions.fullmatch(dotted) is not None

    def is_setting(self, dotted: str) -> bool:
        """Called before all work, it gives the same at the beginning of any process."""
        return self._settings.fullmatch(dotted) is not None

    def may_write(self, name: str, given: int) -> bool:
        """A method, or a function of that last name, which changes one of so many positional arguments."""
        places = (*self.argument_methods.get(name, ()), *self._written.get(name, ()))
        return any(place < given for place in places)

    @cached_property
    def _written(self) -> Mapping[str, frozenset[int]]:
        found: dict[str, frozenset[int]] = {}
        for dotted, places in self.mutating_functions.items():
            last = dotted.rpartition(".")[2]
            found[last] = found.get(last, frozenset()) | {*places}
        return found

    @cached_property
    def _holding(self) -> re.Pattern[str]:
        return _compiled(self.holding_functions)

    @cached_property
    def _inert(self) -> re.Pattern[str]:
        return _compiled(self.inert_imports)

    @cached_property
    def _additions(self) -> re.Pattern[str]:
        return _compiled(self.adding_functions)

    @cached_property
    def _settings(self) -> re.Pattern[str]:
        return _compiled(self.setting_functions)

    @cached_property
    def _aliasing(self) -> re.Pattern[str]:
        return _compiled(self.aliasing_functions)

    @cached_property
    def _states_of(self) -> dict[str, tuple[str, ...]]:
        """What was asked before: the same names come again and again."""
        return {}

    @cached_property
    def _patterns(self) -> tuple[tuple[str, re.Pattern[str]], ...]:
        return tuple((state, _compiled(patterns)) for state, patterns in self.states.items())


def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One regular expression: `*` stands for letters, `**` for dots too, and `!` takes names out again."""
    wanted = "|".join(_expression(pattern) for pattern in patterns if not pattern.startswith("!"))
    taken_out = "|".join(_expression(pattern[1:]) for pattern in patterns if pattern.startswith("!"))
    return re.compile(rf"(?!(?:{taken_out})\Z)(?:{wanted})" if taken_out else rf"(?:{wanted})")


def _expression(pattern: str) -> str:
    if pattern.startswith("**."):  # of some library: a method's pattern begins with its dot
        return rf"\w[\w.]*\.{_expression(pattern[3:])}"
    return re.escape(pattern).replace(r"\*\*", r"[\w.]*").replace(r"\*", r"\w*")
