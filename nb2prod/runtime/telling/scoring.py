"""The calls of sklearn's scoring functions that a step makes itself: which, with what names, and what they gave.

Those that sklearn makes inside of others are not the step's. Only what is loaded when the step begins is heard.
"""

import ast
import linecache
import math
import re
import sys
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import CodeType, FrameType, FunctionType
from typing import Any  # sklearn has no types

from nb2prod.runtime.listening import as_number
from nb2prod.runtime.project import Settings
from nb2prod.runtime.telling.swapping import Hook, Swap, swapped

__all__ = ["cell_of", "scores_by_name", "scores_seen", "without_declared"]

_SCORING = re.compile(r"_(score|error|loss|deviance)$|^(auc|matthews_corrcoef)$")
_CROSS = ("cross_val_score", "cross_validate")
_SCORES = ("test_", "train_")  # of what cross_validate gives
_MOST = 200  # places of a step from which scores are written down
_TEXT = 80  # characters of a call's arguments
_LIBRARY = re.compile(r"[/\\](site|dist)-packages[/\\]")


@contextmanager
def scores_seen(scores: list[dict[str, Any]], settings: Settings | None = None) -> Iterator[None]:
    """Puts into `scores` {"metric", "value", "arguments", "file", "line", "cell"} of each place that calls one, with
    `calls` where it did so several times."""
    hearing = _Hearing(scores, settings)
    _hearing.append(hearing)
    try:
        with swapped(_swaps()):
            yield
    finally:
        _hearing.remove(hearing)


def without_declared(scores: Mapping[str, float], declared: Mapping[str, float]) -> dict[str, float]:
    """Those that no declared metric says already: `auc = roc_auc_score(y, p)` is one number and not two."""
    found = dict(scores)
    for name, value in declared.items():
        same = [score for score, number in found.items() if number == value]
        named = [score for score in same if name in score]
        for score in (named or same)[:1]:
            del found[score]
    return {name: value for name, value in found.items() if name not in declared}


def scores_by_name(scores: list[dict[str, Any]]) -> dict[str, float]:
    """One number for each: under the function's name, with its arguments when they differ; the last one counts."""
    asked: dict[str, set[str]] = {}
    for score in scores:
        asked.setdefault(score["metric"], set()).add(score["arguments"])
    found = {}
    for score in scores:
        several = len(asked[score["metric"]]) > 1
        found[f"{score['metric']}({score['arguments']})" if several else score["metric"]] = score["value"]
    return found


