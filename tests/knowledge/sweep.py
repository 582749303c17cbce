"""Every public method of some receivers, called with simple arguments: which of them changed their receiver."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from knowledge.receivers import FACTORIES, namespace_for, tried

__all__ = ["Seen", "swept"]

# ME is another receiver of the same kind
_ARGUMENTS = (
    "", "1", "'a'", "'b'", "ME", "[0]", "lambda v: v", "'a', 1", "0, 1", "{'a': 1}", "'b', ME", "1, 'n', 5", "[1], 5",
    "5, 5", "'sum'", "'2024-01-02'", "['a']", "flat", "x", "x, y", "'utf-8'",
)  # fmt: skip
_WRITERS = ("", "'out'", "'M'", "dict", "float")  # a number would be taken for an open file
_ENOUGH = 4  # calls that ran, of a method that changed nothing in them
# they need a screen, a server or seconds
_LEFT_OUT = frozenset(
    {"to_clipboard", "plot", "hist", "boxplot", "to_sql", "to_gbq", "to_iceberg", "to_excel", "to_hdf"}
)


@dataclass(frozen=True)
class Seen:
    """A call that ran, and whether it changed its receiver."""

    method: str
    code: str
    changed: bool


def swept(receivers: Iterable[str]) -> tuple[Seen, ...]:
    return tuple(seen for name in receivers for seen in _of_receiver(name))


@cache
def _of_receiver(receiver: str) -> tuple[Seen, ...]:
    kind = type(namespace_for(receiver)[receiver])
    methods = [name for name in dir(kind) if not name.startswith("_") and callable(getattr(kind, name, None))]
    return tuple(seen for method in methods if method not in _LEFT_OUT for seen in _of_method(receiver, method))


def _of_method(receiver: str, method: str) -> list[Seen]:
    found: list[Seen] = []
    for arguments in _WRITERS if method.startswith("to_") else _ARGUMENTS:
        trial = tried(f"{receiver}.{method}({arguments.replace('ME', FACTORIES[receiver])})")
        if not trial.error:
            found.append(Seen(method=method, code=trial.code, changed=receiver in trial.changed))
        if (found and found[-1].changed) or len(found) == _ENOUGH:
            break
    return found
