"""The parameters of the pipeline, with the notebook's values as defaults."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameters:
    """Each can be given on the command line."""

    n_customers: int = 400  # how many to draw
    test_size: float = 0.25
    seed: int = 7
