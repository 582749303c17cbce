"""The code that a step reaches: its module, what it names of functions.py and what that looks up in turn.

A name is looked up where it stands, and where a text has it: formulas and queries find functions by name. What does
more than define (calls, branches, decorators that may note what they see, imports for their effect) always counts.
Where names are made up as it runs, all of functions.py counts.
"""

import ast
import hashlib
import importlib.util
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any  # bytes or a view of them

__all__ = ["Imports", "Mentions", "Shared", "imported_names", "parse", "sha", "undocumented"]

_DYNAMIC = {"globals", "locals", "vars", "eval", "exec", "__import__"}
_WORD = re.compile(r"[^\W\d]\w*")
_FORMULAS = ("patsy", "formulaic")  # their objects look for functions by name when they are made again
_BIG = 1 << 17


class Shared:
    """functions.py, as the statements at its top."""

    def __init__(self, path: Path) -> None:
        self.tree = parse(path) if path.is_file() else ast.Module(body=[], type_ignores=[])
        self.parts = [_Part(node) for node in undocumented(self.tree.body)]
        used = {name for part in self.parts for name in part.looks_up}
        for part in self.parts:  # `import sklearnex` does something even where nobody names it
            part.always |= isinstance(part.node, ast.Import | ast.ImportFrom) and not part.binds & used
        self.names = {name for part in self.parts if not part.is_import for name in part.binds}
        noting = _notes_subclasses(self.tree)
        for part in self.parts:
            part.always |= bool(self.names & _decorating(part.node, with_bases=noting))

    def reached(self, names: Iterable[str] | None) -> list[ast.stmt]:
        """In their order; all of them for None."""
        if names is None or any(_DYNAMIC & part.looks_up for part in self._reached(set(names))):
            return [part.node for part in self.parts]
        return [part.node for part in self._reached(set(names))]

    def digest(self, names: Iterable[str] | None) -> str:
        return sha(ast.dump(node) for node in self.reached(names))

    def _reached(self, names: set[str]) -> list["_Part"]:
        found: set[int] = set()
        while True:
            new = [
                (index, part)
                for index, part in enumerate(self.parts)
                if index not in found and (part.always or part.binds & names)
            ]
            if not new:
                return [self.parts[index] for index in sorted(found)]
            found |= {index for index, _ in new}
            names = names.union(*(part.looks_up for _, part in new))


class _Part:
    def __init__(self, node: ast.stmt) -> None:
        self.node = node
        self.is_import = isinstance(node, ast.Import | ast.ImportFrom)
        self.binds = _bound(node)
        self.looks_up = set() if self.is_import else _looked_up(node)
        self.always = not self.binds or "*" in self.binds or _calls(node)


def _bound(node: ast.stmt) -> set[str]:
    """What a plain definition defines; nothing for a statement that does more."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    flat = [each for target in targets for each in ast.walk(target) if not isinstance(each, ast.expr_context)]
    if not all(isinstance(each, ast.Name | ast.Tuple | ast.List | ast.Starred) for each in flat):
        return set()
    return {each.id for each in flat if isinstance(each, ast.Name)}


def _calls(node: ast.stmt) -> bool:
    """A value that is computed: who knows what that does besides."""
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    return value is not None and any(isinstance(each, ast.Call) for each in ast.walk(value))


def _decorating(node: ast.stmt, *, with_bases: bool) -> set[str]:
    """Names that see what is defined while it is defined."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return set()
    bases = [*node.bases, *node.keywords] if isinstance(node, ast.ClassDef) and with_bases else []
    return {name for each in (*node.decorator_list, *bases) for name in _looked_up(each)}


def _notes_subclasses(tree: ast.Module) -> bool:
    names = {getattr(node, "attr", getattr(node, "name", "")) for node in ast.walk(tree)}
    keywords = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
    return bool(names & {"__subclasses__", "__init_subclass__"}) or "metaclass" in keywords


def _looked_up(tree: ast.AST) -> set[str]:
    """Names and the words of texts."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.update(_WORD.findall(node.value))
    return found


def imported_names(tree: ast.Module, package: str) -> set[str] | None:
    """Those that a module of the package takes from functions.py; None for all of it."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "") in ("functions", f"{package}.functions"):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.level or node.module == package):
            found |= {"*" for alias in node.names if alias.name == "functions"}
        elif isinstance(node, ast.Import):
            found |= {"*" for alias in node.names if alias.name == f"{package}.functions"}
    return None if "*" in found else found


