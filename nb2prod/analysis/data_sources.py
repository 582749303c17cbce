"""Pass 6 for files: the literal paths and URLs that a notebook reads or writes."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from nb2prod.analysis.analyse import Analysis
from nb2prod.errors import InvalidName
from nb2prod.model.pipeline import DataSource
from nb2prod.source import PythonName

__all__ = ["data_sources_of"]

_READS = re.compile(r"(read_\w+|open|load|loadtxt|genfromtxt|fromfile|imread|urlopen|urlretrieve|connect|scan_\w+)$")
_WRITES = re.compile(
    r"(to_(?!numpy|list|dict|frame|string|datetime)\w+|save\w*|savefig|dump|write_\w+|imwrite|imsave)$"
)
_PLACE = re.compile(r"(\w+://\S+|[^\s\"'<>|*?]+\.\w{1,8}|[\w.~-]*/[\w./~ -]+)$")


def data_sources_of(analysis: Analysis) -> tuple[DataSource, ...]:
    """Each path or URL once, in the order of cells; `name` is unique and comes from the file's own."""
    found: dict[str, DataSource] = {}
    taken: set[str] = set()
    for cell in analysis.production:
        for node in cell.lowered.nodes:
            for url, writes in _places(node):
                if url in found:
                    continue
                name = _name(url, taken)
                taken.add(name)
                line = getattr(node, "lineno", 1)
                found[url] = DataSource(name=name, url=url, cell=cell.number, line=line, writes=writes)
    return tuple(found.values())


def _places(node: ast.AST) -> Iterator[tuple[str, bool]]:
    if not isinstance(node, ast.Call):
        return
    called = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if not (_READS.match(called) or _WRITES.match(called)):
        return
    for value in [*node.args[:2], *(keyword.value for keyword in node.keywords)]:
        match value:
            case ast.Constant(value=str(text)) if _PLACE.match(text):
                yield text, bool(_WRITES.match(called)) or (called == "open" and _opens_to_write(node))
                return


def _opens_to_write(call: ast.Call) -> bool:
    modes = [*call.args[1:2], *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    return any(isinstance(mode, ast.Constant) and set(str(mode.value)) & set("wax+") for mode in modes)


def _name(url: str, taken: set[str]) -> PythonName:
    try:
        name = PythonName.of(PurePosixPath(url.partition("?")[0]).stem)
    except InvalidName:
        name = PythonName("data")
    number, unique = 2, name
    while unique in taken:
        unique, number = PythonName(f"{name}_{number}"), number + 1
    return unique
