"""nb2prod beside soorgeon and Kale on the same tagged notebooks: what each converts, runs and computes the same.

    python benchmarks/peers.py                    # the small notebooks of the law, and example_notebooks/
    python benchmarks/peers.py --corpus NAME      # and the notebooks of .cache/corpus/notebooks/NAME, by their headings
    python benchmarks/peers.py --peers soorgeon   # only some; --every 10 takes each tenth small notebook

Each peer is installed from PyPI into an environment of its own under .cache/peers; peer_sides/ says how each is driven.
A last step asks each converted notebook for all final values, which are compared with those of the notebook itself.
"""

import argparse
import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SIDES = ROOT / "benchmarks" / "peer_sides"
sys.path[:0] = [str(ROOT), str(SIDES), str(ROOT / "tests")]

from nb2prod.errors import Nb2ProdError  # noqa: E402
from nb2prod.model.notebook import Notebook, RoleKind  # noqa: E402
from nb2prod.notebooks.read import read_notebook  # noqa: E402
from nb2prod.notebooks.roles import roles_of  # noqa: E402

ENVIRONMENTS = ROOT / ".cache" / "peers"
ROUNDS = 3
LIBRARIES = ("ipykernel", "numpy", "pandas", "scikit-learn", "matplotlib")
# of each peer what PyPI calls it, and the command that converts `notebook.ipynb`
PACKAGES = {"soorgeon": ("soorgeon==0.0.20", "ploomber==0.23.3"), "kale": ("kubeflow-kale==2.3.0",)}
COMMANDS = {
    "nb2prod": ("-m", "nb2prod", "convert", "--no-record", "notebook.ipynb", "-o", "project"),
    "soorgeon": ("-c", "from soorgeon.cli import cli; cli()", "refactor", "notebook.ipynb"),
    "kale": ("-m", "kale.cli", "--nb", "notebook.ipynb"),
}
OUTCOMES = ("equal", "different", "fails", "refused")
Case = dict[str, Any]  # as peer_sides/side.py has it
Answer = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Peer:
    """`trouble` says why there is no such peer here."""

    name: str
    python: str = ""
    trouble: str = ""


