"""Why a notebook's pipeline is what it is, told from the same data that the conversion is made of."""

import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nb2prod.analysis.analyse import Analysis, analyse
from nb2prod.analysis.build import Wiring, plan
from nb2prod.analysis.definitions import Definitions
from nb2prod.analysis.environment import Environment
from nb2prod.analysis.histories import Histories
from nb2prod.analysis.knowledge import KNOWN, Knowledge
from nb2prod.analysis.looks import steps_of
from nb2prod.analysis.routing import Routed
from nb2prod.analysis.sites import Kind, Site, Sites
from nb2prod.errors import NotInNotebook
from nb2prod.model.explanation import (
    Deed,
    Edge,
    Event,
    ExplainedStep,
    Explanation,
    HiddenState,
    Input,
    NameHistory,
    Output,
    Redefinition,
    Version,
)
from nb2prod.model.look import LookInput, LookOutput, LookStep
from nb2prod.model.notebook import Notebook

__all__ = ["explain"]

_CHANGES = (Deed.MADE, Deed.CHANGED, Deed.MAYBE)
_KINDS = {Kind.IMPORT: "an import", Kind.DEFINITION: "a function or class that is not shared", Kind.DATA: "data"}


def explain(
    notebook: Notebook, step: str | None = None, name: str | None = None, known: Knowledge = KNOWN
) -> Explanation:
    """All steps, or one of them, or the history of one name. Raises NotInNotebook, with the closest one there is."""
    planned = plan(notebook, known=known)
    looked = steps_of(planned)
    histories = Histories(planned.analysis, {number: found.name for found in looked for number in found.cells})
    steps = _Wired(planned.wiring, histories).steps(looked) if planned.wiring else tuple(map(_unwired, looked))
    if step is not None and step not in [found.name for found in steps]:
        raise NotInNotebook(notebook.name, "step", step, [found.name for found in steps])
    if name is not None and name not in histories.names:
        raise NotInNotebook(notebook.name, "name", name, sorted(histories.names))
    return Explanation(
        notebook=notebook.name,
        converts=planned.steps is not None,
        findings=planned.findings,
        parameters=tuple((str(parameter.name), parameter.cell) for parameter in planned.analysis.parameters),
        steps=tuple(found for found in steps if step in (None, found.name)),
        name=_history(name, planned.analysis, steps, histories, planned.wiring) if name else None,
    )


def _unwired(looked: LookStep) -> ExplainedStep:
    return ExplainedStep(name=looked.name, cells=looked.cells, is_wired=False)


