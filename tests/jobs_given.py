"""What the tests of jobs are given: small notebooks, and a clock."""

import json
from datetime import UTC, datetime
from pathlib import Path

__all__ = ["ROWS", "Clock", "notebook"]

ROWS = (
    ("n: int = 3  # rows\nregion: str = 'EU'", "parameters"),
    ("for row in range(n):\n    print('row', row, region)", ""),
    ("assert n != 13, 'unlucky'", ""),
)


def notebook(path: Path, *cells: tuple[str, str]) -> Path:
    code: list[dict[str, object]] = [
        {"cell_type": "code", "execution_count": None, "metadata": {"tags": t.split()}, "outputs": [], "source": s}
        for s, t in cells or ROWS
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": code, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")
    return path


class Clock:
    """A clock that stands until a test moves it."""

    def __init__(self, time: datetime = datetime(2026, 11, 25, 12, tzinfo=UTC)) -> None:
        self.time = time

    def __call__(self) -> datetime:
        return self.time
