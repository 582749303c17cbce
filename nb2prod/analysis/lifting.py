"""Literal paths and addresses that a step's own lines read or write, made into arguments of the step.

    customers = pd.read_csv("data/customers.csv")   →   customers = pd.read_csv(customers_csv)

The pipeline gives the argument the literal, so whoever calls the step computes what the notebook did; pipeline.toml may
give it another place. Only a literal that is itself the argument of a call which is known to read or write is lifted:
not in a function, a class, a comprehension, or an f-string, and not where the notebook looks at its own names. Its name
is one that the notebook's text does not have at all. When in doubt it stays where it is.
"""

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import PurePosixPath

from nb2prod.analysis.analyse import Analysis
from nb2prod.analysis.data_calls import Place, place_in, place_in_path
from nb2prod.analysis.data_sources import data_sources_of
from nb2prod.analysis.sites import Sites
from nb2prod.analysis.trees import children, walk
from nb2prod.errors import InvalidName
from nb2prod.model.pipeline import DataArgument, DataSource, Fragment, Step
from nb2prod.runtime.data.references import clear_text_secret
from nb2prod.runtime.data.tables import is_database
from nb2prod.source import PythonName

__all__ = ["lift"]

_FILE = re.compile(r"[^\0\n\"'<>|*?{}:]*[^\0\n\"'<>|*?{}:/.]\.[A-Za-z]\w{0,9}(\.(gz|bz2|xz|zip|zst))?")
_ADDRESS = re.compile(r"[a-z][\w+.-]*://[^\s\"'<>|*{}]+")
_LOOKS_AT_NAMES = frozenset({"exec", "eval", "locals", "globals", "get_ipython", "inspect"})
_LOOKS_AT_FRAMES = frozenset({"_getframe", "currentframe", "f_locals", "f_back"})
_INNER = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.JoinedStr),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)
# what pipeline.py and a step's module name themselves
_RESERVED = frozenset("parameters step run results Any NamedTuple display plt".split())


@dataclass(frozen=True)
class _Found:
    step: int
    fragment: int
    place: Place

    @property
    def key(self) -> tuple[int, int]:
        return self.step, self.fragment


@dataclass
class _Names:
    """Names that nothing in the notebook has."""

    taken: set[str]
    given: dict[str, PythonName] = field(default_factory=dict)

    def of(self, text: str) -> PythonName:
        if text not in self.given:
            base = _name(text)
            names = (base if number == 1 else PythonName(f"{base}_{number}") for number in count(1))
            self.given[text] = next(name for name in names if name not in self.taken)
            self.taken.add(self.given[text])
        return self.given[text]


def lift(
    steps: tuple[Step, ...], functions: tuple[Fragment, ...], analysis: Analysis, sites: Sites
) -> tuple[tuple[Step, ...], tuple[DataSource, ...]]:
    """The steps with arguments in the place of literals, and all data that the notebook names, lifted or not.

    `functions` are what the steps share, where literals stay."""
    sources = data_sources_of(analysis)
    found = [] if _looks_at_names(analysis) else list(_places(steps, sites))
    modes = _modes(found)
    found = [each for each in found if each.place.text in modes]
    names = _Names(_words(analysis) | {step.name for step in steps} | _RESERVED)
    given = {each.place.text: names.of(each.place.text) for each in found}
    made = tuple(_lifted(step, number, found, given) for number, step in enumerate(steps))
    places = {text: [each for each in found if each.place.text == text] for text in given}
    stays = _constants([*functions, *(f for step in made for f in (*step.local, *step.body))])
    described = [_described(made, places[text], name, modes[text], stays) for text, name in given.items()]
    return made, (*described, *(source for source in sources if source.url not in given))


# ---------------------------------------------------------------------- which literals


def _places(steps: tuple[Step, ...], sites: Sites) -> Iterator[_Found]:
    for number, step in enumerate(steps):
        for index, fragment in enumerate(step.body):
            if fragment.line:
                for call in _own_calls(ast.parse(fragment.text).body):
                    place = _place(call, sites)
                    if place is not None and _is_liftable(place):
                        yield _Found(number, index, place)


def _own_calls(nodes: Iterable[ast.AST]) -> Iterator[ast.Call]:
    """Calls in the order of the text, but for those in scopes of their own."""
    for node in nodes:
        if isinstance(node, _INNER) or type(node).__name__ == "TemplateStr":
            continue
        if isinstance(node, ast.Call):
            yield node
        inside = children(node)
        if isinstance(node, ast.AnnAssign):
            inside = [child for child in inside if child is not node.annotation]
        yield from _own_calls(inside)


