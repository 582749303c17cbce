"""soorgeon: a heading for each step, its tasks run one by one, each in a process of its own, as Ploomber does."""

import ast
import os
import sys
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from side import Case, Shell, code, heading, in_a_child, notebook, run_cells, run_command, values_of


def prepare() -> None:
    os.environ["PLOOMBER_STATS_ENABLED"] = "false"
    import soorgeon.cli  # noqa: F401


def notebook_of(case: Case) -> dict[str, Any]:
    cells, titles, last = [], set[str](), ""
    for cell in case["cells"]:
        title = cell["step"] or cell["kind"]
        if title != last:
            unique = title if title not in titles else f"{title} {len(titles)}"
            titles.add(unique)
            cells.append(heading(unique))
        last = title
        cells.append(code(cell["source"]))
    return notebook(cells)


def convert(path: Path) -> None:
    from soorgeon.cli import cli

    run_command(partial(cli, ["refactor", path.name]))


def run(folder: Path) -> dict[str, Any]:
    import yaml

    specs = {Path(spec["source"]).stem: spec for spec in yaml.safe_load(Path("pipeline.yaml").read_text())["tasks"]}
    tasks = {name: _read(spec["source"]) for name, spec in specs.items()}
    order = TopologicalSorter({name: _upstream(task) for name, task in tasks.items()}).static_order()
    products = {name: spec["product"] for name, spec in specs.items()}
    told: dict[str, Any] = {}
    for name in order:
        told, _cpu = in_a_child(folder, partial(_run_task, name, tasks[name], products))
        if "failed" in told:
            raise RuntimeError(f"task {name}: {told['failed']}")
        if told["values"]:
            return told["values"]
    raise RuntimeError("no task is left that asks")


def _read(source: str) -> Any:
    import nbformat

    return nbformat.read(source, as_version=4)


def _upstream(task: Any) -> list[str]:
    """What its parameters cell says: `upstream = ['load', 'clean']`, or None."""
    cell = next(cell for cell in task.cells if "parameters" in cell.metadata.get("tags", ()))
    assigned = [node for node in ast.parse(cell.source).body if isinstance(node, ast.Assign)]
    return next(ast.literal_eval(node.value) or [] for node in assigned if ast.unparse(node.targets[0]) == "upstream")


def _run_task(name: str, task: Any, products: dict[str, Any]) -> dict[str, Any] | None:
    sys.path.insert(0, str(Path.cwd()))
    shell = Shell()
    for cell in task.cells:
        if cell.cell_type != "code":
            continue
        if "parameters" in cell.metadata.get("tags", ()):
            shell.user_ns["upstream"] = {other: products[other] for other in _upstream(task)} or None
            shell.user_ns["product"] = products[name]
        else:
            run_cells(shell, [cell.source])
    return values_of(shell.user_ns["asked"]) if name == "asked" else None
