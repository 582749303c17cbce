"""What the Python of a lowered magic imports is no name of the notebook; where the notebook has one, it is refused."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from nb2prod.analysis.magics import Fate, LoweredCell

__all__ = ["IMPORTED", "refuse_clashes"]

_SCRIPTS = dict.fromkeys(("!", "%%bash", "%%sh", "%%script"), "subprocess")
_FILES = dict.fromkeys(("%%writefile", "%%file"), "Path")
_SYSTEM = dict.fromkeys(("%cd", "%env", "%set_env"), "os")

IMPORTED: Mapping[str, str] = {**_SCRIPTS, **_FILES, **_SYSTEM}
"""What the Python of each magic imports."""

_ORIGINS = {"subprocess": "subprocess", "Path": "pathlib.Path", "os": "os"}


def refuse_clashes(cells: Mapping[int, LoweredCell]) -> dict[int, LoweredCell]:
    """The cells, with those magics refused whose import would hide something else that the notebook calls so."""
    used = {
        IMPORTED[magic.name] for cell in cells.values() for magic in cell.magics if _imports(magic.name, magic.fate)
    }
    taken = used and {name for cell in cells.values() for name in _bound_otherwise(cell.nodes)} & used
    return {number: _refused(cell, taken) for number, cell in cells.items()} if taken else dict(cells)


def _imports(name: str, fate: Fate) -> bool:
    return fate is Fate.LOWERED and name in IMPORTED


def _refused(cell: LoweredCell, taken: set[str]) -> LoweredCell:
    magics = tuple(
        replace(magic, fate=Fate.REFUSED, note=f"{IMPORTED[magic.name]} is a name of this notebook: rename it")
        if _imports(magic.name, magic.fate) and IMPORTED[magic.name] in taken
        else magic
        for magic in cell.magics
    )
    return replace(cell, magics=magics)


def _bound_otherwise(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Names of _ORIGINS that the code binds to anything else, in whatever scope."""
    for node in nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Import(names=names):
                yield from _hidden((alias.asname or alias.name.split(".")[0], _bound(alias)) for alias in names)
            case ast.ImportFrom(names=names):
                origin = "." * node.level + (node.module or "")
                yield from _hidden((alias.asname or alias.name, f"{origin}.{alias.name}") for alias in names)


def _bound(alias: ast.alias) -> str:
    return alias.name if alias.asname else alias.name.split(".")[0]


def _hidden(bindings: Iterator[tuple[str, str]]) -> Iterator[str]:
    return (name for name, origin in bindings if _ORIGINS.get(name, origin) != origin)
