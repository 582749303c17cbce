"""The table of the corpus."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from fetch import Sample
from results import Result, Results

COLUMNS = ("notebooks", "clean", "converted", "equal", "different", "nothing", "fails", "refused", "crash", "timeout")
CODE = re.compile(r"\b(NB\d+)\b")


def print_report(found: Sequence[Sample], results: Results, tags: str) -> None:
    sources = list(dict.fromkeys(sample.source for sample in found))
    print("\n" + " | ".join(["source".ljust(16), *(name.rjust(9) for name in COLUMNS), "equal/clean"]))
    for source in [*sources, "all"]:
        chosen = [sample for sample in found if source in (sample.source, "all")]
        print(row(source, [results.all_of(sample, tags) for sample in chosen]))
    steps = Counter(outcome(results.all_of(sample, tags), "apart") for sample in found)
    told = [f"{count} {word}" for word, count in steps.most_common() if word]
    print(f"each step in a process of its own: {', '.join(told) or 'not done'}")
    print_reasons(found, results, tags)


def row(source: str, stages: Sequence[Mapping[str, Result]]) -> str:
    counts: Counter[str] = Counter(notebooks=len(stages))
    for stage in stages:
        clean = "clean" in stage and stage["clean"].outcome == "clean"
        counts["clean"] += clean
        ours = [stage[name].outcome for name in ("convert", "verify") if name in stage and clean]
        counts.update(ours)
    share = f"{counts['equal'] / counts['clean']:.1%}" if counts["clean"] else "-"
    return " | ".join([source.ljust(16), *(str(counts[name]).rjust(9) for name in COLUMNS), share])


def print_reasons(found: Sequence[Sample], results: Results, tags: str) -> None:
    every = [(sample, results.all_of(sample, tags)) for sample in found]
    refused = [stage["convert"] for _, stage in every if outcome(stage, "convert") == "refused"]
    reasons = Counter(code for result in refused for code in sorted(set(CODE.findall(result.detail))))
    if reasons:
        print("\nrefused by: " + ", ".join(f"{code} {count}" for code, count in reasons.most_common()))
    for word in ("different", "fails", "crash", "timeout", "nothing"):
        for sample, stage in every:
            for name in ("convert", "verify", "apart"):
                if outcome(stage, name) == word:
                    print(f"\n{word.upper()} ({name}): {sample.source}/{sample.name}\n{stage[name].detail[-1500:]}")


def outcome(stage: Mapping[str, Result], name: str) -> str:
    return stage[name].outcome if name in stage else ""
