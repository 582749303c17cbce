"""Everything a template needs, decided: the templates only place it."""

import ast
import builtins
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from nb2prod.model.pipeline import DataSource, Fragment, Parameter, Pipeline, Step
from nb2prod.runtime.data.tables import is_database
from nb2prod.source import PythonName, indent

_OURS = {"parameters", "step", "run", "Results", "Parameters", "StepRunner", "NamedTuple", "Any", "Mapping"}
_OURS |= {"HIDDEN_STATE"}
_TYPES = {"int", "float", "str", "bool", "bytes", "list", "dict", "tuple", "set", "frozenset"}


@dataclass(frozen=True, kw_only=True)
class StepView:
    name: str
    alias: str  # what pipeline.py calls the function
    call: str  # the statement in pipeline.run
    module_doc: str
    doc: str
    future: tuple[str, ...]
    typing: str  # the import of what the signature needs, "" when it needs nothing
    imports: tuple[str, ...]
    functions: tuple[str, ...]
    arguments: list[str]  # their names, sorted
    signature: str
    returns: str
    fields: tuple[tuple[str, str], ...]  # of the outputs' class, when there are several
    body: str
    result: str
    measured: str
    step: Step


@dataclass(frozen=True, kw_only=True)
class ParameterView:
    name: str
    annotation: str
    default: str  # as code
    shown: str  # as a reader writes it
    comment: str


@dataclass(frozen=True, kw_only=True)
class DataView:
    name: str
    path: str  # as TOML
    mode: str
    said: str  # where it stands in the notebook
    url: str  # an example, as TOML
    steps: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class View:
    pipeline: Pipeline
    doc: str
    parameters: tuple[ParameterView, ...]
    parameters_imports: tuple[str, ...]
    example: str  # of a parameter on the command line
    steps: tuple[StepView, ...]
    results: tuple[tuple[str, str], ...]  # field, local name in run
    functions_future: tuple[str, ...]
    functions_imports: tuple[str, ...]
    functions: str
    data: tuple[DataView, ...]
    places: tuple[str, ...]  # data that stays in the code, a line each
    state: tuple[tuple[str, tuple[str, ...]], ...]


def view_of(pipeline: Pipeline) -> View:
    names = {v.name for step in pipeline.steps for v in (*step.inputs, *step.outputs)}
    names |= {p.name for p in pipeline.parameters} | {step.name for step in pipeline.steps}
    taken = {v.name for step in pipeline.steps for v in (*step.inputs, *step.outputs)}
    locals_: dict[str, str] = {name: free(name, names | _OURS) if name in _OURS else name for name in sorted(taken)}
    given: set[str] = set()
    steps = []
    for step in pipeline.steps:
        steps.append(_step(step, pipeline, frozenset(given), locals_))
        given |= {variable.name for variable in step.outputs}
    future, imports = _split(pipeline.functions_imports)
    parameters = tuple(_parameter(parameter) for parameter in pipeline.parameters)
    return View(
        pipeline=pipeline,
        doc=doc(pipeline.title),
        parameters=parameters,
        parameters_imports=_parameters_imports(parameters),
        example=next((_option(p.name, p.default) for p in pipeline.parameters if type(p.default) in (int, float)), ""),
        steps=tuple(steps),
        results=tuple(zip(_fields(pipeline.results), (locals_[name] for name in pipeline.results), strict=True)),
        functions_future=future,
        functions_imports=imports,
        functions="\n\n\n".join(fragment.text.strip("\n") for fragment in pipeline.functions),
        data=tuple(_data(source, pipeline) for source in pipeline.data if source.mode),
        places=tuple(_place(source) for source in pipeline.data if not source.mode),
        state=tuple((step.name, step.state) for step in pipeline.steps if step.state),
    )


def doc(text: str) -> str:
    """Text that can stand between triple quotes and never ends them."""
    return plain(text).replace("\\", "\\\\").replace('"', '\\"')


