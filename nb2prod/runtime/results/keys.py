"""The key of a step: what its result depends on, as far as that is known before it runs.

key = code of the step and of what it reaches, local modules, Python, distributions, folder, declared state,
      earlier steps whose effects cannot be put back, and for each input its name and its origin

It is the same wherever it is computed, and no input need be there: an origin is a text.
"""

import ast
import json
import os
import re
import sys
import types
import weakref
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any  # a step's values

from nb2prod.runtime.results.bundlefiles import Looker, write_bundle
from nb2prod.runtime.results.bundles import NotPortable
from nb2prod.runtime.results.reach import (
    Imports,
    Mentions,
    Shared,
    imported_names,
    own_modules,
    parse,
    sha,
    undocumented,
)
from nb2prod.runtime.telling.record import decode

__all__ = ["Code", "Origins", "Uncacheable", "environment", "is_scalar", "key_of", "literal", "origin_of"]

FORMAT = 2
# libraries that open files or connections in code of their own, where nobody sees it, and how that looks
_BLIND = {
    "polars", "pyarrow", "duckdb", "h5py", "cv2", "netCDF4", "tables", "xarray", "rasterio", "geopandas",
    "fiona", "pyogrio", "xgboost", "lightgbm", "catboost", "tensorflow", "keras", "vaex", "dask", "fsspec",
    "s3fs", "gcsfs", "psycopg", "psycopg2", "pymysql", "oracledb", "snowflake",
}  # fmt: skip
_OPENS = re.compile(
    r"(read|scan|load|open|imread|imwrite|save|write|sink|to_|from_file|File|Dataset|connect|sql|query)"
)
_ALWAYS_BLIND = re.compile(r"(read_sql\w*|to_sql|create_engine|read_hdf|to_hdf|HDFStore|read_gbq|to_gbq)")


_SCALARS = (bool, int, float, str, bytes, type(None))  # may be one object by chance: only the value counts


class Uncacheable(Exception):
    """The step must be run; the text says why."""