class _Hearing:
    def __init__(self, scores: list[dict[str, Any]], settings: Settings | None) -> None:
        self._scores, self._settings, self._inside = scores, settings, threading.local()
        self._by_place: dict[tuple[str, CodeType, int], dict[str, Any]] = {}

    def call(self, name: str, original: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        caller = sys._getframe(3)
        if getattr(self._inside, "now", False) or _LIBRARY.search(caller.f_code.co_filename):
            return original(*args, **kwargs)
        self._inside.now = True
        try:
            result = original(*args, **kwargs)
        finally:
            self._inside.now = False
        try:
            self._note(name or f"{type(args[0]).__name__}.score", result, caller)
        except Exception:  # results and source of any kind; none of it is the step's trouble
            return result
        return result

    def _note(self, name: str, result: object, caller: FrameType) -> None:
        for metric, value in _values(name, result):
            place = metric, caller.f_code, caller.f_lasti
            known = self._by_place.get(place)
            if known is not None:  # a loop: the last one counts
                known.update(value=value, calls=known.get("calls", 1) + 1)
            elif len(self._scores) < _MOST:
                score = {"metric": metric, "value": value, **_place(caller, self._settings)}
                self._by_place[place] = score
                self._scores.append(score)


def _values(name: str, result: Any) -> Iterator[tuple[str, float]]:
    """The number itself; the mean of an array, or of each array of a cross validation's scores."""
    found = {name: as_number(result)}
    if isinstance(result, dict):
        found = {f"{name}.{key}": float(each.mean()) for key, each in result.items() if key.startswith(_SCORES)}
    elif name in _CROSS:
        found = {name: float(result.mean())}
    yield from ((metric, value) for metric, value in found.items() if value is not None and math.isfinite(value))


_hearing: list[_Hearing] = []


def _hook(name: str) -> Hook:
    """`name` is "" for a method, which is named after the class of its object."""

    def called(original: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        return _hearing[-1].call(name, original, args, kwargs) if _hearing else original(*args, **kwargs)

    return called


_PLACES = ("sklearn.metrics", "sklearn.model_selection")
_known: dict[FunctionType, Swap] = {}
_looked: list[int] = [0]


def _swaps() -> list[Swap]:
    """Of all that is loaded now. Looked up again when more has been loaded."""
    if _looked[0] != len(sys.modules):
        for function, name in _look_up():
            if function not in _known:
                _known[function] = Swap(function, _hook(name))
        _looked[0] = len(sys.modules)
    return list(_known.values())


def _look_up() -> Iterator[tuple[FunctionType, str]]:
    for place in _PLACES:
        module = sys.modules.get(place)
        for name in getattr(module, "__all__", ()):
            if name in _CROSS or _SCORING.search(name):
                function = getattr(module, name, None)
                if isinstance(function, FunctionType):
                    yield function, name
    for kind in _estimators():
        method = vars(kind).get("score")
        method = method if isinstance(method, FunctionType) else getattr(method, "fn", None)  # of available_if
        if isinstance(method, FunctionType):
            yield method, ""


def _estimators() -> list[type]:
    """The classes of sklearn that may have a `score` of their own."""
    base: Any = sys.modules.get("sklearn.base")
    if base is None:
        return []
    mixins = [kind for name in dir(base) if name.endswith("Mixin") and isinstance(kind := getattr(base, name), type)]
    found: dict[type, None] = dict.fromkeys(mixins)
    waiting = [base.BaseEstimator]
    while waiting:
        kind = waiting.pop()
        if kind not in found and kind.__module__.startswith("sklearn."):
            found[kind] = None
            waiting += type.__subclasses__(kind)
    return list(found)


# ---------------------------------------------------------------------- where


def _place(caller: FrameType, settings: Settings | None) -> dict[str, Any]:
    file, line = caller.f_code.co_filename.replace("\\", "/"), caller.f_lineno
    cell = cell_of(settings, file, line) if settings else 0
    short = file.rpartition("/src/")[2] or file
    try:
        arguments = _arguments(caller)
    except (SyntaxError, ValueError, IndexError):  # the file was changed since it was imported
        arguments = ""
    return {"arguments": arguments, "file": short, "line": line, "cell": cell}


def cell_of(settings: Settings, file: str, line: int) -> int:
    """The notebook's cell that the line is of, or 0."""
    for path, entries in settings.lines.items():
        if file.endswith("/" + path.removeprefix("src/")):
            index = bisect_right([entry[0] for entry in entries], line)
            return entries[index - 1][1] if index else 0
    return 0


def _arguments(caller: FrameType) -> str:
    """As they are written, when the call stands in a line that can be read."""
    positions = list(caller.f_code.co_positions())[caller.f_lasti // 2]
    first, last, begin, end = positions
    if first is None or last is None or begin is None or end is None:
        return ""
    lines = [linecache.getline(caller.f_code.co_filename, number) for number in range(first, last + 1)]
    if not all(lines):
        return ""
    encoded = [line.encode() for line in lines]
    encoded[-1] = encoded[-1][:end]
    encoded[0] = encoded[0][begin:]
    return _short(b"".join(encoded).decode())


def _short(text: str) -> str:
    call = ast.parse(text.strip(), mode="eval").body
    if not isinstance(call, ast.Call):
        return ""
    given = [ast.unparse(each) for each in call.args]
    given += [f"{each.arg or '**'}={ast.unparse(each.value)}" for each in call.keywords]
    found = ", ".join(given)
    return found if len(found) <= _TEXT else f"{found[: _TEXT - 3]}..."
