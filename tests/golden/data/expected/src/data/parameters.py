"""The parameters of the pipeline, with the notebook's values as defaults."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameters:
    """The notebook has none."""
