"""How `nb2prod tag` does on the corpus: does what it suggests convert, how many steps, how long. Converts nothing.

python tests/corpus/suggestions.py [--show NAME]
"""

import argparse
import statistics
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from fetch import SOURCES, Sample, samples

from nb2prod.analysis.build import build
from nb2prod.analysis.suggest import suggest
from nb2prod.errors import Nb2ProdError
from nb2prod.model.notebook import Notebook
from nb2prod.notebooks.headings import headings_of
from nb2prod.notebooks.read import read_notebook


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`alone`: it converts with all of it in one step. `codes` are the findings that refuse the suggestion."""

    cells: int
    steps: int
    seconds: float
    alone: bool
    codes: tuple[str, ...]
    has_headings: bool


def outcome_of(notebook: Notebook) -> Outcome:
    plain = replace(notebook, cells=tuple(replace(cell, tags=()) for cell in notebook.cells))
    began = time.perf_counter()
    suggestions = suggest(plain)
    seconds = time.perf_counter() - began
    tags = {suggestion.cell: suggestion.tag for suggestion in suggestions}
    tagged = [replace(cell, tags=(tags[cell.number],)) if cell.number in tags else cell for cell in plain.cells]
    built = build(replace(plain, cells=tuple(tagged)), environment={})
    return Outcome(
        cells=len(plain.code_cells),
        steps=len({tag for tag in tags.values() if tag.startswith("step:")}),
        seconds=seconds,
        alone=build(plain, environment={}).pipeline is not None,
        codes=tuple(sorted({f.code for f in built.findings if f.severity == "error"})),
        has_headings=len(headings_of(plain)) > 1,
    )


def show(path: Path) -> None:
    notebook = read_notebook(path)
    plain = replace(notebook, cells=tuple(replace(cell, tags=()) for cell in notebook.cells))
    for suggestion in suggest(plain):
        source = plain.cell(suggestion.cell).source.strip().replace("\n", " ; ")[:70]
        print(f"{suggestion.cell:4} {suggestion.tag:34} {suggestion.reason[:40]:40} {source}")


def report(found: list[Outcome]) -> str:
    able = [outcome for outcome in found if outcome.alone]
    converted = [outcome for outcome in found if not outcome.codes]
    lost = [outcome for outcome in able if outcome.codes]
    steps = [outcome.steps for outcome in converted]
    bare = [outcome.steps for outcome in converted if not outcome.has_headings]
    times = [1000 * outcome.seconds for outcome in found]
    refused = Counter(code for outcome in found for code in outcome.codes)
    return (
        f"{len(found)} notebooks: {len(converted)} ({100 * len(converted) / len(found):.1f} %) convert as suggested, "
        f"{len(able)} in one step, {len(lost)} are lost by the suggestion\n"
        f"steps: median {statistics.median(steps):.0f}, largest {max(steps)}; "
        f"without headings median {statistics.median(bare):.0f}, largest {max(bare)}\n"
        f"time: median {statistics.median(times):.0f} ms, largest {max(times):.0f} ms, "
        f"{sum(times) / sum(outcome.cells for outcome in found):.1f} ms a cell\n"
        f"refused for: {', '.join(f'{code} {count}' for code, count in refused.most_common())}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", help="print the suggestions for the notebooks with this in their name")
    arguments = parser.parse_args()
    chosen = [sample for source in SOURCES for sample in samples(source)]
    if arguments.show:
        for sample in chosen:
            if arguments.show in sample.name:
                print(f"==== {sample.source}/{sample.name}")
                show(sample.path)
        return
    print(report([outcome for sample in chosen if (outcome := _tried(sample))]))


def _tried(sample: Sample) -> Outcome | None:
    try:
        return outcome_of(read_notebook(sample.path))
    except Nb2ProdError as error:
        print(f"{sample.source}/{sample.name}: {error}")
        return None


if __name__ == "__main__":
    main()