class Code:
    """The text that a step is made of, and what it tells. One for a run: files are read once.

    `ignore` are folders of what is installed, and of ours. With `whole`, all of functions.py counts for every step.
    `package` is the folder of a package that has just been imported: what its files are now is what will run. A step
    whose files change after that has no key.
    """

    def __init__(
        self, root: Path, ignore: Iterable[str] = (), *, package: Path | None = None, whole: bool = False
    ) -> None:
        self.root, self.ignore, self.whole = root, tuple(ignore), whole
        self._trees: dict[Path, ast.Module] = {}
        self._shared: dict[Path, Shared] = {}
        self._reached: dict[Callable[..., Any], list[ast.Module]] = {}
        self._digests: dict[Callable[..., Any], str] = {}
        self._texts: dict[Callable[..., Any], list[str]] = {}
        self._blind: dict[Callable[..., Any], str] = {}
        self._owned: dict[Path, dict[Path, str]] = {}
        self._packages: dict[Path, dict[Path, str]] = {}
        self._imports = Imports(self._is_installed)
        self._loaded = set(sys.modules)
        self._stamps: dict[Path, tuple[int, int, int]] = {}
        if package is not None:
            self._note(package.rglob("*.py"))
            self._package(package, package.name)

    def learn(self, function: Callable[..., Any]) -> None:
        """What will be asked about it, so that forks of this process know."""
        with suppress(Uncacheable, SyntaxError, OSError):
            self.digest(function)
            self.local_modules(function)
            self.blind(function)
            self.named_files(function, {})
            self.mentions(function)

    def digest(self, function: Callable[..., Any]) -> str:
        """Comments and the step's own docstring do not count: they only number the cells."""
        if changed := self.changed(function):
            raise Uncacheable(f"{changed} has changed since it was loaded")
        if function not in self._digests:
            trees = [_without_docstrings(tree, function.__name__) for tree in self.trees(function)]
            own = self._own(function).items()
            files = (f"{path.name} {digest}" for path, digest in sorted(own))
            self._digests[function] = sha([*(ast.dump(tree) for tree in trees), *files])
        return self._digests[function]

    def changed(self, function: Callable[..., Any]) -> str:
        """The name of a file of its code that is not what was loaded."""
        step = _file_of(function)
        files = (step, step.parent.parent / "functions.py", *self._own(function), *self._local(function))
        return next((path.name for path in files if path in self._stamps and _stamp(path) != self._stamps[path]), "")

    def trees(self, function: Callable[..., Any]) -> list[ast.Module]:
        """Of its module, and of functions.py what it reaches. Raises Uncacheable."""
        if function not in self._reached:
            path = _file_of(function)
            tree = self._tree(path)
            names = set() if self.whole else imported_names(tree, path.parent.parent.name)
            for other in self._own(function):
                more = imported_names(self._tree(other), path.parent.parent.name)
                names = None if names is None or more is None else names | more
            reached = self.shared(function).reached(None if self.whole else names)
            self._reached[function] = [tree, ast.Module(body=reached, type_ignores=[])]
        return self._reached[function]

    def shared(self, function: Callable[..., Any]) -> Shared:
        """Raises Uncacheable."""
        path = _file_of(function).parent.parent / "functions.py"
        if path not in self._shared:
            self._shared[path] = Shared(path)
        return self._shared[path]

    def mentions(self, function: Callable[..., Any]) -> Mentions | None:
        """What is looked for in a bundle of the step's package."""
        try:
            package = function.__module__.partition(".")[0]
            return Mentions(self.shared(function), f"{package}.functions")
        except (Uncacheable, SyntaxError, OSError):
            return None

    def blind(self, function: Callable[..., Any]) -> str:
        """What opens files where it is not seen, or nothing."""
        if function not in self._blind:
            self._blind[function] = next(filter(None, map(_opens_unseen, self.trees(function))), "")
        return self._blind[function]

    def named_files(self, function: Callable[..., Any], inputs: Mapping[str, object]) -> list[str]:
        """Files that the code or its inputs name: a library may open them unseen."""
        if function not in self._texts:
            nodes = [node for tree in self.trees(function) for node in ast.walk(tree)]
            texts = [n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]
            self._texts[function] = texts
        named = [
            text for text in (*self._texts[function], *inputs.values()) if isinstance(text, str) and 0 < len(text) < 300
        ]
        return [os.path.abspath(text) for text in named if "\0" not in text and os.path.isfile(text)]  # noqa: PTH100, PTH113

    def local_modules(self, function: Callable[..., Any]) -> str:
        """Modules that are neither installed nor the package's own, which any step of the package imports: a folder
        of functions beside the notebook."""
        return sha(f"{path.name} {digest}" for path, digest in sorted(self._local(function).items()))

    def loaded_unforeseen(self, function: Callable[..., Any]) -> list[str]:
        """Files of such modules that were loaded meanwhile, and that no import in the code names."""
        foreseen = {str(path) for path in self._local(function)}
        files = (getattr(sys.modules[name], "__file__", None) for name in sys.modules.keys() - self._loaded)
        return sorted({file for file in files if file and file not in foreseen and self._is_local(file)})

    def _local(self, function: Callable[..., Any]) -> dict[Path, str]:
        step = _file_of(function)
        folder, name = step.parent.parent, function.__module__.partition(".")[0]
        return self._package(folder, name) if folder.name == name else self._package(step, name)

    def _package(self, path: Path, name: str) -> dict[Path, str]:
        if path not in self._packages:
            self._packages[path] = self._imports.of(sorted(path.rglob("*.py")) if path.is_dir() else [path], name)
            self._note(self._packages[path])
        return self._packages[path]

    def _own(self, function: Callable[..., Any]) -> dict[Path, str]:
        """Other modules of the package that it imports: somebody has written them."""
        path = _file_of(function)
        if path not in self._owned:
            self._owned[path] = own_modules(path, path.parent.parent / "functions.py")
        return self._owned[path]

    def _note(self, paths: Iterable[Path]) -> None:
        for path in paths:
            self._stamps.setdefault(path, _stamp(path))

    def _is_local(self, file: str) -> bool:
        return not self._is_installed(file) and Path(file).is_file()

    def _is_installed(self, file: str) -> bool:
        return file.startswith(self.ignore) or "/site-packages/" in file or "/dist-packages/" in file

    def _tree(self, path: Path) -> ast.Module:
        if path not in self._trees:
            self._trees[path] = parse(path)
        return self._trees[path]