class Mentions:
    """Looks at a pickle while it is written: which names of functions.py the value is made of.

    An object comes back as one of the class as it is then, so that the code belongs to what the bundle holds.
    """

    def __init__(self, shared: Shared, module: str) -> None:
        self._shared, self._module = shared, module.encode()
        self._names = {name.encode(): name for name in shared.names}
        self.again()

    def again(self) -> None:
        self._found: set[bytes] = set()
        self._is_named = any(name in sys.modules for name in _FORMULAS)

    def see(self, data: Any) -> None:
        if not self._names or len(data) > _BIG:
            return
        content = bytes(data)
        self._is_named = self._is_named or self._module in content
        self._found |= {name for name in self._names.keys() - self._found if name in content}

    def told(self) -> str:
        if not (self._is_named and self._found):
            return ""
        return self._shared.digest({self._names[name] for name in self._found})


class Imports:
    """Which files of this machine, that nobody has installed, some modules import, and those in turn."""

    def __init__(self, is_installed: Callable[[str], bool]) -> None:
        self._is_installed = is_installed
        self._files: dict[str, list[Path]] = {}

    def of(self, paths: Iterable[Path], package: str = "") -> dict[Path, str]:
        """The files with their digests. `package` is the one that the paths belong to, which does not count."""
        found: dict[Path, str] = {}
        waiting = [(path, package) for path in paths]
        first = {path for path, _ in waiting}
        seen: set[Path] = set()
        while waiting:
            path, inside = waiting.pop()
            if path in seen:
                continue
            seen.add(path)
            content = _read(path)
            if path not in first:
                found[path] = hashlib.sha256(content).hexdigest()
            for name in _imports(content, inside):
                if name.partition(".")[0] != package:
                    waiting += [(file, _package_of(name, file)) for file in self._local(name)]
        return found

    def _local(self, name: str) -> list[Path]:
        if name not in self._files:
            self._files[name] = list(self._looked_for(name))
        return self._files[name]

    def _looked_for(self, name: str) -> Iterator[Path]:
        top, *rest = name.split(".")
        file, folders = _spec(top)
        if top in sys.stdlib_module_names or (file is not None and self._is_installed(file)):
            return
        if file is not None and file.endswith(".py"):
            yield Path(file)
        for part in rest:
            below = [Path(folder, part) for folder in folders]
            files = [path.with_suffix(".py") for path in below] + [path / "__init__.py" for path in below]
            yield from (path for path in files if path.is_file() and not self._is_installed(str(path)))
            folders = [str(path) for path in below if path.is_dir()]


def own_modules(step: Path, shared: Path) -> dict[Path, str]:
    """Other files of its package that a step's module imports, or functions.py does, with their digests."""
    root = shared.parent
    found: dict[Path, str] = {}
    waiting = [step, *([shared] if shared.is_file() else [])]
    seen = {*waiting, root / "__init__.py", step.parent / "__init__.py"}
    while waiting:
        path = waiting.pop()
        inside = ".".join((root.name, *path.relative_to(root).parent.parts)) if path.is_relative_to(root) else ""
        for name in _imports(_read(path), inside):
            top, *rest = name.split(".")
            below = root.joinpath(*rest)
            for file in (below.with_suffix(".py"), below / "__init__.py") if top == root.name and rest else ():
                if file not in seen and file.is_file():
                    seen.add(file)
                    waiting.append(file)
                    found[file] = hashlib.sha256(_read(file)).hexdigest()
    return found


def _spec(top: str) -> tuple[str | None, Sequence[str]]:
    """Where a module is and its folders, without importing it."""
    loaded = sys.modules.get(top)
    try:
        spec = importlib.util.find_spec(top) if loaded is None else loaded.__spec__
    except (ImportError, ValueError, AttributeError):
        return None, ()
    if spec is None:
        return getattr(loaded, "__file__", None), ()
    file = spec.origin if spec.has_location else None
    return file, list(spec.submodule_search_locations or ())


def _imports(content: bytes, package: str) -> Iterator[str]:
    """Dotted names, from wherever in the file; `package` is what a dot in front stands for."""
    try:
        nodes = list(ast.walk(ast.parse(content)))
    except (SyntaxError, ValueError):
        return
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            if base:
                yield base
                yield from (f"{base}.{alias.name}" for alias in node.names if alias.name != "*")


def _package_of(name: str, file: Path) -> str:
    """What a dot stands for in the file that a dotted name led to."""
    parts = name.split(".")
    folder = file.parent.name
    if file.name == "__init__.py":
        return ".".join(parts[: _last(parts, folder) + 1])
    return ".".join(parts[: _last(parts, file.stem)])


def _last(parts: Sequence[str], name: str) -> int:
    return max((index for index, part in enumerate(parts) if part == name), default=len(parts) - 1)


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def undocumented(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    is_doc = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return body[1:] if is_doc else list(body)


def sha(texts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "backslashreplace")).hexdigest()
