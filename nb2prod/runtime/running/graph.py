"""A project's steps as data: for other people's orchestrators, and whoever draws them.

    python -m nb2prod.runtime.running.graph PROJECT            JSON: parameters, steps, results

Its pipeline.run is called with references in the place of values. One that looks at a value has no graph that is
known before it runs, and is refused.
"""

import dataclasses
import importlib
import json
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any  # what the package's functions are given

from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.project import Settings, read_settings
from nb2prod.runtime.running.plan import Node, Plan, Ref, fields_of, stand_in
from nb2prod.runtime.telling.measure import outputs_of
from nb2prod.runtime.telling.record import encode

__all__ = ["Graph", "GraphStep", "graph_of", "import_package", "read_graph"]


@dataclass(frozen=True, kw_only=True)
class GraphStep:
    """`inputs` by name: {"step": NAME, "field": NAME} ("" is a single value), {"parameter": NAME}, or
    {"value": ...} as record.encode gives it. `outputs` are field names, ("",) for a single value. `before` are all
    steps that must have ended, also those that give it no value. `states` is hidden state that it touches."""

    name: str
    function: str
    summary: str
    inputs: Mapping[str, Mapping[str, Any]]
    outputs: tuple[str, ...]
    before: tuple[str, ...]
    states: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Graph:
    """`parameters` by name: the default, as record.encode gives it. `results` by name: {"step", "field"}."""

    package: str
    parameters: Mapping[str, Any]
    steps: tuple[GraphStep, ...]
    results: Mapping[str, Mapping[str, Any]]

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Graph":
        found = json.loads(text)
        steps = tuple(
            GraphStep(**{**step, **{key: tuple(step[key]) for key in ("outputs", "before", "states")}})
            for step in found.pop("steps")
        )
        return cls(**found, steps=steps)


@dataclass(frozen=True)
class _OfParameter:
    name: str


def read_graph(project: Path, environment: str = "") -> Graph:
    """Of a project's folder, in this process, which must not know a package of that name. Raises ProjectError."""
    settings = read_settings(project, environment=environment)
    sys.path.insert(0, str(settings.root / "src"))
    sys.path.append(str(settings.workdir))
    return graph_of(settings)


def graph_of(settings: Settings) -> Graph:
    """Of a package that can be imported. Raises ProjectError."""
    parameters, pipeline = import_package(settings)
    known = [each.name for each in dataclasses.fields(parameters)]
    plan = Plan(hidden=getattr(pipeline, "HIDDEN_STATE", {}), after=settings.after)
    given = object.__new__(parameters)
    for name in known:
        object.__setattr__(given, name, _OfParameter(name))
    try:
        results = pipeline.run(given, _recording(plan))
    except Exception as error:
        raise ProjectError(
            f"the steps of {settings.package} are not known before it runs: its pipeline.run does more than "
            f"call steps ({type(error).__name__}: {error})"
        ) from error
    return Graph(
        package=settings.package,
        parameters={name: encode(getattr(parameters(), name)) for name in known},
        steps=tuple(_step(node) for node in plan.nodes.values()),
        results={name: asdict(value) for name, value in _results(pipeline, results).items()},
    )


def import_package(settings: Settings) -> tuple[type[Any], Any]:
    """Its Parameters and its pipeline module. Raises ProjectError."""
    try:
        parameters = importlib.import_module(f"{settings.package}.parameters").Parameters
        return parameters, importlib.import_module(f"{settings.package}.pipeline")
    except (Exception, SystemExit) as error:
        raise ProjectError(f"cannot import {settings.package}: {type(error).__name__}: {error}") from error


def _recording(plan: Plan) -> Callable[..., Any]:
    def step(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        node = plan.add(function, args, kwargs)
        return stand_in(function, lambda field: Ref(node.name, field))

    return step


def _results(pipeline: Any, results: Any) -> dict[str, Ref]:
    found = results._asdict() if hasattr(results, "_asdict") else outputs_of(pipeline.run, results)
    return {name: value for name, value in found.items() if isinstance(value, Ref)}


def _step(node: Node) -> GraphStep:
    function = node.function
    return GraphStep(
        name=node.name,
        function=node.address,
        summary=(function.__doc__ or "").strip().partition("\n")[0],
        inputs={name: _input(value) for name, value in node.inputs.items()},
        outputs=fields_of(function) or (),
        before=node.before,
        states=tuple(sorted(node.states)),
    )


def _input(value: object) -> dict[str, Any]:
    if isinstance(value, Ref):
        return asdict(value)
    return {"parameter": value.name} if isinstance(value, _OfParameter) else {"value": encode(value)}


def main(arguments: list[str]) -> int:
    try:
        with redirect_stdout(sys.stderr):  # what the package prints when it is imported is no part of the graph
            graph = read_graph(Path(arguments[0]), *arguments[1:2])
    except ProjectError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(graph.to_json())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
