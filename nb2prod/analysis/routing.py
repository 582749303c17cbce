"""Pass 7: who gives each name to whom. Steps are wired in the order in which they run.

A name that a step may read before binding comes from its provider at that point: the last step that bound or may
have mutated it, a parameter, an import, or a definition. A step gives back every name that it binds or may mutate
and that a later step needs; one that it only may bind is passed through, so it is an input too.
"""

import ast
import builtins
from dataclasses import dataclass, field
from importlib.util import find_spec

from nb2prod.analysis.analyse import Analysis
from nb2prod.analysis.classify import Statement, Use, is_star_import
from nb2prod.analysis.definitions import Definitions
from nb2prod.analysis.drafts import Draft, exposed_of
from nb2prod.analysis.given import Given
from nb2prod.analysis.imports import DISPLAY, PYPLOT, ImportUnit
from nb2prod.analysis.knowledge import LIVE_KINDS
from nb2prod.analysis.sharing import Sharing, sharing_names
from nb2prod.analysis.sites import Kind, Site, Sites
from nb2prod.analysis.texts import names_in
from nb2prod.model.finding import Finding, Severity

_BUILTINS = frozenset(dir(builtins))
Moved = set[Statement]  # they leave their cells, for `functions.py` or for the beginning of each process
_HISTORY = {"_", "__", "___", "In", "Out", "_i", "_ii", "_iii", "_ih", "_oh", "_dh"}


@dataclass(kw_only=True)
class Routed:
    """A step with its edges."""

    draft: Draft
    keep: dict[int, list[Statement]]
    drop: dict[int, list[Statement]]
    units: set[ImportUnit] = field(default_factory=set)
    head_units: set[ImportUnit] = field(default_factory=set)  # imported inside the function
    shared: set[str] = field(default_factory=set)
    local: list[Site] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    exposed: dict[str, tuple[int, int]] = field(default_factory=dict)
    text_names: frozenset[str] = frozenset()
    data: set[str] = field(default_factory=set)
    must: frozenset[str] = frozenset()
    may_change: dict[str, int] = field(default_factory=dict)
    tied: dict[str, int] = field(default_factory=dict)  # given back beside what shares an object with them
    close_with: str = ""

    @property
    def kept(self) -> list[Statement]:
        """The statements that stay in its function, in the notebook's order."""
        return [statement for statements in self.keep.values() for statement in statements]


