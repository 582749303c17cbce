"""One step under somebody else's orchestrator, which owns order and retries; results go by the artifacts.

    python -m nb2prod.runtime.steps.alone PROJECT --run RUN --artifacts URL --step train
    python -m nb2prod.runtime.steps.alone PROJECT --run RUN --artifacts URL --finish

PROJECT is the project's folder, or the name of a package that is installed. Each step leaves its answer in the
artifacts as runs/RUN/STEP.json, where the steps after it find it; `--finish` joins them to runs/RUN/run.json.
A step that is run again for the same run takes what it gave before, unless something that it depends on changed.
The last line of the output is JSON: of a step how it went, of `--finish` the run's metrics.

Exit codes: 0 completed   2 nothing was started   3 the step failed   4 its timeout   130 interrupted
           75 the step failed, and by its policy another try is worth it (EX_TEMPFAIL)
"""

import argparse
import ctypes
import json
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any  # JSON

from nb2prod.runtime.data import outgoing
from nb2prod.runtime.errors import ParameterError, ProjectError, RuntimeTrouble, StepFailed
from nb2prod.runtime.failures.attempts import facts_of, worth_retrying
from nb2prod.runtime.failures.failure import reason_of
from nb2prod.runtime.parameters import coerce, specs_of
from nb2prod.runtime.project import Policy, Settings, read_settings
from nb2prod.runtime.results.artifacts import Artifacts, open_artifacts
from nb2prod.runtime.running.calling import call_of
from nb2prod.runtime.running.graph import Graph, GraphStep, graph_of
from nb2prod.runtime.running.ledger import answer_is_worth, notes_of, trouble_of
from nb2prod.runtime.running.plan import ancestors_in
from nb2prod.runtime.running.workplace import import_module, root_of
from nb2prod.runtime.steps.calls import Answer, StepCall
from nb2prod.runtime.steps.worker import carry_out
from nb2prod.runtime.telling.record import encode

__all__ = ["finish_run", "main", "run_step"]

_TRY_AGAIN = 75
_PDEATHSIG = 1  # of prctl(2)


def run_step(
    package: str,
    step: str,
    *,
    run: str,
    artifacts: str,
    parameters: Mapping[str, object] | None = None,
    project: str = "",
    attempt: int = 1,
    environment: str = "",
) -> dict[str, Any]:
    """Carry out one step of a run: {step, status, cached, seconds, metrics}.

    `attempt` 0 is one more than this run knows of. Raises StepFailed and StepTimeout, ProjectError and ParameterError;
    the exit_code of a StepFailed tells whether another try is worth it.
    """
    settings = _project(package, project, environment)
    graph = _graph(package, project, environment)
    found = _step(graph, step)
    store = open_artifacts(artifacts)
    attempt = attempt or _next_attempt(store, run, step)
    call = _call(settings, graph, found, store, _name(run), artifacts, _checked(settings, parameters or {}), attempt)
    answer = carry_out(call)
    store.put_text(_text(run, step), answer.to_json().encode())
    if answer.status != "completed":
        raise _trouble(settings, found, answer, call)
    return {
        "step": step,
        "status": answer.status,
        "cached": answer.cached,
        "seconds": answer.measured.get("seconds", 0),
        "metrics": dict(answer.metrics),
    }


def finish_run(
    package: str,
    *,
    run: str,
    artifacts: str,
    parameters: Mapping[str, object] | None = None,
    project: str = "",
    environment: str = "",
) -> dict[str, float]:
    """Join the answers of a run's steps to its record; its metrics. Raises StepFailed when one has not completed."""
    settings = _project(package, project, environment)
    graph = _graph(package, project, environment)
    store = open_artifacts(artifacts)
    answers = {step.name: _answer(store, run, step.name) for step in graph.steps}
    missing = [name for name, answer in answers.items() if answer is None or answer.status != "completed"]
    metrics = {name: value for answer in answers.values() if answer for name, value in answer.metrics.items()}
    steps = [{"name": name, **_shown(answer)} for name, answer in answers.items()]
    record = {
        "format": 1,
        "run": run,
        "pipeline": settings.name,
        "package": settings.package,
        "notebook": settings.notebook,
        "status": "failed" if missing else "completed",
        "parameters": {name: encode(value) for name, value in _checked(settings, parameters or {}).items()},
        "metrics": metrics,
        "steps": steps,
    }
    store.put_text(f"runs/{_name(run)}/run.json", json.dumps(record, indent=1, default=repr).encode())
    if missing:
        raise StepFailed(
            pipeline=settings.name, step=missing[0], where=f"run {run}", reason="it has not completed in this run"
        )
    outgoing.publish(_Results(graph, answers, store), settings)
    return metrics


