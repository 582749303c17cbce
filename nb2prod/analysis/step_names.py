"""What a step is called: by its heading where that tells, else by what its code does, its first comment, its values."""

import ast
import re
from collections import defaultdict
from collections.abc import Sequence

from nb2prod.analysis.classify import Statement, Use
from nb2prod.analysis.verbs import VERBS, Doing, doings_of
from nb2prod.errors import InvalidName
from nb2prod.source import PythonName

__all__ = ["main_doing", "name_of_code", "name_of_words"]

_WORDS, _LETTERS = 4, 60  # of a heading that make a step's name
_PLACE = r"(?:\d+(?:\.\d+)*|[ivx]+|[a-h])"  # 3, 2.1, iv, b
_NUMBERING = re.compile(
    rf"^\s*(?:(?:step|part|section|chapter|task|exercise|stage|example)\s+{_PLACE}\s*(?:[.):–-]|$)|{_PLACE}\s*[.):])\s*",
    re.IGNORECASE,
)
_SMALL_WORDS = frozenset("a an and at by for from in into is it of on or our some the this to using via with".split())
# headings that say nothing of what the cells under them do
_EMPTY = frozenset(
    """
    introduction overview background summary conclusion conclusions discussion notes note remarks references example
    examples demo code main start begin end next misc other more details part section step exercise solution answer
    question appendix contents motivation notebook
    """.split()
)
_MODELS = frozenset(
    {"model", "clf", "reg", "est", "estimator", "classifier", "regressor", "mod", "res", "results", "fit"}
)


def name_of_words(words: str) -> PythonName | None:
    """The name that a heading or comment gives, None for one that does not tell."""
    found = re.findall(r"[^\W_]+", _NUMBERING.sub("", words).replace("'", "").replace("’", ""))
    telling = [word for word in found if word.lower() not in _SMALL_WORDS] or found
    if all(word.lower() in _EMPTY or word.isdigit() for word in telling):
        return None
    try:
        return PythonName.of(" ".join(telling[:_WORDS])[:_LETTERS])
    except InvalidName:
        return None


def name_of_code(statements: Sequence[Statement], source: str) -> PythonName | None:
    """By the verb that dominates, the comment that the code begins with, or the last value that it makes."""
    doing = main_doing(statements)
    comment = re.match(r"#+\s*(\w[\w\s,&/'-]{3,60})\s*$", source.strip().split("\n")[0])
    if doing is None and comment is not None and (name := name_of_words(comment.group(1))):
        return name
    last = _last_bound(statements)
    words = f"{doing.verb.name} {_object(doing)}" if doing else f"make {last}" if last else ""
    try:
        return PythonName.of(words[:_LETTERS]) if words else None
    except InvalidName:
        return None


def main_doing(statements: Sequence[Statement]) -> Doing | None:
    """The verb with most weight, about what it is about most often. A plot counts where nothing else is done."""
    weights: defaultdict[str, int] = defaultdict(int)
    found = list(doings_of([statement.node for statement in statements if statement.use is not Use.DEFINITION]))
    for doing in found:
        weights[doing.verb.name] += doing.verb.weight
    if not weights:
        return None
    order = [verb.name for verb in VERBS]
    best = max(weights, key=lambda name: (weights[name], -order.index(name)))
    telling = [doing for doing in found if doing.verb.name == best]
    return next((doing for doing in telling if doing.what), telling[0])


def _object(doing: Doing) -> str:
    what = doing.what.strip("_")
    if doing.verb.name in ("train", "evaluate", "predict"):
        return "model" if what in _MODELS or len(what) < 2 else what
    if len(what) < 2 or what == "df":
        return "results" if doing.verb.name == "save" else "data"
    return what


def _last_bound(statements: Sequence[Statement]) -> str:
    work = [statement for statement in statements if statement.use is Use.BODY]
    names = [name for statement in work for name in sorted(statement.names)]
    simple = [name for name in names if not name.startswith("_")]
    loops = {name for s in work if isinstance(s.node, ast.For) for name in s.names}
    return next((name for name in reversed(simple) if name not in loops), "")
