"""The key of a step: what its result depends on, as far as that is known before it runs.

key = code of the step and of functions.py, local modules, Python, distributions, folder, declared state,
      earlier steps whose effects cannot be put back, and for each input its name and where it comes from
"""

import ast
import hashlib
import json
import os
import re
import sys
import types
import weakref
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any  # a step's values

__all__ = ["Code", "Origins", "Uncacheable", "environment", "key_of"]

FORMAT = 1
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
    """The text that a step is made of, and what it tells. One for a run: files are read once."""

    def __init__(self, root: Path, ignore: Iterable[str] = ()) -> None:
        self.root, self.ignore = root, tuple(ignore)
        self._trees: dict[str, ast.Module] = {}
        self._digests: dict[Callable[..., Any], str] = {}
        self._texts: dict[Callable[..., Any], list[str]] = {}
        self._blind: dict[Callable[..., Any], str] = {}
        self._seen: set[str] = set()
        self._local: dict[str, str] = {}

    def digest(self, function: Callable[..., Any]) -> str:
        """Comments and the step's own docstring do not count: they only number the cells."""
        if function not in self._digests:
            trees = [_without_docstrings(tree, function.__name__) for tree in self.trees(function)]
            self._digests[function] = _sha(ast.dump(tree) for tree in trees)
        return self._digests[function]

    def trees(self, function: Callable[..., Any]) -> list[ast.Module]:
        module = sys.modules.get(getattr(function, "__module__", ""))
        file = getattr(module, "__file__", None)
        if not isinstance(function, types.FunctionType) or not file or function.__closure__:
            raise Uncacheable("its code cannot be told")
        shared = Path(file).parent.parent / "functions.py"
        return [self._tree(path) for path in (file, str(shared)) if Path(path).is_file()]

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

    def local_modules(self) -> str:
        """Modules that are neither installed nor the package's own: a folder of helpers beside the notebook."""
        for name in sys.modules.keys() - self._seen:
            self._seen.add(name)
            file = getattr(sys.modules[name], "__file__", None)
            if file and not self._is_installed(file) and Path(file).is_file():
                self._local[name] = hashlib.sha256(Path(file).read_bytes()).hexdigest()
        return _sha(f"{name} {digest}" for name, digest in sorted(self._local.items()))

    def _is_installed(self, file: str) -> bool:
        return file.startswith(self.ignore) or "/site-packages/" in file or "/dist-packages/" in file

    def _tree(self, path: str) -> ast.Module:
        if path not in self._trees:
            self._trees[path] = ast.parse(Path(path).read_bytes())
        return self._trees[path]


class Origins:
    """Where values come from, by identity: field `f` of bundle `b`. They are kept alive, or forgotten when they die."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[object, str]] = {}

    def learn(self, bundle: str, values: Mapping[str, object]) -> None:
        for name, value in values.items():
            self._known[id(value)] = (self._held(value), f"{bundle} {name}")

    def forget(self, values: Iterable[object]) -> None:
        for value in values:
            self._known.pop(id(value), None)

    def of(self, value: object) -> str:
        """Raises Uncacheable for a value that is nobody's and cannot be pickled."""
        import pickle

        if not isinstance(value, _SCALARS) and id(value) in self._known:
            return self._known[id(value)][1]

        try:
            return hashlib.sha256(pickle.dumps(value, protocol=5)).hexdigest()
        except Exception as error:
            raise Uncacheable(f"an input cannot be pickled ({_brief(error)})") from error

    def known(self, value: object) -> str:
        """The same where it is known, else "": nothing is pickled for it."""
        return "" if isinstance(value, _SCALARS) else self._known.get(id(value), ("", ""))[1]

    def learn_again(self, values: Mapping[str, object], origins: Mapping[str, str]) -> None:
        """Of copies of values that are known."""
        for name, text in origins.items():
            if text:
                self._known[id(values[name])] = (self._held(values[name]), text)

    def _held(self, value: object) -> object:
        """A weak reference where there can be one: a big table must not outlive its last user."""
        key = id(value)
        try:
            return weakref.ref(value, lambda _: self._known.pop(key, None))
        except TypeError:
            return value


def key_of(parts: Mapping[str, object]) -> str:
    return _sha([json.dumps({"format": FORMAT, **parts}, sort_keys=True, ensure_ascii=True)])


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
    body: list[ast.stmt] = _documented(tree.body)
    for index, node in enumerate(body):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            fields = dict(ast.iter_fields(node)) | {"body": _documented(node.body)}
            body[index] = ast.FunctionDef(**fields)
    return ast.Module(body=body, type_ignores=[])


def _documented(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    is_doc = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return body[1:] if is_doc else list(body)


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


def _brief(error: BaseException) -> str:
    text = str(error).split("\n")[0]
    return f"{type(error).__name__}: {text[:200]}"


def _sha(texts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode("utf-8", "backslashreplace")).hexdigest()
