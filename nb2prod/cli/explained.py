"""An explanation as text for people: a step's names in columns, each with the place in the notebook that is why."""

from collections.abc import Iterable, Sequence

from nb2prod.cli.show import counted, table
from nb2prod.model.explanation import Event, ExplainedStep, Explanation, Input, NameHistory, Output

_WIDTH = 80  # of a line of code that is shown
_HANDED_ON = "not read by name there: it is handed on, changed or as it came"


def text_of(explanation: Explanation, *, in_full: bool) -> str:
    if explanation.name is not None:
        return "\n".join(_history(explanation.notebook, explanation.name))
    if in_full:
        return "\n".join(_whole_step(explanation.notebook, explanation.steps[0]))
    return "\n".join(_overview(explanation))


def _overview(explanation: Explanation) -> Iterable[str]:
    count = len(explanation.steps)
    yield f"{explanation.notebook}: {counted(count, 'step')}"
    if explanation.parameters:
        yield "parameters: " + ", ".join(f"{name} (cell {cell})" for name, cell in explanation.parameters)
    for step in explanation.steps:
        yield ""
        yield f"{step.name}: {_cells(step)}"
        yield from _indented(_rows(step))


def _cells(step: ExplainedStep) -> str:
    return f"cell{'s' if len(step.cells) > 1 else ''} {', '.join(map(str, step.cells))}"


def _rows(step: ExplainedStep) -> list[Sequence[str]]:
    if not step.is_wired:
        return [("what it takes and gives is not known: see the findings",)]
    return [
        *(("in", given.name, _source(given)) for given in step.inputs),
        *(("out", given.name, _readers(given)) for given in step.outputs),
        *(("state", state.name, _where(state.touched)) for state in step.state),
        *(("def", again.name, again.why) for again in step.redefined),
    ]


def _source(given: Input) -> str:
    return f"from {given.source}" if given.source else "parameter"


def _readers(given: Output) -> str:
    readers = f"to {', '.join(given.readers)}" if given.readers else ""
    result = "a result of the pipeline" if given.is_result else ""
    return "; ".join(text for text in (readers, result) if text)


def _where(event: Event) -> str:
    through = f" in {event.through}()" if event.through else ""
    return f"cell {event.cell}:{event.line}{through}"


# ---------------------------------------------------------------------- one step


def _whole_step(notebook: str, step: ExplainedStep) -> Iterable[str]:
    yield f"{notebook}: step {step.name}, {_cells(step)}"
    if not step.is_wired:
        yield from _indented(_rows(step))
    for given in step.inputs:
        yield from _entry("in", given.name, _source(given), [given.read, given.made, given.changed])
        if given.read is None:
            yield f"  {_HANDED_ON}"
    for made in step.outputs:
        yield from _entry("out", made.name, _readers(made), [made.because])
    for state in step.state:
        yield from _entry("state", state.name, "hidden state", [state.touched], word="used")
    for again in step.redefined:
        yield from _entry("def", again.name, again.why, [again.made])
    if step.functions:
        yield f"\nfrom functions.py: {', '.join(step.functions)}"


def _entry(what: str, name: str, told: str, events: Iterable[Event | None], word: str = "") -> Iterable[str]:
    yield ""
    yield f"{what} {name}: {told}" if told else f"{what} {name}"
    rows = [(word or event.deed.value, _where(event), _short(event.code)) for event in events if event]
    yield from _indented(rows)


# ---------------------------------------------------------------------- one name


def _history(notebook: str, history: NameHistory) -> Iterable[str]:
    yield f"{notebook}: {history.name} ({', '.join(history.kinds) or 'no cell makes it'})"
    yield ""
    rows = [(f"{e.cell}:{e.line}", e.step, _deed(e), _short(e.code)) for e in history.events]
    yield table([("cell:line", "step", "what", "code"), *rows])
    if history.versions:
        yield "\nversions, each as its step leaves it:"
        numbered = enumerate(history.versions, 1)
        yield from _indented([(str(n), v.step, v.last.deed.value, _where(v.last)) for n, v in numbered])
    if history.edges:
        yield "\nhanded on:"
        yield from _indented([(f"{e.source or 'parameters'} -> {e.target}", _asked(e.read)) for e in history.edges])
    if history.shares:
        yield f"\nmay share its object with: {', '.join(history.shares)}"


def _deed(event: Event) -> str:
    return f"{event.deed.value} in {event.through}()" if event.through else event.deed.value


def _asked(read: Event | None) -> str:
    return f"{_where(read)} reads it" if read else _HANDED_ON


def _short(code: str) -> str:
    return code if len(code) <= _WIDTH else code[: _WIDTH - 3] + "..."


def _indented(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    return ["  " + line for line in table(rows).split("\n")] if rows else []