def _place(call: ast.Call, sites: Sites) -> Place | None:
    if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Call):
        found = place_in_path(call, sites.dotted(call.func.value.func))
        if found is not None:
            return found
    return place_in(call, sites.dotted(call.func))


def _is_liftable(place: Place) -> bool:
    node, text = place.node, place.text
    if node.lineno != node.end_lineno or not text.isprintable() or clear_text_secret("path", text):
        return False
    if place.mode == "connect":
        return bool(_ADDRESS.fullmatch(text))
    is_address = "://" in text
    return bool(_ADDRESS.fullmatch(text) if is_address else _FILE.fullmatch(text)) and not is_database(text)


def _modes(found: list[_Found]) -> dict[str, str]:
    """Of each literal what is done with it, all in all; none for one that is opened as an address and as a file."""
    modes: dict[str, set[str]] = {}
    for each in found:
        modes.setdefault(each.place.text, set()).add(each.place.mode)
    plain = {text: all_ for text, all_ in modes.items() if len(all_) == 1 or "connect" not in all_}
    return {text: next(iter(all_)) if len(all_) == 1 else "update" for text, all_ in plain.items()}


def _looks_at_names(analysis: Analysis) -> bool:
    """Some cell asks which names there are, or may run a text that has any."""
    return any(_looks(node) for cell in analysis.production for node in cell.lowered.nodes)


def _looks(node: ast.AST) -> bool:
    match node:
        case ast.Name(id=name):
            return name in _LOOKS_AT_NAMES
        case ast.Attribute(attr=name):
            return name in _LOOKS_AT_FRAMES
        case ast.Call(func=ast.Name(id="vars" | "dir"), args=[]):
            return True
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            modules = [alias.name for alias in names] + [getattr(node, "module", None) or ""]
            return "inspect" in modules or "_getframe" in modules
    return False


# ---------------------------------------------------------------------- their names


def _words(analysis: Analysis) -> set[str]:
    """All that stands in the notebook's code, in texts and comments too, and what star imports bring."""
    texts = [cell.source for cell in analysis.notebook.code_cells] + [c.lowered.text for c in analysis.cells]
    found = set(re.findall(r"\w+", "\n".join(texts)))
    return found.union(*analysis.star_names.values())


def _name(text: str) -> PythonName:
    """customers_csv for data/customers.csv, db_url for a database."""
    plain = re.split(r"[?#]", text, maxsplit=1)[0].rstrip("/")
    last = PurePosixPath(plain.partition("://")[2] or plain).name
    last = f"data_{last}" if last[:1].isdigit() else last
    try:
        return PythonName.of(f"{last}_url" if is_database(text) else last)
    except InvalidName:
        return PythonName("data")


# ---------------------------------------------------------------------- the steps with them


def _lifted(step: Step, number: int, found: list[_Found], given: dict[str, PythonName]) -> Step:
    mine = [each for each in found if each.step == number]
    if not mine:
        return step
    body = tuple(
        _replaced(fragment, [each.place for each in mine if each.fragment == index], given.__getitem__)
        for index, fragment in enumerate(step.body)
    )
    modes = _modes(mine)
    data = tuple(DataArgument(name=given[text], text=text, mode=mode) for text, mode in modes.items())
    return replace(step, body=body, data=data)


def _replaced(fragment: Fragment, places: list[Place], name_of: Callable[[str], str]) -> Fragment:
    """Columns count bytes; from right to left, so that those before stay right."""
    lines = [line.encode() for line in fragment.text.split("\n")]
    for place in sorted(places, key=lambda place: (place.node.lineno, place.node.col_offset), reverse=True):
        node, line = place.node, lines[place.node.lineno - 1]
        lines[node.lineno - 1] = line[: node.col_offset] + name_of(place.text).encode() + line[node.end_col_offset :]
    return replace(fragment, text=b"\n".join(lines).decode())


# ---------------------------------------------------------------------- what pipeline.toml is told


def _described(
    steps: tuple[Step, ...], places: list[_Found], name: PythonName, mode: str, stays: dict[str, list[int]]
) -> DataSource:
    first = places[0]
    fragment = steps[first.step].body[first.fragment]
    return DataSource(
        name=name,
        url=first.place.text,
        cell=fragment.cell,
        line=fragment.line + first.place.node.lineno - 1,
        writes=mode in ("write", "update"),
        mode=mode,
        stays=tuple(dict.fromkeys(stays.get(first.place.text, ()))),
    )


def _constants(fragments: Iterable[Fragment]) -> dict[str, list[int]]:
    """The texts that stand in the code, each with its cells."""
    found: dict[str, list[int]] = {}
    for fragment in fragments:
        for node in walk(ast.parse(fragment.text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.setdefault(node.value, []).append(fragment.cell)
    return found
