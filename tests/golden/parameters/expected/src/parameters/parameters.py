"""The parameters of the pipeline, with the notebook's values as defaults."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Parameters:
    """Each can be given on the command line."""

    count: int = 3
    rate: float = 0.5  # a share, "quoted" | with a bar
    big: int = -1000
    name: str = 'O\'Neill "the" \\ {{ x }} {% y %}'
    flag: bool = True
    nothing: Any = None
    sizes: list[Any] = field(default_factory=lambda: [1, 2, 3])
    table: dict[Any, Any] = field(default_factory=lambda: {"a": 1, "b": [2.5]})
    pair: tuple[Any, ...] = (1, "x")
    raw: bytes = b"\x00\xff"
