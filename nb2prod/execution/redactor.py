"""No text leaves with a secret's value in it: the value, and the ways in which programs write it down.

A text is redacted whole; a stream is redacted as it comes, and what may be the start of a value waits for the rest.
"""

import base64
import html
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any  # JSON
from urllib.parse import quote, quote_plus

__all__ = ["SHORTEST", "Redactor", "StreamRedactor"]

SHORTEST = 4  # letters of a secret: a shorter one cannot be told from other text
_LEAST_CORE = 6  # letters of base64 by which a value is known inside a longer one
_LEAST_LINE = 8  # letters of a line of a secret that is shown without the others
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Redactor:
    """`values` by the names of their parameters, which stand in the place of what is taken out."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._names = {form: name for name, value in values.items() for form in _forms(value)}
        needles = sorted(self._names, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, needles))) if needles else None
        self._by_first: dict[str, list[str]] = {}
        for needle in needles:
            self._by_first.setdefault(needle[0], []).append(needle)

    def text(self, text: str) -> str:
        if self._pattern is None:
            return text
        if "\x1b[" in text and self._pattern.search(_ANSI.sub("", text)) and not self._pattern.search(text):
            text = _ANSI.sub("", text)  # colours stood within the value
        return self._pattern.sub(lambda found: f"[secret {self._names[found[0]]}]", text)

    def json(self, value: Any) -> Any:
        """The same with each text redacted, keys too."""
        if self._pattern is None:
            return value
        match value:
            case str():
                return self.text(value)
            case dict():
                return {self.json(key): self.json(item) for key, item in value.items()}
            case list() | tuple():
                return [self.json(item) for item in value]
        return value

    def pending(self, text: str) -> int:
        """How many of the last letters may be the start of a value."""
        if self._pattern is None:
            return 0
        longest = max(len(needle) for needles in self._by_first.values() for needle in needles)
        for start in range(max(0, len(text) - longest + 1), len(text)):
            tail = text[start:]
            if any(needle.startswith(tail) for needle in self._by_first.get(text[start], ())):
                return len(tail)
        return 0


class StreamRedactor:
    """One stream of one cell."""

    def __init__(self, redactor: Redactor) -> None:
        self.redactor, self._waiting = redactor, ""

    def feed(self, text: str) -> str:
        """What can be said now."""
        whole = self.redactor.text(self._waiting + text)
        held = self.redactor.pending(whole)
        self._waiting = whole[len(whole) - held :]
        return whole[: len(whole) - held]

    def rest(self) -> str:
        """What waited, when the stream has ended."""
        waiting, self._waiting = self._waiting, ""
        return waiting


def _forms(value: str) -> set[str]:
    written = {value}
    for _ in range(2):  # a repr may stand in JSON
        written |= {form for text in list(written) for form in _quoted(text)}
    raw = value.encode("utf-8", "surrogatepass")
    other = {quote(value), quote(value, safe=""), quote_plus(value), html.escape(value), raw.hex(), raw.hex().upper()}
    lines = {line.strip() for line in value.splitlines() if len(line.strip()) >= _LEAST_LINE}
    return {form for form in written | other | lines | set(_base64(raw)) if len(form) >= SHORTEST}


def _quoted(text: str) -> Iterator[str]:
    yield repr(text)[1:-1]
    yield ascii(text)[1:-1]
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield text.replace("\\", "\\\\").replace("'", "\\'")


def _base64(raw: bytes) -> Iterator[str]:
    """As a whole, and as it looks inside of something longer (`user:password`), at each of the three offsets."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(raw).decode()
        yield encode(raw).decode().rstrip("=")
        for offset in range(3):
            text = encode(b"\0" * offset + raw).decode().rstrip("=")
            core = text[(0, 2, 3)[offset] : len(text) - bool((offset + len(raw)) % 3)]
            if len(core) >= _LEAST_CORE:
                yield core
