"""Annotations from a traced run: what a name was where it enters a step, and where it leaves it."""

import ast
import re
from dataclasses import dataclass, replace

from nb2prod.model.pipeline import Measured, Step, Variable
from nb2prod.model.trace import Observed, Trace

__all__ = ["annotated"]

_BUILTIN = {
    **{f"builtins.{name}": name for name in ("int", "float", "str", "bool", "bytes", "complex")},
    **{f"builtins.{name}": f"{name}[Any]" for name in ("list", "set", "frozenset")},
    "builtins.dict": "dict[Any, Any]",
    "builtins.tuple": "tuple[Any, ...]",
    "numpy.float64": "float",
}
_USUAL = {"numpy": "np", "pandas": "pd"}  # the libraries that everybody calls by another name
_GENERIC = {"numpy.ndarray": "np.ndarray[Any, Any]", "pandas.Series": '"pd.Series[Any]"'}
_SAID_NOTHING = frozenset({"builtins", "__main__", "types", "abc", "typing"})


@dataclass(frozen=True, kw_only=True)
class _Hint:
    annotation: str
    line: str = ""  # the import that it needs


_UNKNOWN = _Hint(annotation="Any")


def annotated(step: Step, trace: Trace) -> Step:
    """The step with the types that were seen, and what it took. A name whose type changes within it stays `Any`."""
    first, last = min(step.cells), max(step.cells)
    before = {str(v.name): _hint(trace.value(v.name, first - 1), step) for v in step.inputs}
    after = {str(v.name): _hint(trace.value(v.name, last), step) for v in step.outputs}
    for name in before.keys() & after.keys():
        if before[name] != after[name]:
            before[name] = after[name] = _UNKNOWN
    inputs = tuple(_typed(variable, before) for variable in step.inputs)
    outputs = tuple(_typed(variable, after) for variable in step.outputs)
    lines = {hint.line for hint in (*before.values(), *after.values()) if hint.line}
    return replace(
        step,
        inputs=inputs,
        outputs=outputs,
        imports=(*step.imports, *sorted(lines)),
        measured=_measured(step, trace),
    )


def _typed(variable: Variable, hints: dict[str, _Hint]) -> Variable:
    """What was written stays."""
    hint = hints[variable.name]
    return replace(variable, annotation=hint.annotation) if variable.annotation == "Any" else variable


def _hint(seen: Observed | None, step: Step) -> _Hint:
    if seen is None:
        return _UNKNOWN
    if seen.kind in _BUILTIN:
        return _Hint(annotation=_BUILTIN[seen.kind])
    module, _, name = seen.kind.rpartition(".")
    if module in _SAID_NOTHING or not module or not name.isidentifier() or "<" in module:
        return _UNKNOWN
    top = module.split(".")[0]
    if module in _USUAL:
        return _usual(seen, module, name, step)
    if seen.generic or top in _USUAL or name.startswith("_") or any(part.startswith("_") for part in module.split(".")):
        return _UNKNOWN
    return _named(step, name, f"{module}.{name}", _Hint(annotation=name, line=f"from {module} import {name}"))


def _usual(seen: Observed, module: str, name: str, step: Step) -> _Hint:
    short = _USUAL[module]
    generic = _GENERIC.get(seen.kind)
    if seen.generic and not generic:
        return _UNKNOWN
    hint = _Hint(annotation=generic or f"{short}.{name}", line=f"import {module} as {short}")
    return _named(step, short, module, hint)


def _named(step: Step, name: str, origin: str, hint: _Hint) -> _Hint:
    """The hint without its import where the step has it, and none where the name is something else's."""
    known = _imported(step)
    if name in known:
        return replace(hint, line="") if known[name] == origin else _UNKNOWN
    return _UNKNOWN if _says(step, name) else hint


def _imported(step: Step) -> dict[str, str]:
    """What the imports at the top of the module bind."""
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse("\n".join(step.imports))):
        if isinstance(node, ast.Import):
            found |= {
                a.asname or a.name.split(".")[0]: a.name if a.asname else a.name.split(".")[0] for a in node.names
            }
        elif isinstance(node, ast.ImportFrom):
            found |= {a.asname or a.name: f"{'.' * node.level}{node.module or ''}.{a.name}" for a in node.names}
    return found


def _says(step: Step, name: str) -> bool:
    """Whether the name means something in the step's module already."""
    texts = [*step.imports, *(fragment.text for fragment in (*step.local, *step.body))]
    names = {v.name for v in (*step.inputs, *step.outputs)} | {*step.functions, step.name}
    return name in names or any(re.search(rf"\b{re.escape(name)}\b", text) for text in texts)


def _measured(step: Step, trace: Trace) -> Measured | None:
    cells = [cell for number in step.cells if (cell := trace.of(number))]
    if not cells:
        return None
    return Measured(seconds=sum(cell.seconds for cell in cells), peak_memory=max(cell.peak_memory for cell in cells))
