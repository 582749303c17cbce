"""The parameters of the pipeline, with the notebook's values as defaults."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameters:
    """Each can be given on the command line."""

    factor: int = 3