def plain(text: str) -> str:
    """Text as one line of what can be printed."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def measured_in_words(step: Step) -> str:
    """1.3 s, at most 310 MB in use; "" when the step was not seen to run."""
    if step.measured is None:
        return ""
    return f"{step.measured.seconds:.2g} s, at most {step.measured.peak_memory / 1e6:.0f} MB in use"


def cells_in_words(cells: tuple[int, ...]) -> str:
    """cell 3; cells 3 and 4; cells 3, 4 and 7"""
    if len(cells) == 1:
        return f"cell {cells[0]}"
    return f"cells {', '.join(str(cell) for cell in cells[:-1])} and {cells[-1]}"


def _step(step: Step, pipeline: Pipeline, given: frozenset[str], locals_: dict[str, str]) -> StepView:
    carried = tuple(v for v in step.inputs if v.name in given)
    rest = tuple(v for v in step.inputs if v.name not in given)
    taken = {*locals_.values(), *_OURS, *(p.name for p in pipeline.parameters)}
    alias = free(f"{step.name}_step", taken | {s.name for s in pipeline.steps}) if step.name in taken else step.name
    arguments = [alias, *(locals_[v.name] for v in carried), *(f"{v.name}=parameters.{v.name}" for v in rest)]
    arguments += [f"{data.name}={data.text!r}" for data in step.data]
    names = [locals_[v.name] for v in step.outputs]
    target = f"{', '.join(names)} = " if names else ""
    types = {str(p.name): _parameter_type(p) for p in pipeline.parameters if p.name not in given}
    future, imports = _split(step.imports)
    returns, fields, result = _outputs(step)
    typed = [f"{v.name}: {types.get(v.name, v.annotation)}" for v in (*carried, *rest)]
    signature = ", ".join([*typed, *(f"{data.name}: str" for data in step.data)])
    return StepView(
        name=step.name,
        alias=alias,
        call=f"{target}step({', '.join(arguments)})",
        module_doc=f"{cells_in_words(step.cells).capitalize()} of {doc(pipeline.notebook)}.",
        doc=doc(step.summary),
        future=future,
        typing=_typing(signature, returns, fields),
        imports=imports,
        functions=tuple(step.functions),
        arguments=sorted([*(str(v.name) for v in step.inputs), *(str(data.name) for data in step.data)]),
        signature=signature,
        returns=returns,
        fields=fields,
        body=_body(step),
        result=result,
        measured=measured_in_words(step),
        step=step,
    )


def _typing(signature: str, returns: str, fields: tuple[tuple[str, str], ...]) -> str:
    annotations = " ".join([signature, returns, *(annotation for _, annotation in fields)])
    wanted = (("Any", re.search(r"\bAny\b", annotations)), ("NamedTuple", fields))
    names = [name for name, needed in wanted if needed]
    return f"from typing import {', '.join(names)}" if names else ""


def _outputs(step: Step) -> tuple[str, tuple[tuple[str, str], ...], str]:
    if not step.outputs:
        return "None", (), ""
    names = [variable.name for variable in step.outputs]
    if len(names) == 1:
        return step.outputs[0].annotation, (), f"return {names[0]}"
    words = set(re.findall(r"\w+", "\n".join(f.text for f in (*step.local, *step.body)))) | {*step.imports, *names}
    cls = free("".join(part.capitalize() for part in step.name.split("_")) + "Outputs", words)
    fields = tuple(zip(_fields(names), (variable.annotation for variable in step.outputs), strict=True))
    return cls, fields, f"return {cls}({', '.join(names)})"


def _body(step: Step) -> str:
    many = len({fragment.cell for fragment in step.body}) > 1
    parts = [fragment.text.strip("\n") for fragment in step.local]
    cell = 0
    for fragment in step.body:
        if many and fragment.cell != cell:
            parts.append(f"# cell {fragment.cell}")
        parts.append(fragment.text.strip("\n"))
        cell = fragment.cell
    return indent("\n".join(parts)) if parts else ""


def fragments_of(step: Step) -> tuple[Fragment, ...]:
    return (*step.local, *step.body)


def _split(imports: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    lines = tuple(imports)
    future = tuple(line for line in lines if line.startswith("from __future__"))
    return future, tuple(line for line in lines if line not in future)


def _parameter(parameter: Parameter) -> ParameterView:
    default = shown = _literal(parameter.default)
    if isinstance(parameter.default, list | dict | set):
        default = f"field(default_factory=lambda: {default})"
    comment = plain(parameter.comment)
    return ParameterView(
        name=parameter.name, annotation=_parameter_type(parameter), default=default, shown=shown, comment=comment
    )


def _parameters_imports(parameters: tuple[ParameterView, ...]) -> tuple[str, ...]:
    field = ", field" if any(parameter.default.startswith("field(") for parameter in parameters) else ""
    lines = [f"from dataclasses import dataclass{field}"]
    if any(re.search(r"\bAny\b", parameter.annotation) for parameter in parameters):
        lines.append("from typing import Any")
    return tuple(lines)


def _option(name: str, value: object) -> str:
    return f"--{name.replace('_', '-')} {value!r}"


def _data(source: DataSource, pipeline: Pipeline) -> DataView:
    done = {"read": "read", "write": "written", "update": "read and written", "connect": "opened by the code"}
    said = f"{done[source.mode]} in {cells_in_words((source.cell,))}, line {source.line}"
    if source.stays:
        said += f"; it stands in {cells_in_words(source.stays)} too, and stays there as it is"
    return DataView(
        name=source.name,
        path=json.dumps(source.url, ensure_ascii=False),
        mode=source.mode,
        said=said,
        url=json.dumps(_example(source), ensure_ascii=False),
        steps=tuple(str(step.name) for step in pipeline.steps if source.name in {data.name for data in step.data}),
    )


def _example(source: DataSource) -> str:
    """Another place that it could have."""
    if source.mode == "connect" and is_database(source.url):
        scheme, _, rest = source.url.partition("://")
        return f"{scheme}://{{env:DB_USER}}:{{env:DB_PASSWORD}}@{rest.rpartition('@')[2].lstrip('/')}"
    if source.mode == "connect":
        return source.url
    name = source.url.partition("?")[0].rstrip("/").rpartition("/")[2]
    return f"s3://bucket/{name or source.name}"


def _place(source: DataSource) -> str:
    """One line of a comment, whatever the address has in it; a password in it is not repeated."""
    done = "written" if source.writes else "read"
    url = re.sub(r"(://[^/@:]*):[^/@]*@", r"\1:***@", source.url)
    return f"{source.name} = {json.dumps(url)}, {done} in cell {source.cell}, line {source.line}"


def _parameter_type(parameter: Parameter) -> str:
    try:
        tree = ast.parse(parameter.annotation, mode="eval")
    except SyntaxError:
        return "Any"
    allowed = (ast.Expression, ast.Name, ast.Subscript, ast.BinOp, ast.BitOr, ast.Tuple, ast.Constant, ast.Load)
    known = all(isinstance(node, allowed) for node in ast.walk(tree))
    known = known and {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} <= _TYPES | {"Any"}
    if not known:
        return "Any"
    bare = {"list": "list[Any]", "dict": "dict[Any, Any]", "tuple": "tuple[Any, ...]", "set": "set[Any]"}
    return bare.get(parameter.annotation, ast.unparse(tree))


def _literal(value: object) -> str:
    if isinstance(value, float) and repr(value) in ("inf", "-inf", "nan"):
        return f'float("{value}")'
    return repr(value)


def _fields(names: Iterable[str]) -> tuple[PythonName, ...]:
    """Names that a NamedTuple allows: none starts with an underscore, none hides a method of tuple."""
    every, found = set(names := list(names)), list[PythonName]()
    for name in names:
        plain = name.lstrip("_") or "value"
        wrong = plain != name or name in ("count", "index")
        found.append(PythonName(free(plain, every | set(found) | {"count", "index"}) if wrong else name))
    return tuple(found)


def free(name: str, taken: Iterable[str]) -> str:
    used = {*taken, *dir(builtins)}
    while name in used or not name.isidentifier():
        name = f"{name}_"
    return name
