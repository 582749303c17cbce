"""What pipeline.toml says of data, checked.

[data.customers_csv]
path = "data/customers.csv"      what stands in the code, or what the step gets in its place
mode = "read"                    read, write, update (both), connect (the step opens the URL itself)
url = "s3://lake/customers.csv"  where it is; without it the step opens `path`
format = "csv"                   of a table of a database; by the suffix of `path` where it is not given
table, query, if_exists          of a database
options = {}                     of the file system's library, or `headers` of a web server

[outputs.scores]                 a result of the pipeline, written when the run has completed: url or path,
url = "s3://lake/scores.parquet" format, table, if_exists, options
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any  # TOML

from nb2prod.runtime.data.references import clear_text_secret, references_in, unknown_reference
from nb2prod.runtime.errors import ProjectError

__all__ = ["FORMATS", "MODES", "Data", "data_of", "format_by_name", "is_database", "outputs_of", "scheme_of"]

SETTINGS = "pipeline.toml"
MODES = ("read", "write", "update", "connect")
FORMATS = ("csv", "parquet", "feather", "json", "pickle")
_SUFFIXES = {
    ".csv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".feather": "feather",
    ".arrow": "feather",
    ".json": "json",
    ".pkl": "pickle",
    ".pickle": "pickle",
}
_DATABASES = {"postgresql", "postgres", "sqlite", "mysql", "mariadb", "oracle", "mssql", "duckdb", "snowflake"}
_DATABASES |= {"redshift", "bigquery", "cockroachdb", "trino", "databricks", "clickhouse", "awsathena", "db2"}


@dataclass(frozen=True, kw_only=True)
class Data:
    """A table of pipeline.toml. `kind` is data or outputs; `url` may hold references, which are resolved when used."""

    name: str
    kind: str = "data"
    path: str = ""
    url: str = ""
    mode: str = "read"
    format: str = ""
    table: str = ""
    query: str = ""
    if_exists: str = "replace"
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_read(self) -> bool:
        return self.mode in ("read", "update")

    @property
    def is_written(self) -> bool:
        return self.mode in ("write", "update")

    @property
    def is_elsewhere(self) -> bool:
        """It is fetched and published for the step, which sees a file of its own."""
        return bool(self.url) and self.mode != "connect"

    @property
    def secrets(self) -> tuple[str, ...]:
        """What it is given by reference: env:DB_PASSWORD. Whoever runs the pipeline must see to it that it is there."""
        texts = [self.url, *(text for _, text in _texts(self.options, ""))]
        return tuple(dict.fromkeys(reference for text in texts for reference in references_in(text)))

    @property
    def shown(self) -> str:
        """Where it is, as pipeline.toml has it: references are not resolved."""
        of = f" {self.table or self.query}" if self.url and (self.table or self.query) else ""
        return f"{self.url or self.path}{of}"


def data_of(tables: Mapping[str, Any], names: frozenset[str] | None = None) -> dict[str, Data]:
    """The [data.NAME] of those names, or all. Raises ProjectError."""
    found = _table(tables, "data", "data")
    wanted = [name for name in found if names is None or name in names]
    return {name: _data(name, _table(found, name, f"data.{name}")) for name in wanted}


def outputs_of(tables: Mapping[str, Any]) -> dict[str, Data]:
    """The [outputs.NAME]. Raises ProjectError."""
    found = _table(tables, "outputs", "outputs")
    return {name: _output(name, _table(found, name, f"outputs.{name}")) for name in found}


def scheme_of(url: str) -> str:
    """s3, https, postgresql+psycopg; file for a path."""
    head, mark, _ = url.partition("://")
    return head.lower() if mark else "file"


def is_database(url: str) -> bool:
    return scheme_of(url).partition("+")[0] in _DATABASES


def format_by_name(name: str) -> str:
    """csv for data/x.csv and x.csv.gz; "" for a suffix that is none of ours."""
    suffixes = PurePosixPath(name.partition("?")[0]).suffixes
    plain = [suffix for suffix in suffixes if suffix not in (".gz", ".bz2", ".xz", ".zip", ".zst")]
    return _SUFFIXES.get(plain[-1].lower(), "") if plain else ""


def _data(name: str, table: Mapping[str, Any]) -> Data:
    where = f"data.{name}"
    _refuse_unknown(table, where, {"path", "url", "mode", "format", "table", "query", "if_exists", "options"})
    found = _common(name, "data", where, table, mode=_chosen(table, "mode", where, MODES))
    if not found.path and not found.url:
        raise ProjectError(f'{SETTINGS}: [{where}] says nowhere where it is: give it path = "FILE" or url = "URL"')
    return found


def _output(name: str, table: Mapping[str, Any]) -> Data:
    where = f"outputs.{name}"
    _refuse_unknown(table, where, {"path", "url", "format", "table", "if_exists", "options"})
    found = _common(name, "outputs", where, table, mode="write")
    if not found.path and not found.url:
        raise ProjectError(f'{SETTINGS}: [{where}] says nowhere where it goes: give it path = "FILE" or url = "URL"')
    if not is_database(found.url) and not (found.format or format_by_name(found.url or found.path)):
        known = ", ".join(FORMATS)
        raise ProjectError(f"{SETTINGS}: [{where}] has no format, and its name tells none; there are {known}")
    return found


def _common(name: str, kind: str, where: str, table: Mapping[str, Any], mode: str) -> Data:
    found = Data(
        name=name,
        kind=kind,
        path=_text(table, "path", where),
        url=_text(table, "url", where),
        mode=mode,
        format=_chosen(table, "format", where, ("", *FORMATS)),
        table=_text(table, "table", where),
        query=_text(table, "query", where),
        if_exists=_chosen(table, "if_exists", where, ("replace", "append")),
        options=_table(table, "options", f"{where}.options"),
    )
    _refuse_secrets(found, where)
    _refuse_nonsense(found, where)
    return found


def _refuse_secrets(data: Data, where: str) -> None:
    """The text of the secret is not in the message."""
    for key, text in (("url", data.url), ("path", data.path), *_texts(data.options, "options")):
        wrong = clear_text_secret(key, text)
        if wrong:
            hint = "write {env:NAME}, {file:PATH} or {keyring:SERVICE/USER} in its place"
            raise ProjectError(f"{SETTINGS}: [{where}] {key} holds {wrong} in clear text: {hint}")
        unknown = unknown_reference(text) if key != "path" else ""
        if unknown:
            raise ProjectError(f"{SETTINGS}: [{where}] {key}: {{{unknown}:...}} is no reference; {_KINDS}")


_KINDS = "there are {env:NAME}, {file:PATH} and {keyring:SERVICE/USER}"


def _refuse_nonsense(data: Data, where: str) -> None:
    is_sql = is_database(data.url) and data.mode != "connect"
    if is_sql and not data.table and not (data.query and not data.is_written):
        what = 'table = "NAME"' if data.is_written else 'table = "NAME" or query = "SELECT ..."'
        raise ProjectError(f"{SETTINGS}: [{where}] is in a database: give it {what}")
    if is_sql and data.table and data.query:
        raise ProjectError(f"{SETTINGS}: [{where}] has a table and a query: give it one of them")
    if (data.table or data.query) and not is_sql and "{" not in data.url:
        raise ProjectError(f"{SETTINGS}: [{where}] has a table or a query, and its url is no database's")
    if is_sql and data.kind == "data" and not (data.format or format_by_name(data.path)):
        known = ", ".join(FORMATS)
        raise ProjectError(f"{SETTINGS}: [{where}] needs the format that the step expects; there are {known}")
    if data.is_written and scheme_of(data.url) in ("http", "https"):
        raise ProjectError(f"{SETTINGS}: [{where}] is written, and a web address can only be read")


def _texts(options: Mapping[str, Any], where: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in options.items():
        if isinstance(value, str):
            found.append((f"{where}.{name}", value))
        elif isinstance(value, dict):
            found += _texts(value, f"{where}.{name}")
    return found


def _refuse_unknown(table: Mapping[str, Any], where: str, known: set[str]) -> None:
    unknown = sorted(table.keys() - known)
    if unknown:
        there = ", ".join(sorted(known))
        raise ProjectError(f"{SETTINGS}: [{where}] {unknown[0]} is not known; there are {there}")


def _table(tables: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise ProjectError(f"{SETTINGS}: {where} must be a table")
    return table


def _text(table: Mapping[str, Any], name: str, where: str) -> str:
    value = table.get(name, "")
    if not isinstance(value, str):
        raise ProjectError(f"{SETTINGS}: [{where}] {name} is {value!r}; it must be a text")
    return value


def _chosen(table: Mapping[str, Any], name: str, where: str, choices: tuple[str, ...]) -> str:
    value = table.get(name, choices[0])
    if value not in choices:
        there = ", ".join(filter(None, choices))
        raise ProjectError(f"{SETTINGS}: [{where}] {name} is {value!r}; it must be one of {there}")
    return str(value)
