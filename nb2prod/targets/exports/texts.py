"""Texts of users in files of others: as comments, names, YAML and shell words. What is in them never becomes code."""

import hashlib
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any  # YAML

import yaml

from nb2prod.targets.exports.base import ExportOrder, Note

__all__ = ["comments", "dns_name", "dns_names", "file_name", "head", "one_line", "parameter_words", "shell", "to_yaml"]

_WIDTH = 10_000  # no line is folded
# what every reader of YAML, of 1.1 and of 1.2, takes for a text
_PLAIN = re.compile(r"(--?)?[A-Za-z/][A-Za-z0-9_./=@-]*(:[A-Za-z0-9_./=@-]+)*")
_LINE = r"[!-~](?:[ -~]*[!-~])?\n"
_BLOCK = re.compile(f"{_LINE}(?: *{_LINE})*")
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf"}


def one_line(text: str) -> str:
    """Text as one line of what can be printed."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def head(target: str, order: ExportOrder, notes: Iterable[Note], *more: str) -> list[str]:
    """What stands at the top of a file, as comment lines that begin with #."""
    told = [f"{order.name}: made by `nb2prod export --to {target}`. Change the project and export again.", *more]
    told += [f"NOTE {'(unsafe) ' if note.unsafe else ''}{note}" for note in notes]
    return comments(*told)


def comments(*lines: str) -> list[str]:
    return [f"# {one_line(line)}" for line in lines]


def dns_name(text: str, limit: int = 52) -> str:
    """A name as Kubernetes takes it: a-z, 0-9 and -, and begins with a letter. 52 leaves room for what a CronJob adds.

    A name that had to lose letters ends with a digest of what it was, so that two names stay two.
    """
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    plain = plain if plain[:1].isalpha() else f"p-{plain}".rstrip("-")
    if plain == text.replace("_", "-") and len(plain) <= limit:
        return plain
    return (
        f"{plain[: limit - 7].rstrip('-')}-{hashlib.sha256(text.encode('utf-8', 'backslashreplace')).hexdigest()[:6]}"
    )


def dns_names(texts: Sequence[str], limit: int = 52) -> dict[str, str]:
    """One for each, and no two the same: `load_2` and the second call of `load` would be."""
    found: dict[str, str] = {}
    for text in texts:
        name, number = dns_name(text, limit - 4), 2
        while name in found.values():
            name, number = f"{dns_name(text, limit - 4)}-x{number}", number + 1
        found[text] = name
    return found


def file_name(order: ExportOrder) -> str:
    """The stem of a file for this pipeline: its package's name, which Python has checked."""
    return order.package if order.package.isascii() else dns_name(order.package)


def shell(words: Iterable[str]) -> str:
    return shlex.join(words)


def parameter_words(parameters: Mapping[str, str]) -> list[str]:
    """As the pipeline's command line takes them."""
    return [word for name, text in parameters.items() for word in ("-p", f"{name}={text}")]


def to_yaml(document: Any) -> str:
    """In the order given. Every text is quoted that some reader would take for something else."""
    text: str = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH, default_flow_style=False
    )
    return text


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML has no types
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 (PyYAML's signature)
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = '"'
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        style = ""
    elif _BLOCK.fullmatch(text):
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
