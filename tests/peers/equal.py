"""Each test notebook of nbclient and papermill, run by their engine and by ours: the same, but for ids and times."""

import contextlib
import json
import os
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient import NotebookClient
from peers.fetch import CACHE, source

from nb2prod.execution.kernels.client import WarmNotebookClient
from nb2prod.execution.kernels.order import KernelOrder

LIMIT = 60
# what differs between any two runs: addresses, processes, temporary names, times and ids
CHANGING = [
    (re.compile(r"0x[0-9a-f]{6,}"), "0x"),
    (re.compile(r"ipykernel_\d+"), "ipykernel_N"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+(Z|\+00:00)?"), "TIME"),
    (re.compile(r"\b[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\b"), "ID"),
    (re.compile(r"(?<=/)\d{3,}\.py"), "N.py"),
]
DROPPED = {"id", "start_time", "end_time", "duration", "execution", "output_path"}


def notebooks() -> Iterator[tuple[str, Path]]:
    for path in sorted((source("nbclient") / "tests/files").glob("*.ipynb")):
        yield "nbclient", path
    for path in sorted((source("papermill") / "papermill/tests/notebooks").rglob("*.ipynb")):
        yield "papermill", path


def plain(value: Any) -> Any:
    """Without what changes from run to run; what is printed in one piece."""
    if isinstance(value, dict):
        kept = {key: plain(item) for key, item in value.items() if key not in DROPPED}
        if isinstance(kept.get("outputs"), list):
            kept["outputs"] = joined(kept["outputs"])
        return kept
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str):
        for pattern, name in CHANGING:
            value = pattern.sub(name, value)
    return value


def joined(outputs: list[Any]) -> list[Any]:
    """Neighbouring streams are one, and the order between stdout and stderr, two pipes, is nobody's promise."""
    found: list[Any] = []
    for given in outputs:
        output = {**given, "text": "".join(given["text"])} if given["output_type"] == "stream" else dict(given)
        run = [one for one in found[-2:] if one["output_type"] == "stream"] if output["output_type"] == "stream" else []
        same = [one for one in run if one["name"] == output["name"]]
        if same:
            same[0]["text"] += output["text"]
        else:
            found.append(output)
    return found


def by_client(path: Path, ours: bool) -> Any:
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    client: NotebookClient
    options: dict[str, Any] = {"timeout": LIMIT, "allow_errors": path.stem != "Error", "kernel_name": "python3"}
    if ours:
        client = WarmNotebookClient(notebook, order=KernelOrder(cwd=str(path.parent)), **options)
    else:
        client = NotebookClient(notebook, resources={"metadata": {"path": str(path.parent)}}, **options)
    return outcome(client.execute, lambda: notebook)


def by_papermill(path: Path, ours: bool) -> Any:
    output = CACHE / "out.ipynb"
    output.unlink(missing_ok=True)

    def run() -> None:
        papermill.execute_notebook(
            str(path),
            str(output),
            engine_name="nb2prod" if ours else "nbclient",
            kernel_name="python3",
            progress_bar=False,
            cwd=str(path.parent),
        )

    return outcome(run, lambda: json.loads(output.read_text()) if output.exists() else None)


def outcome(run: Any, document: Any) -> Any:
    error = ""
    with warnings.catch_warnings(), contextlib.suppress(SystemExit):
        warnings.simplefilter("ignore")
        try:
            run()
        except Exception as caught:
            error = next(base.__name__ for base in type(caught).__mro__ if not base.__module__.startswith("nb2prod"))
    return {"error": error, "document": plain(json.loads(json.dumps(document())))}


def honest(theirs: Any) -> None:
    """Where the kernel dies papermill calls every cell completed. Ours does not, and that is right. Whether the dying
    kernel's word that a cell begins still arrives is chance."""
    for cell in (theirs["document"] or {}).get("cells", ()):
        cell["metadata"].pop("papermill", None)
        cell.pop("execution_count", None)
    if theirs["document"]:
        theirs["document"]["metadata"].pop("papermill", None)


def compare(kind: str, path: Path) -> str:
    """Empty when they are the same, else what differs."""
    run = by_client if kind == "nbclient" else by_papermill
    theirs, ours = run(path, False), run(path, True)
    if theirs["error"] == ours["error"] == "DeadKernelError":
        honest(theirs)
        honest(ours)
    if theirs == ours:
        return ""
    return f"theirs {json.dumps(theirs, indent=1)}\nours {json.dumps(ours, indent=1)}"


def main() -> None:
    os.environ.setdefault("NB2PROD_WARM_SECONDS", "60")
    differing = []
    wanted = sys.argv[1:]
    for kind, path in notebooks():
        if wanted and path.stem not in wanted:
            continue
        difference = compare(kind, path)
        print(f"{'differs' if difference else 'equal':8} {kind}: {path.stem}", flush=True)
        if difference:
            differing.append(path.stem)
            (CACHE / f"{path.stem}.difference.txt").write_text(difference)
    if differing:
        sys.exit(f"{len(differing)} differ; see {CACHE}/*.difference.txt")


if __name__ == "__main__":
    main()
