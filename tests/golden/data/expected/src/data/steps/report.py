"""Cell 6 of data.ipynb."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ..functions import newest


class ReportOutputs(NamedTuple):
    """What report gives."""

    texts: Any
    rated: Any


def report(due_csv: str, due_npy: str, total_txt: str) -> ReportOutputs:
    """Report"""
    due = pd.read_csv(due_csv)
    total = float(due["due"].sum() + np.load(due_npy).sum())
    with open(total_txt, "w") as report:
        report.write(f"{total:.2f}")
    texts = [Path(name).read_text() for name in ["made/total.txt"]]
    rated = len(newest())
    return ReportOutputs(texts, rated)