class _Results(Mapping[str, Any]):
    """What the pipeline gives, each read when it is looked at."""

    def __init__(self, graph: Graph, answers: Mapping[str, Answer | None], store: Artifacts) -> None:
        self.graph, self.answers, self.store = graph, answers, store

    def __getitem__(self, name: str) -> Any:
        where = self.graph.results[name]
        answer = self.answers[where["step"]]
        assert answer is not None
        value = self.store.get_value(answer.bundle)
        return getattr(value, where["field"]) if where["field"] else value

    def __iter__(self) -> Iterator[str]:
        return iter(self.graph.results)

    def __len__(self) -> int:
        return len(self.graph.results)


def _call(
    settings: Settings,
    graph: Graph,
    step: GraphStep,
    store: Artifacts,
    run: str,
    artifacts: str,
    parameters: Mapping[str, object],
    attempt: int,
) -> StepCall:
    before = {name: _needed(store, settings, run, step.name, name) for name in _ancestors(graph, step)}
    policy = _policy(settings, step)
    return call_of(
        settings,
        policy,
        run=run,
        step=step.name,
        attempt=attempt,
        function=step.function,
        inputs={name: _input(where, before, parameters) for name, where in step.inputs.items()},
        carried=tuple(answer.left for answer in before.values() if answer.left),
        unkept=tuple(key for answer in before.values() for key in answer.unkept),
        artifacts=artifacts,
        timeout=policy.timeout,
    )


def _input(
    where: Mapping[str, Any], before: Mapping[str, Answer], parameters: Mapping[str, object]
) -> Mapping[str, Any]:
    if "parameter" in where:
        return {"value": encode(parameters[where["parameter"]])}
    return before[where["step"]].given(where["field"]) if "step" in where else where


def _ancestors(graph: Graph, step: GraphStep) -> list[str]:
    """All that must have ended, in the notebook's order."""
    known = {each.name: each for each in graph.steps}
    found = ancestors_in(lambda each: known[each].before, step.name)
    return [each.name for each in graph.steps if each.name in found]


def _needed(store: Artifacts, settings: Settings, run: str, step: str, name: str) -> Answer:
    answer = _answer(store, run, name)
    if answer is None or answer.status != "completed":
        how = "has not run" if answer is None else "has not completed"
        raise StepFailed(
            pipeline=settings.name, step=step, where=f"run {run}", reason=f"step '{name}', which it needs, {how}"
        )
    return answer


def _answer(store: Artifacts, run: str, step: str) -> Answer | None:
    content = store.get_text(_text(run, step))
    return None if content is None else Answer.from_json(content.decode())


def _next_attempt(store: Artifacts, run: str, step: str) -> int:
    """For who is not told which try it is. It is kept before the try, since one may be killed."""
    name = f"runs/{_name(run)}/{step}.attempts"
    number = int(store.get_text(name) or b"0") + 1
    store.put_text(name, str(number).encode())
    return number


def _trouble(settings: Settings, step: GraphStep, answer: Answer, call: StepCall) -> RuntimeTrouble:
    policy, notes = _policy(settings, step), notes_of(answer.error)
    trouble = trouble_of(answer, pipeline=settings.name, step=step.name, seconds=call.timeout, notes=notes)
    if policy.retries and answer_is_worth(answer, policy):
        trouble.exit_code = _TRY_AGAIN
    return trouble


