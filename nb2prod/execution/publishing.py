"""Handing over what an attempt made: to the output's place when one is named, and to the store as artifacts."""

import ast
import hashlib
from collections.abc import Sequence

from nb2prod.errors import InvalidOption
from nb2prod.execution.attempt import Attempt, Product
from nb2prod.execution.job_parameters import Secret, from_store
from nb2prod.execution.log import NAME as LOG
from nb2prod.execution.output_paths import Target, expand, refuse_input
from nb2prod.execution.whole_files import write_whole

__all__ = ["OutputTaken", "publish", "publish_log", "reserve"]


class OutputTaken(InvalidOption):
    def __init__(self, url: str, holder: str) -> None:
        super().__init__("--output", f"{url} is being written by run {holder}; wait for it, or name another output")
        self.holder = holder


def reserve(attempt: Attempt) -> Target | None:
    """The output's place, ours alone until the run ends; None: the run's own folder. Raises InvalidOption."""
    template = attempt.definition.settings.output
    if not template:
        return None
    target = Target.of(expand(template, _fields(attempt), _named(attempt)), attempt.stem)
    refuse_input(target, attempt.definition.path)
    holder = attempt.store.reserve_output(target.notebook, attempt.run.id)
    if holder:
        raise OutputTaken(target.notebook, holder)
    return target


def publish(attempt: Attempt, products: Sequence[Product], target: Target | None) -> str:
    """Where the notebook is now. Raises NotWritten, Superseded."""
    first = ""
    for product in products:
        content = product.path.read_bytes()
        url = str(product.path)
        if target is not None and product.suffix:
            url = write_whole(target.beside(product.suffix), content).url
        _add(attempt, product.kind, url, content)
        first = first or url
    return first


def publish_log(attempt: Attempt) -> None:
    path = attempt.folder / LOG
    if path.is_file():
        _add(attempt, "log", str(path), path.read_bytes())


def _add(attempt: Attempt, kind: str, url: str, content: bytes) -> None:
    attempt.store.add_artifact(
        run_id=attempt.run.id,
        attempt=attempt.number,
        name=url.rpartition("/")[2],
        kind=kind,
        url=url,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
    )


def _fields(attempt: Attempt) -> dict[str, object]:
    run = attempt.run
    return {
        "name": attempt.definition.name,
        "run": run.id,
        "attempt": run.attempt,
        "date": f"{attempt.started:%Y-%m-%d}",
        "time": f"{attempt.started:%H%M%S}",
        "due": run.due_at or run.created_at,
    }


def _named(attempt: Attempt) -> dict[str, object]:
    """The parameters' values by their names: those given, else the defaults. A secret names no file."""
    given = from_store(attempt.run.parameters)
    known = {name: _default(text) for name, _, text, _ in attempt.definition.parameters}
    return {name: value for name, value in {**known, **given}.items() if not isinstance(value, Secret)}


def _default(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