def main() -> None:
    options = read_options()
    peers = [install(name) for name in options.peers]
    sets = {"law": law_cases()[:: options.every], "examples": example_cases()}
    sets |= {name: corpus_cases(name) for name in options.corpus}
    for name, cases in sets.items():
        told = with_names(cases)
        print(f"\n### {name}: {len(told)} notebooks", flush=True)
        answers = {peer.name: ask(peer, told) for peer in peers if not peer.trouble}
        print("\n".join(table(peers, answers, len(told))), flush=True)
        if options.answers:
            Path(f"{options.answers}_{name}.json").write_text(json.dumps(answers, indent=1), encoding="utf-8")
    print("\n### CPU seconds of one conversion, the whole command, medians\n")
    print("\n".join(cpu_table([peer for peer in peers if not peer.trouble], cpu_cases())))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", nargs="+", default=list(COMMANDS), choices=list(COMMANDS))
    parser.add_argument("--corpus", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--every", type=int, default=1, metavar="N")
    parser.add_argument(
        "--answers", metavar="PATH", help="write what each peer did with each notebook to PATH_SET.json"
    )
    return parser.parse_args()


# ---------------------------------------------------------------------- environments


def install(name: str) -> Peer:
    """The peer's interpreter; nb2prod's is this one."""
    if name == "nb2prod":
        return Peer(name=name, python=sys.executable)
    folder = ENVIRONMENTS / name
    python = folder / "bin" / "python"
    done, wanted = folder / "installed.txt", "\n".join((*PACKAGES[name], *LIBRARIES))
    if not done.is_file() or done.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        for command in _installing(folder, python, (*PACKAGES[name], *LIBRARIES)):
            ended = subprocess.run(command, capture_output=True, text=True, check=False)
            if ended.returncode:
                return Peer(name=name, trouble=(ended.stderr.strip().splitlines() or ["no reason given"])[-1])
        done.write_text(wanted, encoding="utf-8")
    return Peer(name=name, python=str(python))


def _installing(folder: Path, python: Path, packages: tuple[str, ...]) -> list[list[str]]:
    beside = Path(sys.executable).with_name("uv")
    uv = shutil.which("uv") or (str(beside) if beside.is_file() else "")
    if uv:
        create = [uv, "venv", "--quiet", "--python", sys.executable, str(folder)]
        return [create, [uv, "pip", "install", "--quiet", "--python", str(python), *packages]]
    create = [sys.executable, "-m", "venv", str(folder)]
    return [create, [str(python), "-m", "pip", "install", "--quiet", *packages]]


# ---------------------------------------------------------------------- notebooks


def law_cases() -> list[Case]:
    """The small notebooks that must convert the same or be refused; each cell is a step unless it has tags."""
    from law.sides import notebook_of

    texts = json.loads((ROOT / "tests/law/cases.json").read_text(encoding="utf-8"))
    return _told({name: notebook_of(cells) for name, cells in texts.items()})


def example_cases() -> list[Case]:
    found = {path.stem: read_notebook(path) for path in sorted((ROOT / "example_notebooks").glob("*.ipynb"))}
    return _told({name: notebook for name, notebook in found.items() if any(cell.tags for cell in notebook.cells)})


def corpus_cases(name: str) -> list[Case]:
    """Notebooks of others that have been fetched, tagged by their headings."""
    from corpus.tagging import tag_sample

    found = {}
    for path in sorted((ROOT / ".cache/corpus/notebooks" / name).rglob("*.ipynb")):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / path.name
            copy.write_bytes(path.read_bytes())
            try:
                tag_sample(copy, "headings")
                found[path.stem] = read_notebook(copy)
            except (Nb2ProdError, ValueError, KeyError):
                continue
    return _told(found)


def cpu_cases() -> list[Case]:
    """The examples, and two notebooks of plain work without magics, which Kale does not know."""
    from analysis_speed import notebook_of

    with tempfile.TemporaryDirectory() as folder:
        sized = {}
        for size in (50, 200):
            path = Path(folder) / f"cells_{size}.ipynb"
            text = json.dumps(notebook_of(size)).replace("%time ", "").replace("\\n%matplotlib inline", "")
            path.write_text(text, encoding="utf-8")
            sized[path.stem] = read_notebook(path)
    return [*example_cases(), *_told(sized)]


def _told(notebooks: Mapping[str, Notebook]) -> list[Case]:
    cases = []
    for name, notebook in notebooks.items():
        try:
            cells = list(_cells(notebook))
        except Nb2ProdError:  # tags that are wrong: nothing to compare
            continue
        if any(cell["step"] for cell in cells):
            cases.append({"name": name, "cells": cells})
    return cases


def _cells(notebook: Notebook) -> Iterable[dict[str, Any]]:
    """Code cells with what each is for; cells tagged `skip` are left out for everybody."""
    for cell, role in zip(notebook.cells, roles_of(notebook), strict=True):
        if role is not None and role.kind is not RoleKind.SKIP:
            source = plain(cell.source) if role.kind is RoleKind.PARAMETERS else cell.source
            yield {"kind": role.kind.value, "step": str(role.step or ""), "source": source}


def plain(source: str) -> str:
    """`n: int = 3` is our way to write a parameter, and soorgeon and Kale do not know it."""
    return re.sub(r"^(\w+) *:[^=\n]+=", r"\1 =", source, flags=re.MULTILINE)


def with_names(cases: list[Case]) -> list[Case]:
    """With the final values to ask for; without the notebooks that fail by themselves or end with no plain value."""
    with tempfile.TemporaryDirectory() as folder:
        given, told = Path(folder) / "cases.json", Path(folder) / "asked.json"
        given.write_text(json.dumps(cases), encoding="utf-8")
        _run(sys.executable, "oracle_side.py", str(given), str(told))
        asked: list[Case] = json.loads(told.read_text(encoding="utf-8"))
    return asked


# ---------------------------------------------------------------------- answers


def ask(peer: Peer, cases: list[Case]) -> list[Answer]:
    with tempfile.TemporaryDirectory() as folder:
        given, told = Path(folder) / "cases.json", Path(folder) / "answers.jsonl"
        given.write_text(json.dumps(cases), encoding="utf-8")
        _run(peer.python, "side.py", peer.name, str(given), str(told))
        return [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]


def _run(python: str, script: str, *arguments: str) -> None:
    subprocess.run([python, str(SIDES / script), *arguments], env=_environment(python), check=True)


def _environment(python: str) -> dict[str, str]:
    path = os.pathsep.join([str(Path(python).parent), os.environ.get("PATH", "")])
    quiet = {"PLOOMBER_STATS_ENABLED": "false", "MPLBACKEND": "Agg"}
    return {**os.environ, **quiet, "PATH": path, "PYTHONPATH": str(ROOT)}


def table(peers: Iterable[Peer], answers: Mapping[str, list[Answer]], count: int) -> Iterable[str]:
    yield "\n| | converted | runs | equal | silently different | fails at run | refused | CPU s of a conversion |"
    yield "|---|---|---|---|---|---|---|---|"
    for peer in peers:
        if peer.trouble:
            yield f"| {peer.name} | not installed: {peer.trouble} | | | | | | |"
            continue
        found = Counter(answer["outcome"] for answer in answers[peer.name])
        equal, different, fails, refused = (found[outcome] for outcome in OUTCOMES)
        spent = [answer["cpu"] for answer in answers[peer.name] if answer["outcome"] != "refused"]
        cpu = f"{statistics.median(spent):.2f}" if spent else ""
        yield (
            f"| {peer.name} | {count - refused} | {equal + different} | {equal} | {different} | {fails} | {refused} "
            f"| {cpu} |"
        )


# ---------------------------------------------------------------------- CPU


def cpu_table(peers: list[Peer], cases: list[Case]) -> Iterable[str]:
    """Interleaved: each round converts each notebook by each peer once."""
    spent: dict[tuple[str, str], list[float]] = {}
    for _ in range(ROUNDS):
        for case in cases:
            for peer in peers:
                spent.setdefault((case["name"], peer.name), []).append(cpu_seconds(peer, case))
    yield f"| notebook | code cells | {' | '.join(peer.name for peer in peers)} |"
    yield f"|---|---|{'---|' * len(peers)}"
    for case in cases:
        told = [_seconds(spent[case["name"], peer.name]) for peer in peers]
        yield f"| {case['name']} | {len(case['cells'])} | {' | '.join(told)} |"


def _seconds(rounds: list[float]) -> str:
    median = statistics.median(rounds)
    return "refused" if median < 0 else f"{median:.2f}"


def cpu_seconds(peer: Peer, case: Case) -> float:
    """CPU of the whole command and all that it starts; below 0 when it refuses."""
    import importlib

    side = importlib.import_module(f"{peer.name}_side")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "notebook.ipynb").write_text(json.dumps(side.notebook_of(case)), encoding="utf-8")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [peer.python, *COMMANDS[peer.name]]
        ended = subprocess.run(command, cwd=folder, env=_environment(peer.python), capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return -1.0 if ended.returncode else after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
