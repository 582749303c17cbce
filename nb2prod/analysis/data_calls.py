"""Calls that read or write a file or an address, and where in them it stands: tables. Other calls are not known.

The `mode` of a rule is what is done with it: read, write, update (both), connect (the library opens the address itself,
so it stays one), or "open" (a mode argument says it).
"""

import ast
from dataclasses import dataclass

__all__ = ["Place", "place_in", "place_in_path"]


@dataclass(frozen=True)
class Place:
    """A literal that a call reads or writes."""

    node: ast.Constant
    mode: str

    @property
    def text(self) -> str:
        return str(self.node.value)


@dataclass(frozen=True)
class _Rule:
    mode: str
    at: int = 0
    keywords: tuple[str, ...] = ()
    suffix: str = ""  # the library adds it to a name without it
    open_at: int = 1  # of "open": where the mode stands, and what it is without one
    opens: str = "r"


_KINDS = "csv table fwf excel json ndjson html xml hdf feather parquet ipc avro orc sas spss stata pickle file"
_PANDAS = ("filepath_or_buffer", "path", "io", "path_or_buf", "path_or_buffer", "filename")
_READ = _Rule("read", keywords=_PANDAS)
_WRITE = _Rule("write", keywords=("path_or_buf", "path", "excel_writer", "buf", "path_or_buffer", "fname"))
_UPDATE = _Rule("update", keywords=_PANDAS)
_URL = _Rule("connect", keywords=("url", "fullurl"))
_BY_NUMPY = ("file", "fname")

_FUNCTIONS: dict[str, _Rule] = {
    "open": _Rule("open", keywords=("file",)),
    "io.open": _Rule("open", keywords=("file",)),
    "codecs.open": _Rule("open", keywords=("filename",)),
    **dict.fromkeys(["gzip.open", "bz2.open", "lzma.open"], _Rule("open", keywords=("filename",))),
    "zipfile.ZipFile": _Rule("open", keywords=("file",)),
    "h5py.File": _Rule("open", keywords=("name",)),
    "sqlite3.connect": _Rule("update", keywords=("database",)),
    **{f"{library}.read_{kind}": _READ for library in ("pandas", "polars", "geopandas") for kind in _KINDS.split()},
    "pandas.ExcelFile": _Rule("read", keywords=("path_or_buffer",)),
    "pandas.ExcelWriter": _Rule("write", keywords=("path",)),
    "pandas.HDFStore": _UPDATE,
    **{f"pandas.{name}": _Rule("connect", 1, ("con",)) for name in ("read_sql", "read_sql_query", "read_sql_table")},
    **{f"numpy.{name}": _Rule("read", keywords=_BY_NUMPY) for name in ("load", "loadtxt", "genfromtxt", "fromfile")},
    "numpy.save": _Rule("write", keywords=_BY_NUMPY, suffix=".npy"),
    "numpy.savez": _Rule("write", keywords=_BY_NUMPY, suffix=".npz"),
    "numpy.savez_compressed": _Rule("write", keywords=_BY_NUMPY, suffix=".npz"),
    "numpy.savetxt": _Rule("write", keywords=_BY_NUMPY),
    "joblib.load": _Rule("read", keywords=("filename",)),
    "joblib.dump": _Rule("write", 1, ("filename",)),
    "torch.load": _Rule("read", keywords=("f",)),
    "torch.save": _Rule("write", 1, ("f",)),
    "scipy.io.loadmat": _Rule("read", keywords=("file_name",)),
    "scipy.io.savemat": _Rule("write", keywords=("file_name",), suffix=".mat"),
    "scipy.io.wavfile.read": _Rule("read", keywords=("filename",)),
    "scipy.io.wavfile.write": _Rule("write", keywords=("filename",)),
    "pyarrow.parquet.read_table": _Rule("read", keywords=("source",)),
    "pyarrow.parquet.write_table": _Rule("write", 1, ("where",)),
    "PIL.Image.open": _Rule("read", keywords=("fp",)),
    "cv2.imread": _Rule("read"),
    "cv2.imwrite": _Rule("write"),
    **{
        f"{module}.{name}": rule
        for module in ("skimage.io", "imageio", "imageio.v2", "imageio.v3", "matplotlib.image", "matplotlib.pyplot")
        for name, rule in (("imread", _Rule("read")), ("imsave", _Rule("write")), ("imwrite", _Rule("write")))
    },
    "matplotlib.pyplot.savefig": _WRITE,
    "sqlalchemy.create_engine": _URL,
    "urllib.request.urlopen": _URL,
    "urllib.request.urlretrieve": _URL,
    "requests.get": _URL,
    "httpx.get": _URL,
}
_METHODS: dict[str, _Rule] = {
    **dict.fromkeys(
        "to_csv to_excel to_json to_html to_xml to_feather to_parquet to_orc to_stata to_pickle to_latex to_markdown "
        "savefig save save_model write_csv write_excel write_json write_ndjson write_parquet write_ipc write_html "
        "write_image".split(),
        _WRITE,
    ),
    "tofile": _Rule("write", keywords=("fid",)),
    "to_hdf": _UPDATE,
    "load_model": _Rule("read", keywords=("fname",)),
    "to_sql": _Rule("connect", 1, ("con",)),
}
_OF_A_PATH = {"read_text": "read", "read_bytes": "read", "write_text": "write", "write_bytes": "write"}
# with them a library expects an address where it was one, or more than the one file
_TIED = frozenset({"storage_options", "filesystem", "partition_cols", "partition_by", "dir_fd", "opener"})


