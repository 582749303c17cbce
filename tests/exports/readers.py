"""How others read what we write: the rules of the kubelet, Argo, Compose and systemd, each written down here."""

import json
import re
from collections.abc import Mapping

__all__ = ["argo", "compose", "kubelet", "systemd_words"]

_TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_ESCAPES = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "s": 32, "\\": 92, '"': 34, "'": 39}


def kubelet(text: str, variables: Mapping[str, str]) -> str:
    """expansion.Expand: `$$` is a dollar, `$(NAME)` a variable where there is one, all else itself."""
    found, place = "", 0
    while place < len(text):
        if text[place] != "$" or place + 1 == len(text):
            found, place = found + text[place], place + 1
        elif text[place + 1] == "$":
            found, place = found + "$", place + 2
        elif text[place + 1] == "(" and ")" in text[place:]:
            name = text[place + 2 : text.index(")", place)]
            found, place = found + variables.get(name, f"$({name})"), text.index(")", place) + 1
        else:
            found, place = found + text[place : place + 2], place + 2
    return found


def argo(text: str, values: Mapping[str, str]) -> str:
    """Tags of a template in JSON, each replaced once; an unknown one would be an error or another's value."""
    return str(json.loads(_TAG.sub(lambda tag: json.dumps(values[tag[1]])[1:-1], json.dumps(text, ensure_ascii=False))))


def compose(text: str) -> str:
    """Interpolation: `$$` is a dollar; a variable would be a KeyError."""
    return re.sub(r"\$(.?)", lambda found: {"$": "$"}[found[1]], text, flags=re.DOTALL)


def systemd_words(line: str) -> list[str]:
    """ExecStart= as extract_first_word and specifiers read it: words in double quotes, C escapes, %% and $$."""
    words, rest = [], line
    while rest:
        assert rest[0] == '"'
        content, place = bytearray(), 1
        while rest[place] != '"':
            if rest[place] != "\\":
                content += rest[place].encode()
                place += 1
            elif rest[place + 1] == "x":
                content.append(int(rest[place + 2 : place + 4], 16))
                place += 4
            else:
                content.append(_ESCAPES[rest[place + 1]])
                place += 2
        words.append(_doubled(_doubled(content.decode(), "%"), "$"))
        rest = rest[place + 1 :].removeprefix(" ")
    return words


def _doubled(text: str, sign: str) -> str:
    return re.sub(f"{re.escape(sign)}(.?)", lambda found: {sign: sign}[found[1]], text, flags=re.DOTALL)