class Routing:
    """Goes through the steps forward (providers, inputs) and backward (outputs)."""

    def __init__(
        self, analysis: Analysis, sites: Sites, definitions: Definitions, drafts: tuple[Draft, ...], moved: Moved
    ) -> None:
        self.analysis = analysis
        self.sites = sites
        self.definitions = definitions
        self.drafts = drafts
        self.findings: list[Finding] = []
        self.routed: dict[str, Routed] = {}
        self.provider: dict[str, Site | Draft] = {}
        self.since: dict[str, int] = {}  # how many steps there were when the provider came
        self.perhaps_deleted: set[str] = set()  # since their provider came
        self.given = Given()
        self.position = {draft.name: index for index, draft in enumerate(drafts)}
        self.owned = {cell.number for draft in drafts for cell in draft.cells}
        self.moved = moved
        self.pyplot_names = [
            name for name in sites.by_name if any(unit.dotted == "matplotlib.pyplot" for unit in sites.units(name))
        ]
        self.has_pyplot = find_spec("matplotlib") is not None
        self.sharing = Sharing(there=self.given.before)
        self.pending = [cell for cell in analysis.production if cell.number not in self.owned]

    def run(self, results: frozenset[str]) -> list[Routed]:
        steps = [self.forward(draft) for draft in self.drafts]
        self.check_stateful(steps)
        self.sharing.settle(self.giver, self.beside)
        self.backward(steps, results)
        return steps

    # ------------------------------------------------------------------ forward

    def forward(self, draft: Draft) -> Routed:
        self.take_unowned(draft.last)
        step = self.sort_statements(draft)
        self.compose(step)
        self.resolve(step)
        self.given.next_step()
        place = self.position[draft.name]
        for names in sharing_names([cell.effects for cell in draft.cells]):
            self.sharing.ask(frozenset(name for name in names if self.given.before(name, place)), place)
        self.publish(step)
        self.routed[draft.name] = step
        return step

    def take_unowned(self, until: int) -> None:
        """Imports, definitions and parameters of cells that no step owns are there from their place on."""
        while self.pending and self.pending[0].number < until:
            for site in self.sites.by_cell[self.pending.pop(0).number]:
                self.provide(site.name, site)

    def provide(self, name: str, provider: Site | Draft) -> None:
        self.provider[name] = provider
        self.perhaps_deleted.discard(name)
        self.since[name] = len(self.routed)
        self.given.note(name, is_data=isinstance(provider, Draft) or provider.kind in (Kind.PARAMETER, Kind.DATA))

    def sort_statements(self, draft: Draft) -> Routed:
        """Which statements stay in the step's function and which go (to the top, to functions.py, or away)."""
        inline = self.inline_imports(draft)
        reads = frozenset().union(*(cell.effects.reads for cell in draft.cells))
        keep: dict[int, list[Statement]] = {}
        drop: dict[int, list[Statement]] = {}
        used = self.used_definitions(draft, reads) | {
            n for cell in draft.cells for n in self.sites.data_names(cell.number)
        }
        for cell in draft.cells:
            for statement in cell.statements:
                stays = self.stays(statement, inline, used)
                (keep if stays else drop).setdefault(cell.number, []).append(statement)
        return Routed(draft=draft, keep=keep, drop=drop)

    def stays(self, statement: Statement, inline: set[str], used: set[str]) -> bool:
        match statement.use:
            case Use.IMPORT:
                return bool(statement.names & inline)
            case Use.DISPLAY:
                return False
            case Use.DEFINITION:
                (name,) = statement.names if len(statement.names) == 1 else ("",)
                site = self.definitions.shared.get(name)
                return not (site and site.statement is statement) and (name in used or self.is_registered(statement))
        return statement not in self.moved and not isinstance(statement.node, ast.Pass)

    def is_registered(self, statement: Statement) -> bool:
        """A decorator or a base class may register the definition somewhere, whoever uses its name."""
        if not self.definitions.stateful:
            return bool(getattr(statement.node, "decorator_list", ()))
        stateful = {site.name for site in self.definitions.stateful}
        bases = {base.id for base in getattr(statement.node, "bases", ()) if isinstance(base, ast.Name)}
        return bool(getattr(statement.node, "decorator_list", ())) or bool(bases & stateful)

    def inline_imports(self, draft: Draft) -> set[str]:
        """Names that this step imports and also binds otherwise, imports from two places, or reads before as something
        else: they stay in place."""
        early = {name for name in exposed_of(draft) if name in _BUILTINS or not self.sites.is_import_only(name)}
        data = early | {name for cell in draft.cells for name in self.sites.data_names(cell.number)}
        found: dict[str, set[str]] = {}
        for cell in draft.cells:
            for site in self.sites.by_cell[cell.number]:
                if site.unit is not None and not site.unit.is_plain:
                    found.setdefault(site.name, set()).add(site.unit.text)
                elif site.kind is Kind.DEFINITION:
                    data.add(site.name)
        values = {site.name for cell in draft.cells for site in self.sites.by_cell[cell.number] if site.is_late_import}
        return values | {name for name, texts in found.items() if name in data or len(texts) > 1}

    def used_definitions(self, draft: Draft, reads: frozenset[str]) -> set[str]:
        """Definitions made in this step that it uses itself, directly or through another one."""
        mine = {s.name: s for c in draft.cells for s in self.sites.by_cell[c.number] if s.kind is Kind.DEFINITION}
        used = set(mine) & reads
        todo = list(used)
        while todo:
            more = (self.definitions.needs[mine[todo.pop()]].reads & set(mine)) - used
            used |= more
            todo.extend(more)
        return used

    def compose(self, step: Routed) -> None:
        """Definite assignment from cell to cell of the step."""
        step.exposed = exposed_of(step.draft)
        bound: frozenset[str] = frozenset()
        for cell in step.draft.cells:
            effects = cell.effects
            bound = (bound | effects.must_bind) - effects.deletes.keys()
            step.data |= self.sites.data_names(cell.number)
            for name in (*effects.binds, *effects.mutates, *effects.may_mutate):
                step.may_change[name] = cell.number
        step.data |= {name for s in step.kept if s.use in (Use.IMPORT, Use.DEFINITION) for name in s.names}
        step.must = bound
        step.text_names = frozenset().union(*map(names_in, step.kept))

    # ------------------------------------------------------------------ names to providers

    def resolve(self, step: Routed) -> None:
        """Give every name that the text mentions its import, definition or input."""
        self.own_imports(step)
        todo = sorted(step.text_names)
        seen: set[str] = set()
        while todo:
            name = todo.pop(0)
            if name in seen:
                continue
            seen.add(name)
            for other in sorted(self.resolve_name(step, name)):
                if other not in seen:
                    todo.append(other)
        self.check_history(step)
        self.check_carried(step)
        self.add_pyplot(step)

    def own_imports(self, step: Routed) -> None:
        """Imports of the step's own cells that nothing names are kept for their effect."""
        for cell in step.draft.cells:
            for statement in step.drop.get(cell.number, ()):
                if statement.use is Use.IMPORT:
                    step.units |= {
                        site.unit
                        for site in self.sites.by_cell[cell.number]
                        if site.statement is statement and site.unit and self.is_kept_unit(site, step)
                    }

    def is_kept_unit(self, site: Site, step: Routed) -> bool:
        assert site.unit is not None
        if site.name in step.text_names or site.unit.module == "__future__":
            return True
        is_star = site.statement is not None and is_star_import(site.statement.node)
        return not is_star and not self.is_read_anywhere(site.name)

    def is_read_anywhere(self, name: str) -> bool:
        return name in self.analysis.reads

    def resolve_name(self, step: Routed, name: str) -> frozenset[str]:
        """Wire one name; gives the names that a definition pulled in needs in turn."""
        if name in self.definitions.shared and not self.is_early(step, name):
            step.shared.add(name)
            return frozenset()
        if name in step.data and name not in step.exposed:
            return frozenset()
        own = self.own_units(step, name)
        if own and name not in step.data:
            step.units |= own
            return frozenset()
        provider = self.provider.get(name)
        if provider is None:
            return self.unprovided(step, name)
        if isinstance(provider, Draft) or provider.kind in (Kind.PARAMETER, Kind.DATA):
            return self.take_input(step, name, provider)
        if provider.kind is Kind.IMPORT:
            units = set(self.sites.units(name)) if self.sites.is_import_only(name) else {provider.unit}
            into = step.head_units if name in step.data else step.units
            into |= {unit for unit in units if unit}
            return frozenset()
        if name in self.definitions.shared:
            step.shared.add(name)
            return frozenset()
        return self.take_definition(step, name, provider)

    def is_early(self, step: Routed, name: str) -> bool:
        """A shared definition that is used before the cell that makes it."""
        return name in step.exposed and self.definitions.shared[name].cell > step.exposed[name][0]

    def own_units(self, step: Routed, name: str) -> set[ImportUnit]:
        cells = {cell.number for cell in step.draft.cells}
        return {site.unit for site in self.sites.by_name.get(name, ()) if site.cell in cells and site.unit}

    def take_input(self, step: Routed, name: str, provider: Site | Draft) -> frozenset[str]:
        if name in step.exposed or name not in step.data:
            if name not in step.inputs:
                step.inputs.append(name)
            if isinstance(provider, Draft):
                self.check_live(step, name, provider)
        return frozenset()

    def take_definition(self, step: Routed, name: str, site: Site) -> frozenset[str]:
        """A definition with captured data stands again at the head of this step's function."""
        if site in step.local or site.cell in {cell.number for cell in step.draft.cells}:
            return frozenset()
        step.local.append(site)
        needs = self.definitions.needs[site]
        changing = [other for other in needs.at_def if self.changes(other)]
        if changing:
            message = (
                f"'{name}' looks up '{changing[0]}' when it is defined, and '{changing[0]}' changes in the notebook"
            )
            self.refuse("NB210", *self.place(step, name), message, f"give '{name}' what it needs as an argument")
        if needs.writes - {name}:
            written = sorted(needs.writes - {name})[0]
            message = f"'{name}' writes the global '{written}' and is used in step '{step.draft.name}' too"
            self.refuse("NB211", *self.place(step, name), message, f"return '{written}' from '{name}' and assign it")
        if (
            self.definitions.needs[site]
            and isinstance(site.statement and site.statement.node, ast.ClassDef)
            and self.made_elsewhere(step, name)
        ):
            message = (
                f"class '{name}' reads names of the notebook, and its instances cross into step '{step.draft.name}'"
            )
            self.refuse("NB213", *self.place(step, name), message, "give the class what it needs as arguments")
        return needs.reads - {name}

    def changes(self, name: str) -> bool:
        """The name is made again, or is data that is mutated, somewhere."""
        if self.sites.kinds(name) <= {Kind.IMPORT, Kind.DEFINITION}:
            return self.sites.is_made_again(name)
        return name in self.analysis.mutated or len(self.sites.by_name[name]) > 1

    def made_elsewhere(self, step: Routed, name: str) -> bool:
        return any(
            definition.name == name
            for cell in step.draft.cells
            for other, definitions in cell.effects.carried.items()
            if other != name and self.sites.kinds(other) == {Kind.DATA}
            for definition in definitions
        )

    def unprovided(self, step: Routed, name: str) -> frozenset[str]:
        if name == "display" and name not in self.sites.by_name:
            step.units.add(DISPLAY)
            return frozenset()
        if name in step.data and name in _BUILTINS and name in step.exposed and self.is_direct(step, name):
            message = f"'{name}' is Python's own here and is bound by the notebook later in the same step"
            self.refuse("NB208", *step.exposed[name], message, f"give the notebook's '{name}' another name")
        if name in _BUILTINS or name in _HISTORY or name.startswith("__"):
            return frozenset()
        if name in step.data and name not in self.perhaps_deleted:
            return frozenset()
        if name not in step.exposed or not (self.is_direct(step, name) or name not in self.sites.by_name):
            return frozenset()
        self.refuse(*self.explain_missing(step, name))
        return frozenset()

    def explain_missing(self, step: Routed, name: str) -> tuple[str, int, int, str, str]:
        cell, line = step.exposed[name]
        later = [site.cell for site in self.sites.by_name.get(name, ())]
        skipped = [c.number for c in self.analysis.cells if c.is_skipped and any(name in s.names for s in c.statements)]
        if skipped:
            where = f"only cell {skipped[0]} makes, which is tagged `skip`"
            return "NB103", cell, line, f"step '{step.draft.name}' uses '{name}', which {where}", "untag that cell"
        if later:
            where = (
                f"which only cell {later[0]} makes"
                if later[0] > cell
                else f"which is deleted or made again in cell {later[-1]}"
            )
            message = f"step '{step.draft.name}' uses '{name}' in cell {cell}, {where}"
            return "NB102", cell, line, message, "put the cell that makes it first, and run the notebook from the top"
        message = f"step '{step.draft.name}' uses '{name}', which no cell makes"
        return "NB101", cell, line, message, f"add the cell that makes '{name}', or make it a parameter"

    def is_direct(self, step: Routed, name: str) -> bool:
        return any(name in cell.effects.direct and name in cell.effects.exposed for cell in step.draft.cells)

    # ------------------------------------------------------------------ refusals

    def check_history(self, step: Routed) -> None:
        for name in sorted(step.exposed):
            is_history = name in _HISTORY or (name.startswith(("_i", "_")) and name.lstrip("_i").isdigit())
            if is_history and name not in self.provider and name not in step.inputs:
                message = f"'{name}' is the notebook's memory of an earlier output"
                self.refuse(
                    "NB203", *step.exposed[name], message, "give the value a name where it is made, and use that"
                )

    def check_live(self, step: Routed, name: str, provider: Draft) -> None:
        for cell in step.draft.cells:
            kind = cell.effects.kinds.get(name, "")
            if kind not in LIVE_KINDS:
                continue
            message = f"'{name}' is a live {kind} of step '{provider.name}': it cannot cross into '{step.draft.name}'"
            hint = "make a list of it first" if kind == "iterator" else "open it in the step that uses it"
            self.refuse("NB214", *self.place(step, name), message, hint)

    def check_carried(self, step: Routed) -> None:
        """A function inside a value keeps the names of its own step; in the notebook it would see them rebound."""
        for cell in step.draft.cells:
            for name, definitions in cell.effects.carried.items():
                provider = self.provider.get(name)
                if not isinstance(provider, Draft) or name not in step.exposed:
                    continue
                for definition in definitions:
                    summary = self.analysis.summaries.get(definition)
                    self.check_rebound(step, name, provider, frozenset(summary.reads if summary else ()))

    def check_stateful(self, steps: list[Routed]) -> None:
        """What a definition remembers would begin anew in a second step."""
        for site, memory in self.definitions.stateful.items():
            users = [step for step in steps if site in step.local or site.statement in step.keep.get(site.cell, ())]
            if len(users) < 2:
                continue
            first, second = users[0].draft.name, users[1].draft.name
            message = f"'{site.name}' keeps state ({memory}), and the steps '{first}' and '{second}' use it"
            hint = "put the cells that use it into one step, or keep that state in a value that they pass on"
            self.refuse("NB216", *self.place(users[1], site.name), message, hint)

    def check_rebound(self, step: Routed, name: str, provider: Draft, captured: frozenset[str]) -> None:
        for other in sorted(captured):
            rebound = self.since.get(other, 0) > self.position[provider.name]
            if (rebound or other in step.data) and self.sites.is_ordered(other):
                message = (
                    f"'{name}' holds a function that looks up '{other}', which is bound again after '{name}' was made"
                )
                self.refuse("NB212", *step.exposed[name], message, f"give that function '{other}' as an argument")

    def place(self, step: Routed, name: str) -> tuple[int, int]:
        return step.exposed.get(name, (step.draft.first, 0))

    def refuse(self, code: str, cell: int, line: int, message: str, hint: str) -> None:
        finding = Finding(code=code, severity=Severity.ERROR, cell=cell, line=line, message=message, hint=hint)
        if finding not in self.findings:
            self.findings.append(finding)

    # ------------------------------------------------------------------ figures

    def add_pyplot(self, step: Routed) -> None:
        """Cells that plot end by closing their figures, as the notebook's inline backend does."""
        plots = any(
            "matplotlib.figure" in cell.effects.state and step.keep.get(cell.number) for cell in step.draft.cells
        )
        if not plots or not self.has_pyplot:
            return
        usable = [name for name in self.pyplot_names if self.sites.is_import_only(name) and name not in step.data]
        if usable:
            step.close_with = usable[0]
            step.units |= set(self.sites.units(usable[0]))
        elif "plt" not in self.sites.by_name and "plt" not in step.data:
            step.close_with = "plt"
            step.units.add(PYPLOT)

    # ------------------------------------------------------------------ after the step

    def publish(self, step: Routed) -> None:
        """What is provided from here on."""
        for cell in step.draft.cells:
            for site in self.sites.by_cell[cell.number]:
                self.provide(site.name, step.draft if site.kind is Kind.DATA else site)
            for name in cell.effects.deletes.keys() - cell.effects.left:
                if self.provider.pop(name, None) is not None and not cell.surely_deletes(name):
                    self.perhaps_deleted.add(name)
                self.given.note(name, is_data=False)
        for name in step.may_change:
            provider = self.provider.get(name)
            if isinstance(provider, Draft) or (provider and provider.kind is Kind.PARAMETER):
                self.provide(name, step.draft)
        changed = (name for name in step.may_change if self.provider.get(name) is step.draft)
        self.sharing.gives(self.position[step.draft.name], changed)

    def giver(self, position: int) -> tuple[dict[str, int], int]:
        draft = self.drafts[position]
        return self.routed[draft.name].tied, draft.last

    def beside(self, position: int) -> dict[str, frozenset[str]]:
        step = self.routed[self.drafts[position].name]
        cells = [cell for cell in step.draft.cells if step.exposed.keys() & cell.effects.beside.keys()]
        every = ((name, names) for cell in reversed(cells) for name, names in cell.effects.beside.items())
        return {name: names for name, names in every if name in step.exposed}

    # ------------------------------------------------------------------ backward

    def backward(self, steps: list[Routed], results: frozenset[str]) -> None:
        live = set(results)
        for step in reversed(steps):
            changed = step.may_change.keys() | step.tied.keys()
            given = {name for name in live & changed if self.is_data(name, step)}
            step.outputs = _in_order(given, step)
            place = self.position[step.draft.name]
            passed = [name for name in step.outputs if name not in step.must and self.given.before(name, place)]
            for name in passed:
                if name not in step.inputs:
                    step.inputs.append(name)
            live -= {name for name in given if name in step.must}
            live -= {name for name in step.must if name in step.data}
            live |= set(step.inputs)

    def is_data(self, name: str, step: Routed) -> bool:
        if name in step.data:
            return not self.ends_as_code(name, step) and (name in step.must or self.may_be_left(name, step))
        return bool(self.sites.kinds(name) & {Kind.DATA, Kind.PARAMETER})

    def ends_as_code(self, name: str, step: Routed) -> bool:
        """What the step leaves is an import or a definition, which go their own way."""
        cells = {cell.number for cell in step.draft.cells}
        kinds = [site.kind for site in self.sites.by_name.get(name, ()) if site.cell in cells]
        return bool(kinds) and kinds[-1] in (Kind.IMPORT, Kind.DEFINITION)

    def may_be_left(self, name: str, step: Routed) -> bool:
        """No cell of the step deletes the name, or a later one may bind it again."""
        left = True
        for cell in step.draft.cells:
            deleted = name in cell.effects.deletes and name not in cell.effects.left
            left = (left or name in self.sites.data_names(cell.number)) and not deleted
        return left


def _in_order(names: set[str], step: Routed) -> list[str]:
    order = [*step.may_change, *step.tied]
    return sorted(names, key=order.index)
