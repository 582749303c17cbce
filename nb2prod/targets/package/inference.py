"""The inference steps of a pipeline as one plain function, decided for its template."""

from dataclasses import dataclass

from nb2prod.targets.package.view import StepView, View, free


@dataclass(frozen=True, kw_only=True)
class InferenceView:
    imports: tuple[str, ...]
    signature: str
    calls: tuple[str, ...]


def inference_of(view: View) -> InferenceView | None:
    """None when no step is tagged inference. What no inference step gives is an input of `predict`."""
    steps = tuple(step for step in view.steps if step.step.inference)
    if not steps:
        return None
    given: set[str] = set()
    inputs: dict[str, None] = {}
    for step in steps:
        inputs |= {variable.name: None for variable in step.step.inputs if variable.name not in given}
        given |= {variable.name for variable in step.step.outputs}
    taken = {"predict", "Any", *inputs, *given}
    aliases = {step.name: free(f"{step.name}_step", taken) if step.name in taken else step.name for step in steps}
    return InferenceView(
        imports=tuple(_import(step.name, aliases[step.name]) for step in steps),
        signature=", ".join(f"{name}: Any" for name in inputs),
        calls=tuple(_call(step, aliases[step.name], last=step is steps[-1]) for step in steps),
    )


def _import(name: str, alias: str) -> str:
    return f"from .steps.{name} import {name}" + (f" as {alias}" if alias != name else "")


def _call(step: StepView, alias: str, *, last: bool) -> str:
    arguments = [f"{variable.name}={variable.name}" for variable in step.step.inputs]
    arguments += [f"{data.name}={data.text!r}" for data in step.step.data]
    call = f"{alias}({', '.join(arguments)})"
    names = ", ".join(variable.name for variable in step.step.outputs)
    if last:
        return f"return {call}" if names else call
    return f"{names} = {call}" if names else call
