"""Notes of targets that run each step apart, without our runner: what of its policy nobody else knows."""

from collections.abc import Iterator, Mapping

from nb2prod.targets.exports.base import ExportOrder, Note

__all__ = ["data_notes", "runner_notes"]


def runner_notes(order: ExportOrder, target: str, instead: Mapping[str, str]) -> Iterator[Note]:
    """`instead` says what to do without "on_failure" and without "circuit"."""
    named = {order.policy(step).on_failure for step in order.graph.steps} | {order.settings.on_failure}
    for handler in sorted(named - {""}):
        yield Note(
            what=f"on_failure {handler}",
            why=f"our runner calls it, and {target} runs the steps without it",
            do=instead["on_failure"],
            unsafe=True,
        )
    if order.settings.tables.get("run", {}).get("circuit"):
        yield Note(
            what="[run] circuit",
            why=f"{target} counts the failures of each step alone",
            do=instead["circuit"],
        )


def data_notes(order: ExportOrder) -> Iterator[Note]:
    """Of steps that have a container each."""
    for name, table in order.settings.tables.get("data", {}).items():
        if isinstance(table, Mapping) and "url" not in table:
            yield Note(
                what=f"the data {name}",
                why="it is a path on one machine, and each step has a container with files of its own",
                do=f'give [data.{name}] its url = "…" in pipeline.toml',
                unsafe=True,
            )
