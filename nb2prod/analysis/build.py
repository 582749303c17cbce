"""Notebook to Pipeline: the passes in order, and the frozen result. A pipeline exists only when nothing is refused."""

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath

from nb2prod.analysis.analyse import Analysis, analyse
from nb2prod.analysis.annotate import annotated
from nb2prod.analysis.collection import no_collection
from nb2prod.analysis.definitions import Definitions, find_definitions
from nb2prod.analysis.drafts import draft_steps, order_steps
from nb2prod.analysis.facts import Effects
from nb2prod.analysis.fragments import body_fragment, definition_fragment
from nb2prod.analysis.imports import DISPLAY, ImportUnit, import_lines
from nb2prod.analysis.knowledge import KNOWN, Knowledge
from nb2prod.analysis.late_definitions import refuse_late_definitions
from nb2prod.analysis.late_parameters import refuse_late_parameters
from nb2prod.analysis.late_stars import refuse_late_stars
from nb2prod.analysis.lifting import lift
from nb2prod.analysis.missing_values import refuse_missing_values
from nb2prod.analysis.nesting import nest
from nb2prod.analysis.outcomes import metrics_of, products_of
from nb2prod.analysis.process_setup import Setting, effect_units, settings_of, setup_lines
from nb2prod.analysis.refine import refine
from nb2prod.analysis.requirements import requirements_of
from nb2prod.analysis.routing import Routed, Routing
from nb2prod.analysis.sites import Site, Sites, find_sites
from nb2prod.analysis.story import step_summary, title_of
from nb2prod.analysis.texts import names_in
from nb2prod.model.finding import Finding, Severity
from nb2prod.model.notebook import Notebook, Role, StepOptions
from nb2prod.model.pipeline import Fragment, Pipeline, Step, Variable
from nb2prod.model.trace import Trace
from nb2prod.source import PythonName

# after these nobody knows which names there are, and what follows would be guesses
_BLINDING = frozenset({"NB201", "NB202", "NB204", "NB207"})
_NOT_CARRIED = frozenset({"matplotlib.figure"})


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """The steps with their edges, and the names that the pipeline gives back."""

    sites: Sites
    definitions: Definitions
    steps: tuple[Routed, ...]
    results: tuple[str, ...]
    settings: tuple[Setting, ...]
    effects: frozenset[ImportUnit]


