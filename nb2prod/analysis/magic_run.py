"""Shell commands, scripts, files and folders of notebooks as statements of Python.

Commands are checked: where the notebook went on after a command that failed, the step fails. What IPython would put
into a command is told as IPython's formatter does it; where that cannot be told from the text, there is no statement.
"""

import ast
import json
import re
import shlex
import string

from nb2prod.analysis.magic_table import ENVIRONMENT_VARIABLES

__all__ = ["command_statement", "folder_statement", "is_lost", "script_lines", "write_lines"]

# as IPython finds `$name` outside of single quotes
_DOLLAR = re.compile(r"\$(\$?[\w.]+)(?=(?:[^']*'[^']*')*[^']*$)")
_LASTING = re.compile(r"^(cd|export|source|set|unset|alias|pushd|popd)\b[^;&|]*$")


def is_lost(command: str) -> bool:
    """`!cd data` and the like change a shell that ends with the line."""
    return _LASTING.match(command.strip()) is not None


def command_statement(command: str) -> str:
    """`!command` as a call of subprocess.run; "" where it cannot be told."""
    text = _text_of(command.strip())
    return f"import subprocess; subprocess.run({text}, shell=True, check=True)" if text else ""


def _text_of(command: str) -> str:
    """The command as a literal or an f-string."""
    try:
        parts = list(string.Formatter().parse(command))
    except ValueError:  # IPython leaves such a command as it is
        return _quoted(command)
    fields = [f"{field}:{spec}" if spec else field for _, field, spec, _ in parts if field is not None]
    if not all(map(_is_expression, fields)):
        return _quoted(command)
    dollars = [found for text, *_ in parts for found in _DOLLAR.findall(text)]
    if any(name in ENVIRONMENT_VARIABLES for name in dollars):
        return _quoted(command)  # no name of the notebook: IPython gives up and leaves all as it is
    if dollars or any(set(field) & set('"\\#\n') for field in fields):
        return ""
    if not fields:
        return _quoted("".join(text for text, *_ in parts))
    return 'f"' + "".join(_piece(*part) for part in parts) + '"'


def _piece(text: str, field: str | None, spec: str | None, conversion: str | None) -> str:
    shown = _quoted(text)[1:-1].replace("{", "{{").replace("}", "}}")
    if field is None:
        return shown
    expression = f"{field}:{spec}" if spec else field
    return f"{shown}{{{expression}{'!' + conversion if conversion else ''}}}"


def _is_expression(text: str) -> bool:
    try:
        ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError):
        return False
    return True


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def folder_statement(arguments: str) -> str:
    """`%cd path`; "" for the forms that ask the session's history."""
    path = _plain_path(arguments)
    if not path or path.startswith("-"):
        return ""
    expanded = f"os.path.expanduser({_quoted(path)})" if path.startswith("~") else _quoted(path)
    return f"import os; os.chdir({expanded})"


def write_lines(arguments: str, body: tuple[str, ...]) -> tuple[str, ...]:
    """`%%writefile path` and its body as a statement with a line more than the cell has; () where we had better not."""
    path = _plain_path(arguments)
    if not path or path.startswith(("-", "~")) or path.endswith(".py"):
        return ()
    head = f"from pathlib import Path; Path({_quoted(path)}).write_text("
    return _with_body(head, body, ', encoding="utf-8")')


def script_lines(name: str, arguments: str, body: tuple[str, ...]) -> tuple[str, ...]:
    """`%%bash` and its body as a call that is given the body; () for options and other programs."""
    words = f"{'' if name == 'script' else name} {arguments}".split()
    if words not in (["bash"], ["sh"]):
        return ()
    return _with_body(
        f"import subprocess; subprocess.run({json.dumps(words)}, check=True, text=True, input=", body, ")"
    )


def _with_body(head: str, body: tuple[str, ...], tail: str) -> tuple[str, ...]:
    """The body as it is where a literal of many lines can hold it, else as one line."""
    if body and not body[-1]:  # the end of the last line, not a line
        body = body[:-1]
    text = "".join(f"{line}\n" for line in body)
    if not text.strip():
        return ()
    if "\\" in text or '"""' in text or text != text.expandtabs(1):
        return (f"{head}{_quoted(text)}{tail}", *("" for _ in body))
    return (f'{head}"""\\', *body, f'"""{tail}')


def _plain_path(arguments: str) -> str:
    """The one word that the arguments are, if IPython would put nothing into it."""
    if set(arguments) & set("{$"):
        return ""
    try:
        words = shlex.split(arguments)
    except ValueError:
        return ""
    return words[0] if len(words) == 1 else ""
