"""The steps of a plan as a person sees them: what each takes and gives, and which must come before which."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nb2prod.analysis.build import Plan, carried_state, inputs_of, options_of
from nb2prod.analysis.outcomes import metrics_of
from nb2prod.analysis.routing import Routed
from nb2prod.analysis.story import step_summary
from nb2prod.model.look import LookEdge, LookInput, LookOutput, LookStep
from nb2prod.model.notebook import Role, RoleKind, StepOptions

__all__ = ["edges_of", "steps_of"]

_DEFAULT = vars(StepOptions())


@dataclass(frozen=True, kw_only=True)
class _Flow:
    """`readers` of what a step gives, up to the next that gives the name; `last` are the last to give each name."""

    readers: Mapping[tuple[str, str], tuple[str, ...]]
    last: Mapping[str, str]


def steps_of(plan: Plan) -> tuple[LookStep, ...]:
    if plan.wiring is None:
        return tuple(_unwired(plan))
    wired = plan.wiring.steps
    inputs = [inputs_of(step) for step in wired]
    flow = _flow(wired, inputs)
    results = frozenset(plan.wiring.results)
    sources: dict[str, str] = {}
    found = []
    for step, names in zip(wired, inputs, strict=True):
        takes = tuple(_input(plan, step, name, sources.get(name, "")) for name in names)
        gives = tuple(_output(step, name, flow, results) for name in step.outputs)
        found.append(_step(plan, step, takes, gives))
        sources |= dict.fromkeys(step.outputs, str(step.draft.name))
    return tuple(found)


def edges_of(plan: Plan, steps: tuple[LookStep, ...]) -> tuple[LookEdge, ...]:
    """Names between steps; hidden state and `prev:` tags where no name says the order already."""
    data: dict[tuple[str, str], list[str]] = {}
    for step in steps:
        for given in step.inputs:
            data.setdefault((given.source, step.name), []).append(given.name)
    found = [LookEdge(source=a, target=b, kind="data", names=tuple(names)) for (a, b), names in data.items()]
    order: dict[tuple[str, str], list[str]] = {}
    for pair, state in _in_order(plan, steps):
        if pair not in data:
            order.setdefault(pair, []).extend(state)
    return (*found, *(LookEdge(source=a, target=b, kind="order", names=tuple(s)) for (a, b), s in order.items()))


def _in_order(plan: Plan, steps: tuple[LookStep, ...]) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    last: dict[str, str] = {}
    after = {str(step.draft.name): step.draft.roles for step in plan.wiring.steps} if plan.wiring else {}
    for step in steps:
        for state in step.state:
            if state in last:
                yield (last[state], step.name), (state,)
            last[state] = step.name
        for before in dict.fromkeys(str(name) for role in after.get(step.name, ()) for name in role.after):
            yield (before, step.name), ()


def _unwired(plan: Plan) -> Iterator[LookStep]:
    """The steps as their tags say, where nobody can follow the names."""
    cells: dict[str, list[int]] = {}
    roles: dict[str, list[Role]] = {}
    for cell in plan.analysis.production:
        if cell.role.kind is RoleKind.STEP and cell.role.step:
            cells.setdefault(str(cell.role.step), []).append(cell.number)
            roles.setdefault(str(cell.role.step), []).append(cell.role)
    for name, numbers in cells.items():
        yield LookStep(
            name=name,
            summary=step_summary(name, plan.analysis.notebook, numbers[0]),
            cells=tuple(numbers),
            options=_options(tuple(roles[name])),
            inference=any(role.inference for role in roles[name]),
            is_wired=False,
        )


def _step(plan: Plan, step: Routed, takes: tuple[LookInput, ...], gives: tuple[LookOutput, ...]) -> LookStep:
    name, roles = str(step.draft.name), step.draft.roles
    return LookStep(
        name=name,
        summary=step_summary(name, plan.analysis.notebook, step.draft.first),
        cells=tuple(cell.number for cell in step.draft.cells),
        inputs=takes,
        outputs=gives,
        state=carried_state(step),
        functions=tuple(sorted(step.shared)),
        options=_options(roles),
        metrics=tuple(metric for metric in metrics_of(step) if metric in step.outputs),
        inference=any(role.inference for role in roles),
    )


def _input(plan: Plan, step: Routed, name: str, source: str) -> LookInput:
    if name not in step.exposed:
        return LookInput(name=name, source=source)
    cell, line = step.exposed[name]
    lines = plan.analysis.by_number[cell].lowered.lines
    code = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    return LookInput(name=name, source=source, code=code, cell=cell, line=line)


def _output(step: Routed, name: str, flow: _Flow, results: frozenset[str]) -> LookOutput:
    own = str(step.draft.name)
    found, is_last = flow.readers.get((own, name), ()), flow.last[name] == own
    cell = step.may_change.get(name) or step.tied.get(name) or step.draft.last
    return LookOutput(name=name, readers=found, is_result=is_last and name in results, cell=cell)


def _flow(wired: tuple[Routed, ...], inputs: list[list[str]]) -> _Flow:
    givers: dict[str, str] = {}
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for step, names in zip(wired, inputs, strict=True):
        own = str(step.draft.name)
        for name in names:
            if name in givers:
                key = (givers[name], name)
                found[key] = (*found.get(key, ()), own)
        givers |= dict.fromkeys(step.outputs, own)
    return _Flow(readers=found, last=givers)


def _options(roles: tuple[Role, ...]) -> dict[str, object]:
    """Those that are not as without a word."""
    return {name: value for name, value in vars(options_of(roles)).items() if value != _DEFAULT[name]}
