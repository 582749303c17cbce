"""How the text of a knowledge file is read. Wrong entries are errors that name the file and the key.

    [methods]    mutates pure model quiet view shallow acts container self keeps draws = names;
                 arguments = { name = positions };
                 mutates_with = { name = positions and keywords that make it mutate };
                 defaults = { name = positions and keywords of what it may give back }
    [functions]  pure consumes shallow keeps fits = dotted names; holds aliases = patterns of them, as of states;
                 mutates = { "dotted.name" = positions }; writes = { "POSITION" = dotted names that write there }
    [kinds]      KIND = dotted names of functions that give one
    [states]     STATE = patterns of dotted names, `.name` for a method; * is letters, ** dots too, ! takes out again
    [imports]    inert = patterns of modules and their members; for others, being imported may change something;
                 additions = patterns of functions that give the whole process something more, for code to come;
                 settings = of those that make the same code do something else from there on
    [draws]      surely, perhaps = { PACKAGE = names that draw from numpy.random when `random_state` is None }

Names are a list of texts, or one text with spaces between them; positions are a list of whole numbers from 0.
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from typing import Any  # what TOML gives

from nb2prod.errors import KnowledgeWrong

__all__ = ["check_key", "entries_of", "entries_of_table", "merged"]

Entries = dict[str, Any]  # field of Knowledge → frozenset of names, or mapping
_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_PATTERN = re.compile(r"!?\.?[\w*]+(\.[\w*]+)*")


class _Wrong(Exception):
    """What is wrong with a value, before it is known where it stands."""


def entries_of(text: str, file: str) -> Entries:
    """The entries of a whole file of knowledge. Raises KnowledgeWrong."""
    try:
        return entries_of_table(tomllib.loads(text), file)
    except tomllib.TOMLDecodeError as error:
        raise KnowledgeWrong(file, "", f"it is not TOML: {error}") from error


def entries_of_table(data: Mapping[str, Any], file: str, prefix: str = "") -> Entries:
    """`prefix` is what stands before the sections in the file's own keys."""
    found: Entries = {}
    if not isinstance(data, dict):
        raise KnowledgeWrong(file, prefix.rstrip("."), "it must be a table")
    for section, values in data.items():
        check_key(section, (*_FIELDS, *_OPEN), file, f"{prefix}{section}")
        if not isinstance(values, dict):
            raise KnowledgeWrong(file, f"{prefix}{section}", "it must be a table")
        for key, value in values.items():
            where = f"{prefix}{section}.{key}"
            if section in _OPEN:
                read, made = _OPEN[section]
                found = merged(found, made(key, _read(read, value, file, where)))
            else:
                check_key(key, tuple(_FIELDS[section]), file, where)
                name, read = _FIELDS[section][key]
                found = merged(found, {name: _read(read, value, file, where)})
    return found


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> Entries:
    """Both together: names are united, and of two positions or kinds for a name the other's holds."""
    found = dict(one)
    for key, value in other.items():
        found[key] = _both(found[key], value) if key in found else value
    return found


def _both(one: Any, other: Any) -> Any:
    if isinstance(one, frozenset):
        return one | other
    if isinstance(one, dict):
        return merged(one, other)
    return (*one, *other) if one and isinstance(one[0], str) and isinstance(one, tuple) else other


def check_key(key: str, known: Iterable[str], file: str, where: str) -> None:
    """Raises KnowledgeWrong with the nearest right key."""
    keys = sorted(known)
    if key not in keys:
        close = difflib.get_close_matches(key, keys, n=1, cutoff=0.5)
        there = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(keys)}"
        raise KnowledgeWrong(file, where, f"there is no such key; {there}")


def _read(read: Callable[[Any], Any], value: Any, file: str, where: str) -> Any:
    try:
        return read(value)
    except _Wrong as error:
        raise KnowledgeWrong(file, where, str(error)) from error


def _texts(value: Any, shape: re.Pattern[str], what: str) -> tuple[str, ...]:
    texts = value.split() if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise _Wrong(f"it must be a list of {what}s, or a text with spaces between them")
    for text in texts:
        if not shape.fullmatch(text):
            raise _Wrong(f"{text!r} is not a {what}")
    return tuple(texts)


def _names(value: Any) -> frozenset[str]:
    return frozenset(_texts(value, _NAME, "name"))


def _patterns(value: Any) -> tuple[str, ...]:
    return _texts(value, _PATTERN, "pattern")


def _named(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Wrong("it must be a table")
    for name in value:
        if not _NAME.fullmatch(name):
            raise _Wrong(f"{name!r} is not a name")
    return value


def _positions(value: Any) -> dict[str, tuple[int, ...]]:
    for name, numbers in _named(value).items():
        if not isinstance(numbers, list) or not all(type(number) is int and number >= 0 for number in numbers):
            raise _Wrong(f"{name!r} must have a list of positions, such as [0]")
    return {name: tuple(numbers) for name, numbers in value.items()}


def _by_position(value: Any) -> dict[str, tuple[int, ...]]:
    if not isinstance(value, dict) or not all(position.isdecimal() for position in value):
        raise _Wrong("it must be a table whose keys are positions, such as 2")
    return {name: (int(position),) for position, names in value.items() for name in sorted(_names(names))}


def _places(value: Any) -> dict[str, tuple[int | str, ...]]:
    for name, places in _named(value).items():
        if not isinstance(places, list) or not all(type(place) in (int, str) for place in places):
            raise _Wrong(f"{name!r} must have a list of positions and keywords, such as [1, 'k']")
    return {name: tuple(places) for name, places in value.items()}


def _groups(value: Any) -> dict[str, frozenset[str]]:
    return {name: _names(texts) for name, texts in _named(value).items()}


_FIELDS: dict[str, dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "methods": {
        "mutates": ("mutating_methods", _names),
        "mutates_with": ("sometimes_mutating_methods", _places),
        "pure": ("pure_methods", _names),
        "model": ("model_methods", _names),
        "quiet": ("quiet_methods", _names),
        "view": ("view_methods", _names),
        "shallow": ("shallow_methods", _names),
        "acts": ("acting_methods", _names),
        "container": ("container_methods", _names),
        "self": ("self_methods", _names),
        "keeps": ("keeping_methods", _names),
        "draws": ("drawing_methods", _names),
        "arguments": ("argument_methods", _positions),
        "defaults": ("default_methods", _places),
    },
    "functions": {
        "mutates": ("mutating_functions", _positions),
        "writes": ("mutating_functions", _by_position),
        "pure": ("pure_functions", _names),
        "consumes": ("consuming_functions", _names),
        "holds": ("holding_functions", _patterns),
        "aliases": ("aliasing_functions", _patterns),
        "keeps": ("keeping_functions", _names),
        "shallow": ("shallow_functions", _names),
        "fits": ("fitting_functions", _names),
    },
    "imports": {
        "inert": ("inert_imports", _patterns),
        "additions": ("adding_functions", _patterns),
        "settings": ("setting_functions", _patterns),
    },
    "draws": {
        "surely": ("drawing_names", _groups),
        "perhaps": ("perhaps_drawing_names", _groups),
    },
}
_OPEN: dict[str, tuple[Callable[[Any], Any], Callable[[str, Any], Entries]]] = {
    "kinds": (_names, lambda kind, names: {"kinds": dict.fromkeys(sorted(names), kind)}),
    "states": (_patterns, lambda state, patterns: {"states": {state: patterns}}),
}
