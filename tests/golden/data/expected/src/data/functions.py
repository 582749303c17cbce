"""Functions and classes that the steps share."""

from pathlib import Path


def newest():
    return Path("data/rates.json").read_text()