@dataclass(frozen=True, kw_only=True)
class Build:
    """`pipeline` is None when a finding is an error; `wiring` is None when one keeps the steps from being wired."""

    pipeline: Pipeline | None
    findings: tuple[Finding, ...]
    analysis: Analysis
    wiring: Wiring | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that is known before a pipeline is made of it: `steps` are None when a finding refuses the notebook."""

    findings: tuple[Finding, ...]
    analysis: Analysis
    wiring: Wiring | None = None
    steps: tuple[Step, ...] | None = None


@no_collection()
def build(
    notebook: Notebook,
    environment: Mapping[str, str] | None = None,
    local: frozenset[str] = frozenset(),
    trace: Trace | None = None,
    known: Knowledge = KNOWN,
) -> Build:
    """The pipeline of a tagged notebook. `environment` maps import names to `distribution==version` texts; `local` are
    the modules that stand beside the notebook, which no distribution brings; `trace` is a run of this very notebook;
    `known` is what is known of libraries."""
    planned = plan(notebook, trace, known)
    pipeline = None
    if planned.steps is not None and planned.wiring is not None:
        pipeline = _pipeline(planned.analysis, planned.wiring, planned.steps, environment, local)
    return Build(pipeline=pipeline, findings=planned.findings, analysis=planned.analysis, wiring=planned.wiring)


@no_collection()
def plan(notebook: Notebook, trace: Trace | None = None, known: Knowledge = KNOWN) -> Plan:
    """The findings and the steps with their edges. A pipeline is made of the steps, which refuses nothing more."""
    analysis = analyse(notebook, known=known)
    if trace is not None:
        analysis = refine(analysis, trace)
    findings = list(analysis.findings)
    if any(finding.code in _BLINDING for finding in findings):
        return _planned(analysis, findings)
    findings += refuse_late_parameters(analysis)
    sites = find_sites(analysis)
    definitions = find_definitions(analysis, sites)
    settings = settings_of(analysis, sites)
    moved = {site.statement for site in definitions.shared.values() if site.statement}
    moved |= {setting.statement for setting in settings}
    drafts = draft_steps(analysis, moved, sites)
    drafts, wrong = order_steps(drafts, sites)
    findings += wrong or [
        *refuse_late_definitions(analysis, sites, drafts),
        *refuse_late_stars(sites, drafts),
    ]
    if not drafts:
        findings.append(_nothing_to_do())
    if wrong or not drafts:
        return _planned(analysis, findings)
    routing = Routing(analysis, sites, definitions, drafts, moved)
    routed = routing.run(frozenset())
    results = _results(routed, routing)
    findings += [*routing.findings, *refuse_missing_values(routed)]
    wiring = Wiring(
        sites=sites,
        definitions=definitions,
        steps=tuple(routed),
        results=tuple(results),
        settings=settings,
        effects=effect_units(routed, analysis, sites),
    )
    if any(finding.severity is Severity.ERROR for finding in findings):
        return _planned(analysis, findings, wiring)
    future = _future(analysis)
    made = _made_in(analysis)
    nested = [nest(_step(step, wiring, analysis, future, made)) for step in routed]
    steps = tuple(annotated(step, trace) if trace else step for step, _ in nested)
    findings += [*_clashes(steps), *(finding for _, wrong in nested for finding in wrong)]
    if any(finding.severity is Severity.ERROR for finding in findings):
        return _planned(analysis, findings, wiring)
    return _planned(analysis, findings, wiring, steps)


def _planned(
    analysis: Analysis, findings: list[Finding], wiring: Wiring | None = None, steps: tuple[Step, ...] | None = None
) -> Plan:
    return Plan(findings=_sorted(analysis, findings), analysis=analysis, wiring=wiring, steps=steps)


def _sorted(analysis: Analysis, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    named = {replace(finding, notebook=analysis.notebook.name) for finding in findings}
    return tuple(sorted(named))


def _nothing_to_do() -> Finding:
    message = "no cell is left for a step: every code cell is an import, a definition, a parameter, or skipped"
    return Finding(code="NB303", severity=Severity.ERROR, message=message, hint="tag a cell `step:NAME`")


def _results(steps: list[Routed], routing: Routing) -> list[str]:
    """The names of the Results: given back by the step that makes each last."""
    wanted: dict[str, str] = {}
    read_later: frozenset[str] = frozenset()
    rebound: set[str] = set()
    for step in reversed(steps):
        for name in products_of(step, read_later):
            if name not in rebound:
                wanted.setdefault(name, step.draft.name)
        rebound |= set(step.may_change)
        read_later |= frozenset(step.inputs)
    routing.backward(steps, frozenset(wanted))
    given = {name for step in steps for name in step.outputs}
    order = [name for step in steps for name in step.outputs if wanted.get(name) == step.draft.name]
    return [name for name in dict.fromkeys(order) if name in given]


# ---------------------------------------------------------------------- one step


def _step(
    step: Routed, wiring: Wiring, analysis: Analysis, future: set[ImportUnit], made: Mapping[str, list[int]]
) -> Step:
    draft = step.draft
    roles = draft.roles
    head = [Fragment(cell=unit.cell, line=0, text=unit.text) for unit in sorted(step.head_units, key=lambda u: u.text)]
    local = [_definition(site, analysis) for site in sorted(step.local, key=lambda site: (site.cell, site.line))]
    text_names = step.text_names | _definition_names(step.local)
    imported = {unit for unit in step.units if unit not in wiring.effects or unit.names & text_names}
    inputs = inputs_of(step)
    return Step(
        name=draft.name,
        summary=step_summary(draft.name, analysis.notebook, draft.first),
        cells=tuple(cell.number for cell in draft.cells),
        imports=import_lines(imported | future),
        functions=tuple(PythonName(name) for name in sorted(step.shared)),
        local=(*head, *local),
        inputs=tuple(Variable(name=PythonName(name)) for name in inputs),
        outputs=tuple(Variable(name=PythonName(name)) for name in step.outputs),
        body=tuple(_body(step, wiring)),
        metrics=tuple(PythonName(name) for name in metrics_of(step) if name in step.outputs),
        inference=any(role.inference for role in roles),
        state=carried_state(step),
        touched=_touched(step, frozenset(inputs) | (text_names & step.data), made),
        maybe=tuple(sorted((text_names & step.data & step.may_change.keys()) - {*inputs, *step.must})),
        after=tuple(dict.fromkeys(before for role in roles for before in role.after)),
        options=options_of(roles),
    )


def inputs_of(step: Routed) -> list[str]:
    """The arguments of the step's function, in the order in which it reads them."""
    text_names = step.text_names | _definition_names(step.local)
    wanted = [name for name in step.inputs if name in text_names or name in step.outputs]
    order = list(step.exposed)
    return sorted(wanted, key=lambda name: order.index(name) if name in step.exposed else len(order))


def _touched(step: Routed, locals_: frozenset[str], made: Mapping[str, list[int]]) -> tuple[tuple[str, int], ...]:
    """The names of the step's own that it binds or may change, each with the last cell that does. Without those that
    are the notebook's for something else by then, because a cell of another step between made or deleted them."""
    own = {cell.number for cell in step.draft.cells}

    def is_lost(name: str, last: int) -> bool:
        cells = made.get(name, [])
        if not cells or cells[0] >= last:
            return False
        first = min(cell.number for cell in step.draft.cells if name in _known_in(cell.effects))
        return any(cell not in own for cell in cells[bisect_right(cells, first) : bisect_left(cells, last)])

    changed = sorted(step.may_change.items())
    return tuple((name, last) for name, last in changed if name in locals_ and not is_lost(name, last))


def _made_in(analysis: Analysis) -> Mapping[str, list[int]]:
    """For each name the cells that may bind or delete it."""
    found: dict[str, list[int]] = {}
    for cell in analysis.production:
        for name in cell.effects.binds.keys() | cell.effects.deletes.keys():
            found.setdefault(name, []).append(cell.number)
    return found