@dataclass(frozen=True)
class _Wired:
    """The routed steps, in the words of the model."""

    wiring: Wiring
    histories: Histories

    def steps(self, looked: Iterable[LookStep]) -> tuple[ExplainedStep, ...]:
        return tuple(self.step(index, step) for index, step in enumerate(looked))

    def step(self, index: int, looked: LookStep) -> ExplainedStep:
        routed = self.wiring.steps[index]
        return ExplainedStep(
            name=looked.name,
            cells=looked.cells,
            inputs=tuple(self.input(index, routed, taken) for taken in looked.inputs),
            outputs=tuple(self.output(routed, given) for given in looked.outputs),
            state=self.state(routed),
            functions=looked.functions,
            redefined=tuple(self.redefinition(site) for site in sorted(routed.local, key=lambda s: (s.cell, s.line))),
        )

    def input(self, index: int, routed: Routed, taken: LookInput) -> Input:
        name = taken.name
        before = list(self.before(index, name))
        made = next((event for event in reversed(before) if event.deed is Deed.MADE), None)
        later = before[before.index(made) + 1 :] if made else before
        changed = next((event for event in reversed(later) if event.deed in (Deed.CHANGED, Deed.MAYBE)), None)
        return Input(name=name, source=taken.source, read=self.first_read(routed, name), made=made, changed=changed)

    def before(self, index: int, name: str) -> Iterator[Event]:
        """What happens to a name before a step runs, in the order of the run."""
        owned = {cell.number for step in self.wiring.steps for cell in step.draft.cells}
        first = self.wiring.steps[index].draft.first
        for cell in self.histories.analysis.production:
            if cell.number not in owned and cell.number < first:
                yield from self.histories.in_cell(cell, name)
        for step in self.wiring.steps[:index]:
            yield from self.inside(step, name)

    def inside(self, routed: Routed, name: str) -> Iterator[Event]:
        for cell in routed.draft.cells:
            yield from self.histories.in_cell(cell, name)

    def first_read(self, routed: Routed, name: str) -> Event | None:
        if name not in routed.exposed:
            return None
        number, line = routed.exposed[name]
        return self.histories.event(Deed.READ, self.histories.analysis.by_number[number], line, name)

    def output(self, routed: Routed, given: LookOutput) -> Output:
        because = self.last_change(routed, given.name)
        return Output(name=given.name, because=because, readers=given.readers, is_result=given.is_result)

    def last_change(self, routed: Routed, name: str) -> Event | None:
        changes = [event for event in self.inside(routed, name) if event.deed in _CHANGES]
        return changes[-1] if changes else None

    def state(self, routed: Routed) -> tuple[HiddenState, ...]:
        found: dict[str, HiddenState] = {}
        for cell in routed.draft.cells:
            for state, line in cell.effects.state.items():
                found.setdefault(state, HiddenState(name=state, touched=self.histories.event(Deed.READ, cell, line)))
        return tuple(found[state] for state in sorted(found))

    def redefinition(self, site: Site) -> Redefinition:
        made = self.histories.event(Deed.MADE, self.histories.analysis.by_number[site.cell], site.line, site.name)
        return Redefinition(name=site.name, made=made, why=_why_not_shared(site, self.wiring))

    def versions(self, name: str) -> tuple[Version, ...]:
        found = [(step, self.last_change(step, name)) for step in self.wiring.steps if name in step.may_change]
        return tuple(Version(step=str(step.draft.name), last=last) for step, last in found if last)


def _why_not_shared(site: Site, wiring: Wiring) -> str:
    definitions, sites = wiring.definitions, wiring.sites
    needs = definitions.needs[site]
    if site in definitions.stateful:
        return f"it keeps state: {definitions.stateful[site]}"
    if len(sites.by_name[site.name]) > 1:
        return "the notebook makes it more than once"
    reasons = [
        *(f"it binds '{name}'" for name in sorted(needs.writes - {site.name})),
        *(f"it changes '{name}'" for name in sorted(needs.mutates) if not sites.is_import_only(name)),
        *(f"it looks up '{name}', which is {_kind(name, sites)}" for name in _foreign(needs.reads, definitions, sites)),
    ]
    return reasons[0] if reasons else "what it looks up cannot be shared"


def _foreign(names: Iterable[str], definitions: Definitions, sites: Sites) -> list[str]:
    """Names that functions.py does not have."""
    known = {*definitions.shared, *(name for name in names if sites.is_import_only(name))}
    return sorted(
        name for name in names if name not in known and (name in sites.by_name or not hasattr(builtins, name))
    )


def _kind(name: str, sites: Sites) -> str:
    kinds = sites.kinds(name)
    return next(
        (words for kind, words in reversed(_KINDS.items()) if kind in kinds), "a parameter" if kinds else "unknown"
    )


# ---------------------------------------------------------------------- one name


def _history(
    name: str,
    analysis: Analysis,
    steps: tuple[ExplainedStep, ...],
    histories: Histories,
    wiring: Wiring | None,
) -> NameHistory:
    edges = [
        Edge(source=given.source, target=step.name, read=given.read)
        for step in steps
        for given in step.inputs
        if given.name == name
    ]
    kinds = histories.sites.kinds(name)
    return NameHistory(
        name=name,
        kinds=tuple(sorted(str(kind) for kind in kinds)),
        events=histories.of(name),
        versions=_Wired(wiring, histories).versions(name) if wiring else (),
        shares=_shares(name, analysis, histories.sites),
        edges=tuple(edges),
    )


def _shares(name: str, analysis: Analysis, sites: Sites) -> tuple[str, ...]:
    """Names that, after some cell, may reach an object that this one reaches too."""
    found: set[str] = set()

    def look(env: Environment) -> None:
        found.update(env.names_of(env.get(name).reach))

    analyse(analysis.notebook, look, analysis.known)
    return tuple(sorted(other for other in found - {name} if sites.kinds(other) & {Kind.DATA, Kind.PARAMETER}))
