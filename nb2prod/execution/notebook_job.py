"""A notebook as a job: parameters checked first, papermill in a process of its own, a record whatever happens.

runs/ID/run.json         what was run, with which parameters, how it ended
runs/ID/source.ipynb     the notebook as it was
runs/ID/NAME.ipynb       the notebook with its outputs; it appears when the run has ended, whole
"""

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nb2prod.analysis.analyse import analyse
from nb2prod.errors import FolderNotOurs, ParameterRefused
from nb2prod.model.notebook import Notebook
from nb2prod.notebooks.read import read_notebook
from nb2prod.runtime.errors import ParameterError
from nb2prod.runtime.files import read_json, write_json
from nb2prod.runtime.parameters import Spec, coerce

__all__ = ["NotebookRun", "run_notebook"]

_GRACE = 5.0  # seconds between asking a process to end and ending it
_STATUS_CODES = {"completed": 0, "failed": 3, "timeout": 4, "died": 5, "interrupted": 130}


@dataclass(frozen=True, kw_only=True)
class NotebookRun:
    """How a run ended. `status` is completed, failed, timeout, died or interrupted; `cell` and `line` count from 1."""

    id: str
    record: Path
    output: Path
    status: str = "running"
    error: str = ""
    cell: int = 0
    line: int = 0
    seconds: float = 0.0

    @property
    def exit_code(self) -> int:
        return _STATUS_CODES[self.status]

    @property
    def message(self) -> str:
        if self.status == "completed":
            return f"completed in {self.seconds:.1f} s: {self.output}"
        place = f" at cell {self.cell}" if self.cell else ""
        place += f", line {self.line}" if self.line else ""
        return f"{self.status}{place}: {self.error}\nthe record is {self.record}"


def run_notebook(
    path: Path,
    parameters: Mapping[str, str],
    runs: Path,
    *,
    timeout: float | None = None,
    progress: Callable[[str], None] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> NotebookRun:
    """Run a notebook once in a folder of `runs`. `timeout` is in seconds, for the whole run.

    Raises NotebookNotReadable, ParameterRefused and FolderNotOurs before anything is started.
    """
    notebook = read_notebook(path)
    values = _checked(notebook, parameters)
    started = now()
    run = _open_run(notebook, runs, f"{started:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}")
    record = _first_record(run, notebook, path, values, started)
    write_json(run.record, record)
    done = _supervise(run, _order(run, path, values), timeout, progress or (lambda _: None))
    finished = now()
    done = replace(done, seconds=(finished - started).total_seconds())
    write_json(run.record, record | _last_record(done, finished))
    return done


def _checked(notebook: Notebook, parameters: Mapping[str, str]) -> dict[str, object]:
    """The given values with their types. Raises ParameterRefused."""
    if not parameters:
        return {}
    known = analyse(notebook).parameters
    if not known:
        raise ParameterRefused(f"{notebook.name} has no cell tagged `parameters`, so none can be given")
    specs = [Spec(name=p.name, annotation=p.annotation, default=p.default, comment=p.comment) for p in known]
    try:
        return coerce(parameters, specs)
    except ParameterError as error:
        raise ParameterRefused(str(error).replace("the pipeline", notebook.name)) from error


def _open_run(notebook: Notebook, runs: Path, identity: str) -> NotebookRun:
    folder = runs / identity
    try:
        folder.mkdir(parents=True)
        (folder / "source.ipynb").write_text(notebook.text, encoding="utf-8")
    except OSError as error:
        raise FolderNotOurs(runs, f"{error.strerror}; choose a folder that you can write with -o") from error
    output = folder / (Path(notebook.name).stem + ".ipynb")
    return NotebookRun(id=identity, record=folder / "run.json", output=output)


def _order(run: NotebookRun, path: Path, values: Mapping[str, object]) -> dict[str, Any]:
    folder = run.record.parent.resolve()
    return {
        "source": str(folder / "source.ipynb"),
        "output": str(folder / ".output.ipynb"),
        "answer": str(folder / ".answer.json"),
        "workdir": str(path.resolve().parent),
        "parameters": dict(values),
        "code": "".join(f"{name} = {_as_code(value)}\n" for name, value in values.items()),
    }


def _as_code(value: object) -> str:
    """The literal of a value. Papermill's own translation knows no tuples, sets, bytes, and no keys but texts."""
    match value:
        case float() if value != value or value in (float("inf"), float("-inf")):
            return f"float({str(value)!r})"
        case dict():
            return f"{{{', '.join(f'{_as_code(key)}: {_as_code(item)}' for key, item in value.items())}}}"
        case list():
            return f"[{', '.join(map(_as_code, value))}]"
        case tuple():
            return f"({''.join(f'{_as_code(item)}, ' for item in value)})"
        case set() if value:
            return f"{{{', '.join(sorted(map(_as_code, value)))}}}"
    return repr(value)


def _supervise(
    run: NotebookRun, order: Mapping[str, Any], timeout: float | None, progress: Callable[[str], None]
) -> NotebookRun:
    """The worker in a process group of its own, ended with all it started at the time limit or at Ctrl-C."""
    place = run.record.parent / ".order.json"
    write_json(place, order)
    log = (run.record.parent / "worker.log").open("w", encoding="utf-8")
    command = [sys.executable, "-P", "-m", "nb2prod.execution.notebook_worker", str(place.resolve())]
    with (
        log,
        _interrupted_by_term(),
        # the worker ends when its stdin does: with this process, however that ends
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
        ) as worker,
    ):
        reader = threading.Thread(target=_pass_on, args=(worker.stdout, progress))
        reader.start()
        try:
            worker.wait(timeout)
            ended = ""
        except subprocess.TimeoutExpired:
            ended = "timeout"
        except KeyboardInterrupt:
            ended = "interrupted"
        if ended:
            _end(worker)
        reader.join()
    done = _outcome(run, order, ended, timeout, worker.returncode)
    _keep_output(Path(order["output"]), run.output)
    for left in (place, Path(order["answer"])):
        left.unlink(missing_ok=True)
    return done


