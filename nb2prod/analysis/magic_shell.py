"""Shell lines of notebooks: what they install, what they only show, and which names they read."""

import ast
import builtins
import re
import shlex
import string

from nb2prod.analysis.magic_table import DISPLAY_COMMANDS, ENVIRONMENT_VARIABLES, SHELL_NOTE, Fate, words
from nb2prod.analysis.trees import walk

_CHAIN = re.compile(r"\s*(?:&&|\|\||;|\|)\s*")
_REDIRECT = re.compile(r"\s*(?:\d?>&\d|&?\d?>>?\s*(?:/dev/null|nul))\s*", re.IGNORECASE)
_INSTALL = re.compile(
    r"^(?:sudo\s+)?(?:(?:\S*python[\d.]*|\{sys\.executable\}|py)\s+-m\s+)?(?P<tool>uv\s+pip|pip[\d.]*|conda|mamba|micromamba)"
    r"\s+(?P<rest>.*)$",
    re.DOTALL,
)
_DISTRIBUTION = re.compile(
    r"^[A-Za-z0-9][A-Za-z0-9._-]*(\[[\w,. -]+\])?\s*((?:[=<>!~]=?=?)\s*[\w.*+!-]+(,\s*[=<>!~]=?=?\s*[\w.*+!-]+)*)?$"
)
_TAKES_VALUE = frozenset(
    words(
        "-r --requirement -c --constraint -i --index-url --extra-index-url -f --find-links -t --target --prefix --root "
        "--platform --python-version --channel -n --name -p --cache-dir --timeout --trusted-host --proxy --src "
        "--no-binary --only-binary --upgrade-strategy -e --editable"
    )
)
_SHOWS = frozenset(words("list show freeze check info --version -V search config help"))


def judge_shell(command: str) -> tuple[Fate, tuple[str, ...], str]:
    """(fate, requirements, note) of a shell line without its `!`."""
    parts = [part for part in _CHAIN.split(_REDIRECT.sub(" ", command).strip()) if part]
    if not parts:
        return Fate.DROPPED, (), "the line is empty"
    requirements: list[str] = []
    fates = set()
    for part in parts:
        fate, found = _judge_part(part)
        fates.add(fate)
        requirements += found
    if Fate.REFUSED in fates:
        return Fate.REFUSED, (), SHELL_NOTE
    if Fate.REQUIREMENT in fates:
        return Fate.REQUIREMENT, tuple(requirements), _install_note(requirements, command)
    return Fate.DROPPED, (), "it only shows something in the notebook"


def installs(command: str) -> bool:
    """Whether a part of the command is a tool that installs: then nothing of it is run."""
    return any(_INSTALL.match(part) for part in _CHAIN.split(command.strip()) if part)


def interpolated(command: str) -> tuple[str, ...]:
    """The names that IPython puts into a command: those of `{expression}` and `$name`, builtins left out."""
    names: list[str] = []
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(command) if field]
    except ValueError:
        fields = []
    for expression in fields:
        names += _names_of(expression)
    outside_quotes = re.sub(r"'[^']*'", "", command)
    names += [n for n in re.findall(r"(?<![\$\\])\$([A-Za-z_]\w*)", outside_quotes) if n not in ENVIRONMENT_VARIABLES]
    return tuple(dict.fromkeys(name for name in names if not hasattr(builtins, name)))


def _names_of(expression: str) -> list[str]:
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except SyntaxError:
        return []
    return [node.id for node in walk(tree) if isinstance(node, ast.Name)]


def _judge_part(part: str) -> tuple[Fate, list[str]]:
    if install := _INSTALL.match(part):
        return _judge_install(install["rest"])
    command = part.split()
    if command[-1] in ("--version", "-V") and len(command) == 2:
        return Fate.DROPPED, []
    shows = command[0] in DISPLAY_COMMANDS and not set(part) & set(">`&")
    return (Fate.DROPPED if shows else Fate.REFUSED), []


def _judge_install(rest: str) -> tuple[Fate, list[str]]:
    try:
        arguments = shlex.split(rest, comments=True)
    except ValueError:
        arguments = rest.split()
    verb = next((word for word in arguments if not word.startswith("-")), arguments[0] if arguments else "--version")
    if verb in _SHOWS:
        return Fate.DROPPED, []
    if verb != "install":
        return Fate.REFUSED, []
    return Fate.REQUIREMENT, _distributions(arguments[arguments.index("install") + 1 :])


def _distributions(arguments: list[str]) -> list[str]:
    found = []
    skip = False
    for word in arguments:
        if skip or word.startswith("-"):
            skip = not skip and word in _TAKES_VALUE
            continue
        if word in ("pip", "setuptools", "wheel"):  # tools that install, not what the code needs
            continue
        if " @ " in word or _DISTRIBUTION.match(word):
            found.append(word)
    return found


def _install_note(requirements: list[str], command: str) -> str:
    if requirements:
        return "a requirement of the project: " + ", ".join(requirements)
    return f"no distribution is named in `{command.strip()}`; what the code imports is required"