def _known_in(effects: Effects) -> frozenset[str]:
    return frozenset().union(effects.binds, effects.reads, effects.mutates, effects.may_mutate)


def _definition(site: Site, analysis: Analysis) -> Fragment:
    assert site.statement is not None
    return definition_fragment(site.statement, analysis.by_number[site.cell].lowered.text)


def _definition_names(sites: Iterable[Site]) -> frozenset[str]:
    return frozenset().union(*(names_in(site.statement) for site in sites if site.statement))


def _future(analysis: Analysis) -> set[ImportUnit]:
    """A __future__ import of the notebook holds in every module."""
    found: set[ImportUnit] = set()
    for cell in analysis.production:
        for statement in cell.statements:
            if isinstance(statement.node, ast.ImportFrom) and statement.node.module == "__future__":
                for alias in statement.node.names:
                    text = f"from __future__ import {alias.name}"
                    names = frozenset({alias.name})
                    found.add(
                        ImportUnit(cell=0, line=0, names=names, module="__future__", member=alias.name, text=text)
                    )
    return found


def _body(step: Routed, wiring: Wiring) -> Iterable[Fragment]:
    moved = {setting.statement for setting in wiring.settings}
    for cell in step.draft.cells:
        number = cell.number
        fragment = body_fragment(number, cell.lowered.text, step.keep.get(number, ()), step.drop.get(number, ()), moved)
        if fragment is None:
            continue
        yield fragment
        if step.close_with and "matplotlib.figure" in cell.effects.state:
            yield Fragment(cell=cell.number, line=0, text=f'{step.close_with}.close("all")')


def carried_state(step: Routed) -> tuple[str, ...]:
    states = {state for cell in step.draft.cells for state in cell.effects.state}
    return tuple(sorted(states - _NOT_CARRIED))


def options_of(roles: tuple[Role, ...]) -> StepOptions:
    """The options of a step's cells together: of each, the first that is not the default."""
    options = StepOptions()
    default = StepOptions()
    for role in roles:
        for key in ("retries", "timeout", "cache", "cpu", "memory", "gpu"):
            if getattr(options, key) == getattr(default, key) != getattr(role.options, key):
                options = replace(options, **{key: getattr(role.options, key)})
    return options


def _clashes(steps: tuple[Step, ...]) -> list[Finding]:
    """A step's function would hide an import or function of the same name in its own module."""
    findings = []
    for step in steps:
        imported = {word for line in step.imports for word in line.replace(",", " ").split()} | set(step.functions)
        if step.name in imported:
            message = f"step '{step.name}' has the name of something that its own cells use"
            hint = f"rename the step, to 'run_{step.name}' for example"
            findings.append(
                Finding(code="NB304", severity=Severity.ERROR, cell=step.cells[0], message=message, hint=hint)
            )
    return findings


# ---------------------------------------------------------------------- the pipeline


def _pipeline(
    analysis: Analysis,
    wiring: Wiring,
    steps: tuple[Step, ...],
    environment: Mapping[str, str] | None,
    local: frozenset[str],
) -> Pipeline:
    notebook, sites = analysis.notebook, wiring.sites
    functions, units = _functions(analysis, sites, wiring.definitions)
    units |= _future(analysis) if functions else set()
    every = [*units, *wiring.effects, *(unit for step in wiring.steps for unit in step.units | step.head_units)]
    every += [unit for setting in wiring.settings for unit in setting.units]
    written = [text for cell in analysis.production for text in cell.lowered.requirements]
    modules = {unit.module for unit in every} | {_module_in(unit.text) for unit in every if not unit.module}
    modules = {module for module in modules if module.split(".")[0] not in local}
    steps, data = lift(steps, functions, analysis, sites)
    return Pipeline(
        name=PythonName.of(PurePath(notebook.name).name.split(".")[0]),
        title=title_of(notebook),
        notebook=notebook.name,
        notebook_sha256=notebook.sha256,
        parameters=analysis.parameters,
        process=setup_lines(wiring.settings, wiring.effects),
        functions_imports=import_lines(units),
        functions=functions,
        steps=steps,
        results=tuple(PythonName(name) for name in wiring.results),
        data=data,
        requirements=requirements_of(modules, written, environment),
    )


def _functions(
    analysis: Analysis, sites: Sites, definitions: Definitions
) -> tuple[tuple[Fragment, ...], set[ImportUnit]]:
    shared = sorted(definitions.shared.values(), key=lambda site: (site.cell, site.line))
    fragments = tuple(_definition(site, analysis) for site in shared)
    names = _definition_names(shared)
    units = {unit for name in names if sites.is_import_only(name) for unit in sites.units(name)}
    if "display" in names and "display" not in sites.by_name:
        units.add(DISPLAY)
    return fragments, units


def _module_in(text: str) -> str:
    """The first module that a `try` of imports names."""
    words = text.split()
    return next((words[i + 1] for i, word in enumerate(words[:-1]) if word in ("import", "from")), "")
