"""Run the corpus: fetch notebooks that none of us wrote, convert and verify each, print a table.

    python tests/corpus/run.py --only statsmodels --sample 20

Stages: `clean` (runs in a plain kernel), `convert`, `verify`. What is known is not done again (see results.py).
"""

import argparse
import fnmatch
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import psutil
from fetch import CACHE, SOURCES, Sample, samples
from report import print_report
from results import Result, Results, code_key, environment_key

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}


class Corpus:
    """The runs of one command line: which stage of which notebook is still to do, and how."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.results = Results()
        self.keys = {"clean": environment_key()}
        ours = f"{code_key()}-{self.keys['clean']}-{arguments.tags}"
        self.keys |= {"convert": ours, "verify": ours, "apart": ours}
        self.lock = Lock()

    def stage(self, stage: str, sample: Sample) -> Result:
        known = self.results.get(sample, stage, self.keys[stage])
        if known and not self.stale(known):
            return known
        began = time.monotonic()
        outcome, detail = self.execute(stage, sample)
        result = Result(
            source=sample.source,
            name=sample.name,
            sha=sample.sha,
            stage=stage,
            key=self.keys[stage],
            outcome=outcome,
            detail=detail,
            seconds=round(time.monotonic() - began, 1),
        )
        with self.lock:
            self.results.add(result)
            last = detail.strip().splitlines()[-1][:150] if detail else ""
            print(f"{stage:8} {outcome:10} {result.seconds:6.1f}s {sample.source}/{sample.name} {last}", flush=True)
        return result

    def stale(self, known: Result) -> bool:
        """What timed out may deserve more time; what is clean does not depend on us."""
        if known.outcome == "timeout":
            return bool(known.seconds < self.arguments.timeout)
        return bool(self.arguments.again) and known.stage != "clean"

    def execute(self, stage: str, sample: Sample) -> tuple[str, str]:
        folder = CACHE / "scratch" / self.arguments.tags / sample.source / sample.name
        if stage in ("clean", "convert"):
            shutil.rmtree(folder, ignore_errors=True)
            copy_with_data(sample.path, folder)
        notebook = folder / sample.path.name
        return in_process(stage, notebook, self.arguments)

    def follow(self, sample: Sample) -> None:
        """All stages of one notebook, as far as they make sense."""
        if self.stage("clean", sample).outcome != "clean" and not self.arguments.convert_all:
            return
        if self.arguments.until == "clean" or self.stage("convert", sample).outcome != "converted":
            return
        if self.arguments.until == "convert" or self.stage("clean", sample).outcome != "clean":
            return
        if self.stage("verify", sample).outcome == "equal" and self.arguments.until == "apart":
            self.stage("apart", sample)


def copy_with_data(notebook: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    for path in (notebook, *notebook.parent.iterdir()):
        if path == notebook or (path.is_file() and path.suffix != ".ipynb" and not path.name.startswith(".")):
            shutil.copy(path, folder)


def in_process(stage: str, notebook: Path, arguments: argparse.Namespace) -> tuple[str, str]:
    folder, timeout = notebook.parent, arguments.timeout
    command = [sys.executable, str(Path(__file__).with_name("stages.py")), stage, str(notebook), arguments.tags]
    with (folder / f"{stage}.log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=ENVIRONMENT, cwd=folder)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            end_tree(process.pid)
            process.wait()
            return "timeout", f"{timeout:.0f} s"
        log.seek(0)
        lines = log.read().splitlines()
    try:
        answer = json.loads(lines[-1])
    except (IndexError, ValueError):
        return "crash", "\n".join([f"exit code {process.returncode}", *lines[-20:]])
    return answer["outcome"], answer["detail"]


def end_tree(pid: int) -> None:
    parent = psutil.Process(pid)
    for process in (*parent.children(recursive=True), parent):
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def chosen(arguments: argparse.Namespace) -> list[Sample]:
    found = [sample for source in SOURCES if arguments.only in (None, source.name) for sample in samples(source)]
    found = [sample for sample in found if fnmatch.fnmatch(sample.name, arguments.match)]
    if arguments.sample:
        found = random.Random(arguments.seed).sample(found, min(arguments.sample, len(found)))
    return found[: arguments.limit]


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[source.name for source in SOURCES], help="one source")
    parser.add_argument("--match", default="*", help="names that match this pattern")
    parser.add_argument("--sample", type=int, help="so many, drawn by chance")
    parser.add_argument("--seed", type=int, default=0, help="of the draw")
    parser.add_argument("--limit", type=int, help="at most so many, in order")
    parser.add_argument("--tags", choices=["headings", "cells"], default="headings", help="how notebooks are tagged")
    parser.add_argument(
        "--until", choices=["clean", "convert", "verify", "apart"], default="verify", help="the last stage"
    )
    parser.add_argument("--convert-all", action="store_true", help="convert also what does not run in the kernel")
    parser.add_argument("--timeout", type=float, default=300, help="seconds for one stage of one notebook")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("--again", action="store_true", help="convert and verify also what is known")
    parser.add_argument("--report", action="store_true", help="print the table of what is known and stop")
    return parser.parse_args(arguments)


def main() -> None:
    arguments = parse()
    corpus = Corpus(arguments)
    found = chosen(arguments)
    if not arguments.report:
        with ThreadPoolExecutor(arguments.jobs) as pool:
            list(pool.map(corpus.follow, found))
    print_report(found, corpus.results, corpus.keys)


if __name__ == "__main__":
    main()