class Origins:
    """Where values come from, by identity: field `f` of bundle `b`. They are kept alive, or forgotten when they die."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, str, str]] = {}

    def learn(self, origins: Mapping[str, str], values: Mapping[str, object], bundle: str = "") -> None:
        """They are the fields of that bundle, if it is told."""
        for name, value in values.items():
            self._known[id(value)] = (self._held(value), origins[name], f"{bundle} {name}" if bundle else "")

    def forget(self, values: Iterable[object]) -> None:
        for value in values:
            self._known.pop(id(value), None)

    def of(self, value: object, looker: Looker | None = None) -> str:
        """Raises Uncacheable for a value that is nobody's and cannot be pickled."""
        if not is_scalar(value) and id(value) in self._known:
            return self._known[id(value)][1]
        text = literal(value)
        if text is not None:
            return f"value {sha([text])}"
        try:
            return write_bundle(value, None, looker)
        except NotPortable as error:
            raise Uncacheable(f"an input cannot be pickled ({error})") from error

    def place(self, value: object) -> str:
        """BUNDLE FIELD, where it is known."""
        return "" if is_scalar(value) else self._known.get(id(value), ("", "", ""))[2]

    def learn_copies(self, copies: Mapping[str, object], values: Mapping[str, object]) -> None:
        """They come from where the values do."""
        for name, value in values.items():
            if not is_scalar(value) and id(value) in self._known:
                self._known[id(copies[name])] = (self._held(copies[name]), *self._known[id(value)][1:])

    def _held(self, value: object) -> object:
        """A weak reference where there can be one: a big table must not outlive its last user."""
        key = id(value)
        try:
            return weakref.ref(value, lambda _: self._known.pop(key, None))
        except TypeError:
            return value


def origin_of(reference: Mapping[str, Any]) -> str:
    """Of an input as a StepCall has it, the same as that of the value itself where it was computed."""
    if "origin" in reference:
        return str(reference["origin"])
    if "value" in reference:
        return Origins().of(decode("input", reference["value"]))
    return f"{reference['bundle']} {reference.get('item') or reference.get('field') or 'result'}"


def is_scalar(value: object) -> bool:
    """Only its value counts, whichever step has given it."""
    return isinstance(value, _SCALARS)


def literal(value: object) -> str | None:
    """The text of a value that is all literals, the same for all that are equal in kind; None for others."""
    seen: set[int] = set()
    try:
        return _literal(value, seen)
    except (_NoLiteral, RecursionError):
        return None


class _NoLiteral(Exception):
    """It is more, or shares a part of itself."""


def _literal(value: Any, seen: set[int]) -> str:
    kind = type(value)
    if kind in _SCALARS or value is None:
        return repr(value)
    if kind not in (list, tuple, dict, set, frozenset) or id(value) in seen:
        raise _NoLiteral
    if kind is not tuple:
        seen.add(id(value))
    if kind is dict:
        pairs = (f"{_literal(key, seen)}: {_literal(each, seen)}" for key, each in value.items())
        return f"{{{', '.join(pairs)}}}"
    parts = [_literal(each, seen) for each in value]
    return f"{kind.__name__}({', '.join(sorted(parts) if kind in (set, frozenset) else parts)})"


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0, 0
    return found.st_mtime_ns, found.st_size, found.st_ino


def _file_of(function: Callable[..., Any]) -> Path:
    module = sys.modules.get(getattr(function, "__module__", ""))
    file = getattr(module, "__file__", None)
    if not isinstance(function, types.FunctionType) or not file or function.__closure__ or not Path(file).is_file():
        raise Uncacheable("its code cannot be told")
    return Path(file)


def key_of(parts: Mapping[str, object]) -> str:
    return sha([json.dumps({"format": FORMAT, **parts}, sort_keys=True, ensure_ascii=True)])


def environment(root: Path) -> dict[str, str]:
    """Python and the distributions of requirements.lock, at the versions that are installed."""
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": sys.version, "platform": sys.platform}
    lock = root / "requirements.lock"
    lines = lock.read_text(encoding="utf-8").splitlines() if lock.is_file() else []
    for match in filter(None, (re.match(r"[A-Za-z0-9][\w.-]*", line) for line in lines)):
        try:
            found[match[0].lower()] = version(match[0])
        except PackageNotFoundError:
            found[match[0].lower()] = ""
    return found


def _without_docstrings(tree: ast.Module, name: str) -> ast.Module:
    body: list[ast.stmt] = undocumented(tree.body)
    for index, node in enumerate(body):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            fields = dict(ast.iter_fields(node)) | {"body": undocumented(node.body)}
            body[index] = ast.FunctionDef(**fields)
    return ast.Module(body=body, type_ignores=[])


def _opens_unseen(tree: ast.Module) -> str:
    called = {_called(node) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    imported = {top for node in ast.walk(tree) for top in _imported(node)}
    found = [name for name in sorted(called) if _ALWAYS_BLIND.fullmatch(name)]
    found += [name for name in sorted(called) if imported & _BLIND and _OPENS.match(name)]
    return f"{found[0]}() reads or writes where it cannot be seen" if found else ""


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    return [(node.module or "").split(".")[0]] if isinstance(node, ast.ImportFrom) and not node.level else []