def _policy(settings: Settings, step: GraphStep) -> Policy:
    return settings.steps.get(step.function.partition(":")[2], Policy())


def _shown(answer: Answer | None) -> dict[str, Any]:
    if answer is None:
        return {"status": "missing"}
    error = {"error": dict(answer.error)} if answer.error else {}
    about = {"inputs": answer.inputs, "outputs": answer.outputs, "metrics": dict(answer.metrics)}
    return {"status": answer.status, "cached": answer.cached, **about, **answer.measured, **error}


@cache
def _project(package: str, project: str, environment: str) -> Settings:
    """Raises ProjectError."""
    root = Path(project) if project else root_of(package)
    settings = read_settings(root, package, environment)
    for place in (str(settings.root / "src"), str(settings.workdir)):
        if Path(place).is_dir() and place not in sys.path:
            sys.path.append(place)
    return settings


@cache
def _graph(package: str, project: str, environment: str) -> Graph:
    return graph_of(_project(package, project, environment))


def _checked(settings: Settings, given: Mapping[str, object]) -> dict[str, object]:
    """All parameters, those that are not given at their defaults. Raises ParameterError."""
    specs = specs_of(import_module(f"{settings.package}.parameters", settings).Parameters)
    return {**{spec.name: spec.default for spec in specs}, **coerce(given, specs)}


def _step(graph: Graph, name: str) -> GraphStep:
    for step in graph.steps:
        if step.name == name:
            return step
    raise ProjectError(f"{graph.package} has no step '{name}'; there are {', '.join(s.name for s in graph.steps)}")


def _name(run: str) -> str:
    if not run or Path(run).name != run or run in (".", ".."):
        raise ProjectError(f"{run!r} cannot name a run: it becomes a folder's name")
    return run


def _text(run: str, step: str) -> str:
    return f"runs/{_name(run)}/{step}.json"


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return _main(options)
    except RuntimeTrouble as trouble:
        print(f"error: {trouble}", file=sys.stderr)
        return trouble.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except Exception as error:  # of the artifacts, outside the step
        print(f"error: {reason_of(error)}", file=sys.stderr)
        return _TRY_AGAIN if worth_retrying(facts_of(error), Policy()) else 3


def _main(options: argparse.Namespace) -> int:
    folder = Path(options.project)
    project = str(folder) if folder.is_dir() else ""
    package = read_settings(folder).package if project else options.project
    given = {"run": options.run, "artifacts": options.artifacts, "project": project, "environment": options.env}
    parameters = dict(_pair(text) for text in options.parameter)
    if options.with_parent:
        _end_with_parent()
    if options.finish:
        done = finish_run(package, parameters=parameters, **given)
    else:
        done = run_step(package, options.step, attempt=options.attempt, parameters=parameters, **given)
    print(f"\n{json.dumps(done)}")  # a line of its own, whatever the step has printed
    return 0


def _end_with_parent() -> None:
    """Have the system kill this process when the one that started it is gone, also in a step that hears nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ParameterError(f"-p {text!r} is not NAME=VALUE")
    return name.strip(), value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m nb2prod.runtime.steps.alone", allow_abbrev=False, description="Run one step of a pipeline."
    )
    parser.add_argument("project", metavar="PROJECT", help="the project's folder, or an installed package")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--step", metavar="NAME", help="the step to run")
    what.add_argument("--finish", action="store_true", help="join what the steps gave, and show the run's metrics")
    parser.add_argument("--run", required=True, help="a name for the run, the same for all its steps")
    parser.add_argument("--artifacts", required=True, metavar="URL", help="where results are: a path or a URL")
    parser.add_argument(
        "--attempt", type=int, default=1, metavar="N", help="which try of the step this is; 0: one more than the last"
    )
    parser.add_argument("--with-parent", action="store_true", help="end with the process that started this (Linux)")
    parser.add_argument("--env", default="", metavar="NAME", help="the [env.NAME] of pipeline.toml")
    parser.add_argument(
        "-p", "--parameter", action="append", default=[], metavar="NAME=VALUE", help="a parameter; may be repeated"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