def place_in(call: ast.Call, dotted: str) -> Place | None:
    """`dotted` is what the called name is imported as: pandas.read_csv; "" for what is no import, nor a builtin."""
    if any(keyword.arg is None or keyword.arg in _TIED for keyword in call.keywords):
        return None
    rule = _FUNCTIONS.get(dotted)
    if rule is None and isinstance(call.func, ast.Attribute) and not dotted:
        if isinstance(call.func.value, ast.Call) and call.func.attr in _OF_A_PATH:
            return None
        rule = _METHODS.get(call.func.attr)
    literal = _argument(call, rule.at, rule.keywords) if rule else None
    if rule is None or literal is None:
        return None
    mode = _mode(call, rule)
    suffix = not rule.suffix or str(literal.value).endswith(rule.suffix)
    return Place(literal, mode) if mode and suffix else None


def place_in_path(call: ast.Call, dotted: str) -> Place | None:
    """Of `Path("x.txt").read_text()`; `dotted` is of the name that makes the path."""
    match call:
        case ast.Call(
            func=ast.Attribute(attr=attr, value=ast.Call(args=[ast.Constant(value=str()) as literal], keywords=[]))
        ) if attr in _OF_A_PATH and dotted == "pathlib.Path":
            return Place(literal, _OF_A_PATH[attr])
    return None


def _argument(call: ast.Call, at: int, keywords: tuple[str, ...]) -> ast.Constant | None:
    before = call.args[: at + 1]
    if any(isinstance(value, ast.Starred) for value in before):
        return None
    found = call.args[at] if at < len(call.args) else None
    if found is None:
        found = next((keyword.value for keyword in call.keywords if keyword.arg in keywords), None)
    return found if isinstance(found, ast.Constant) and isinstance(found.value, str) else None


def _mode(call: ast.Call, rule: _Rule) -> str:
    """ "" when it cannot be told."""
    given = _given(call, "mode", rule.open_at if rule.mode == "open" else None)
    if rule.mode == "write" and given is not None:
        return "" if not isinstance(given, ast.Constant) else "write" if given.value == "w" else "update"
    if rule.mode != "open":
        return rule.mode
    letters = rule.opens if given is None else getattr(given, "value", None)
    if not isinstance(letters, str):
        return ""
    if set(letters) & set("a+"):
        return "update"
    return "write" if set(letters) & set("wx") else "read"


def _given(call: ast.Call, keyword: str, at: int | None) -> ast.expr | None:
    if at is not None and at < len(call.args):
        return call.args[at]
    return next((each.value for each in call.keywords if each.arg == keyword), None)
