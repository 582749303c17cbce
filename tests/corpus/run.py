"""Run the corpus: fetch notebooks that none of us wrote, convert and verify each, print a table.

    python tests/corpus/run.py --only statsmodels --sample 20 --until apart

Stages: `convert`, `clean` (runs in a plain kernel, which records its values), `verify`, `apart` (each step in a process
of its own). What is known is not done again (see results.py): a run that was stopped goes on where it was.
"""

import argparse
import fnmatch
import json
import multiprocessing
import os
import random
import shutil
import tempfile
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from fetch import CACHE, SOURCES, Sample, samples
from forks import in_fork, prepare
from report import print_report
from results import Result, Results
from stages import FRESH, STAGES


class Corpus:
    """The runs of one command line: which stage of which notebook is still to do, and how."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.arguments = arguments
        self.results = Results()

    def stage(self, stage: str, sample: Sample) -> Result:
        key = self.results.key(sample, stage, self.arguments.tags)
        known = self.results.get(sample, stage, key)
        if known and not self.stale(known):
            return known
        began = time.monotonic()
        outcome, detail = self.execute(stage, sample)
        result = Result(
            source=sample.source,
            name=sample.name,
            sha=sample.sha,
            stage=stage,
            key=key,
            outcome=outcome,
            detail=detail,
            seconds=round(time.monotonic() - began, 1),
        )
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
        if stage == "convert" or not folder.is_dir():
            shutil.rmtree(folder, ignore_errors=True)
            copy_with_data(sample.path, folder)
        if stage in ("verify", "apart") and not (folder / "project").is_dir():
            self.execute("convert", sample)
        return in_process(stage, folder / sample.path.name, self.arguments)

    def follow(self, sample: Sample) -> None:
        """All stages of one notebook, as far as they make sense."""
        converted = self.arguments.until != "clean" and self.stage("convert", sample).outcome == "converted"
        if self.arguments.until == "convert" or self.stage("clean", sample).outcome != "clean":
            return
        if converted and self.stage("verify", sample).outcome == "equal" and self.arguments.until == "apart":
            self.stage("apart", sample)


def copy_with_data(notebook: Path, folder: Path) -> None:
    folder.mkdir(parents=True)
    for path in (notebook, *notebook.parent.iterdir()):
        if path == notebook or (path.is_file() and path.suffix != ".ipynb" and not path.name.startswith(".")):
            shutil.copy(path, folder)


def in_process(stage: str, notebook: Path, arguments: argparse.Namespace) -> tuple[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        answer, log = Path(folder) / "answer.json", Path(folder) / "log"
        code = in_fork(lambda: answered(stage, notebook, arguments.tags, answer), log, arguments.timeout)
        if code is None:
            return "timeout", f"{arguments.timeout:.0f} s"
        if not answer.is_file():
            return "crash", f"exit code {code}\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}"
        outcome, detail = json.loads(answer.read_text(encoding="utf-8"))
    return outcome, detail


def answered(stage: str, notebook: Path, tags: str, answer: Path) -> None:
    os.chdir(notebook.parent)
    try:
        found = STAGES[stage](notebook, tags)
    except Exception:  # a crash is an answer, and the worst one
        found = "crash", traceback.format_exc()[-3000:]
    answer.write_text(json.dumps(found), encoding="utf-8")


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
    parser.add_argument(
        "--fresh", action="store_true", help="each step in a new interpreter, not a fork of a fresh one"
    )
    parser.add_argument("--timeout", type=float, default=300, help="seconds for one stage of one notebook")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("--again", action="store_true", help="convert and verify also what is known")
    parser.add_argument("--report", action="store_true", help="print the table of what is known and stop")
    return parser.parse_args(arguments)


def main() -> None:
    arguments = parse()
    found = chosen(arguments)
    if not arguments.report:
        prepare({**os.environ, **({FRESH: "1"} if arguments.fresh else {})})
        with ProcessPoolExecutor(arguments.jobs, multiprocessing.get_context("fork")) as pool:
            list(pool.map(follow, [arguments] * len(found), found))
    print_report(found, Results(), arguments.tags)


def follow(arguments: argparse.Namespace, sample: Sample) -> None:
    Corpus(arguments).follow(sample)


if __name__ == "__main__":
    main()