@contextlib.contextmanager
def _interrupted_by_term() -> Iterator[None]:
    """TERM, with which services are stopped, as Ctrl-C. Only the main thread may ask for that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:  # not by raising INT, which jobs in the background of a shell ignore
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _pass_on(lines: Any, progress: Callable[[str], None]) -> None:
    for line in lines:
        progress(line.rstrip("\n"))


def _end(worker: "subprocess.Popen[str]") -> None:
    """INT lets the worker close its kernel; what does not listen is killed, and a kernel ends with its parent."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(worker.pid, number)
            worker.wait(_GRACE)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
        else:
            return


def _outcome(run: NotebookRun, order: Mapping[str, Any], ended: str, timeout: float | None, code: int) -> NotebookRun:
    if ended == "timeout":
        return replace(run, status="timeout", error=f"it ran for over {timeout:g} s")
    if ended == "interrupted":
        return replace(run, status="interrupted", error="it was stopped from outside")
    answer = read_json(Path(order["answer"]), dict)
    if not answer:
        log = (run.record.parent / "worker.log").read_text(encoding="utf-8").strip().splitlines()
        return replace(run, status="died", error=log[-1] if log else f"its process ended with code {code}")
    found = {key: answer[key] for key in ("error", "cell", "line") if key in answer}
    return replace(run, status=answer["status"], **found)


def _keep_output(partial: Path, output: Path) -> None:
    """The output notebook appears whole, or not at all; the one of a failed run shows how far it came."""
    document = read_json(partial, dict)
    partial.unlink(missing_ok=True)
    if document:
        document["metadata"].setdefault("papermill", {}).update(input_path="source.ipynb", output_path=output.name)
        write_json(output, document)


def _first_record(
    run: NotebookRun, notebook: Notebook, path: Path, values: Mapping[str, object], started: datetime
) -> dict[str, Any]:
    return {
        "id": run.id,
        "kind": "notebook",
        "status": "running",
        "notebook": str(path),
        "sha256": notebook.sha256,
        "parameters": dict(values),
        "started": started.isoformat(),
        "finished": None,
        "seconds": None,
        "output": run.output.name,
        "error": None,
    }


def _last_record(done: NotebookRun, finished: datetime) -> dict[str, Any]:
    error = {"message": done.error, "cell": done.cell, "line": done.line} if done.error else None
    return {
        "status": done.status,
        "finished": finished.isoformat(),
        "seconds": round(done.seconds, 3),
        "output": done.output.name if done.output.is_file() else None,
        "error": error,
    }
