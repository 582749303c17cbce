"""A table or a query of a database, as the file that a step reads; what a step wrote, as a table."""

import csv
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any  # rows of a database

from nb2prod.runtime.data.formats import read_table, write_table
from nb2prod.runtime.data.tables import FORMATS, Data, format_by_name
from nb2prod.runtime.errors import ProjectError

__all__ = ["DatabasePlace", "put_frame"]

_ROWS = 10_000


class DatabasePlace:
    """`options` are those of SQLAlchemy's create_engine. All that is written is one transaction."""

    def __init__(self, url: str, data: Data, options: Mapping[str, Any]) -> None:
        self.engine = _engine(url, options, f"{data.kind}.{data.name}")
        self.data = data

    def fingerprint(self) -> str:
        return ""

    def fetch(self, target: Path) -> None:
        """A csv row by row, however many there are; other formats through a DataFrame."""
        form = self._format()
        with self._connected() as connection:
            self._need_table(connection)
            if form == "csv":
                _write_csv(connection.execution_options(stream_results=True).execute(self._select()), target)
                return
            import pandas

            frame = pandas.read_sql_query(self._select(), connection)
        write_table(frame, target, form)

    def publish(self, source: Path) -> None:
        form = self._format()
        with self._begun() as connection:
            frame = read_table(source, form, _text_columns(connection, self.data))
            put_frame(frame, connection, self.data)

    def publish_frame(self, frame: Any) -> None:
        with self._begun() as connection:
            put_frame(frame, connection, self.data)

    def try_read(self) -> str:
        with self._connected() as connection:
            self._need_table(connection)
            result = connection.execution_options(stream_results=True).execute(self._select())
            count = len(result.keys())
            row = result.fetchone()
            result.close()
        return f"{count} columns, {'a row was read' if row is not None else 'no row yet'}"

    def try_write(self) -> str:
        """Inserts nothing and deletes nothing, which needs the same rights; or makes a table; then takes it back."""
        from sqlalchemy import text

        with self._connected() as connection:
            transaction = connection.begin()
            try:
                if _has_table(connection, self.data):
                    name = _quoted(connection, self.data.table)
                    connection.execute(text(f"INSERT INTO {name} SELECT * FROM {name} WHERE 1 = 0"))
                    if self.data.if_exists == "replace":
                        connection.execute(text(f"DELETE FROM {name} WHERE 1 = 0"))
                    return f"table {self.data.table} can be written"
                schema = self.data.table.rpartition(".")[0]
                probe = _quoted(connection, f"{schema}{'.' if schema else ''}nb2prod_probe_{os.urandom(4).hex()}")
                connection.execute(text(f"CREATE TABLE {probe} (value INTEGER)"))
                connection.execute(text(f"DROP TABLE {probe}"))
                return f"table {self.data.table} can be made"
            finally:
                transaction.rollback()

    def try_connect(self) -> str:
        from sqlalchemy import text

        with self._connected() as connection:
            connection.execute(text("SELECT 1"))
        return "answers"

    def _format(self) -> str:
        """Of the step's file. Raises ProjectError, since a url that is a reference was not looked at before."""
        found = self.data.format or format_by_name(self.data.path)
        if not found:
            where = f"{self.data.kind}.{self.data.name}"
            raise ProjectError(f"pipeline.toml: [{where}] needs the format that the step expects: {', '.join(FORMATS)}")
        return found

    def _need_table(self, connection: Any) -> None:
        if self.data.table and not _has_table(connection, self.data):
            raise FileNotFoundError(f"there is no table {self.data.table}")

    def _select(self) -> Any:
        from sqlalchemy import literal_column, select, table, text

        if self.data.query:
            return text(self.data.query.replace(":", "\\:"))  # a colon is a colon, and no parameter
        schema, _, name = self.data.table.rpartition(".")
        return select(literal_column("*")).select_from(table(name, schema=schema or None))

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        try:
            with self.engine.connect() as connection:
                yield connection
        finally:
            self.engine.dispose()

    @contextmanager
    def _begun(self) -> Iterator[Any]:
        try:
            with self.engine.begin() as connection:
                yield connection
        finally:
            self.engine.dispose()


def put_frame(frame: Any, connection: Any, data: Data) -> None:
    """Rows into the table; where it is replaced and has the same columns, it stays and only its rows go."""
    from sqlalchemy import text

    schema, _, name = data.table.rpartition(".")
    frame = frame if type(frame.index).__name__ == "RangeIndex" else frame.reset_index()
    frame.columns = [str(column) for column in frame.columns]
    how, known = "append", _columns(connection, data) if _has_table(connection, data) else {}
    if known and data.if_exists == "replace" and known.keys() != {*frame.columns}:
        how, known = "replace", {}
    elif known and data.if_exists == "replace":
        connection.execute(text(f"DELETE FROM {_quoted(connection, data.table)}"))
    frame, types = _fitted(frame, known)
    frame.to_sql(name, connection, schema=schema or None, if_exists=how, index=False, dtype=types, chunksize=_ROWS)


def _fitted(frame: Any, known: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """As the table has its columns: days and times are texts in a csv. And the types to tell the database."""
    import pandas
    from sqlalchemy import Date, DateTime, Uuid

    types = {name: kind for name, kind in known.items() if name in frame.columns}
    for name, kind in types.items():
        if isinstance(kind, (Date, DateTime)) and not pandas.api.types.is_datetime64_any_dtype(frame[name]):
            frame = frame.assign(**{name: pandas.to_datetime(frame[name])})
        if isinstance(kind, Date):
            frame = frame.assign(**{name: frame[name].dt.date})
        elif isinstance(kind, Uuid):
            types[name] = Uuid(as_uuid=False)
    return frame, types


def _engine(url: str, options: Mapping[str, Any], where: str) -> Any:
    try:
        from sqlalchemy import create_engine, event, exc
        from sqlalchemy.pool import NullPool
    except ImportError:
        raise ProjectError(f"pipeline.toml: [{where}] databases need SQLAlchemy: pip install nb2prod[sql]") from None
    if url.startswith(("postgresql://", "postgres://")):
        url = f"postgresql+psycopg://{url.partition('://')[2]}"
    try:
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True, **options)
    except exc.ArgumentError:  # its text may show the URL
        raise ProjectError(f"pipeline.toml: [{where}] url cannot be read as a database's URL") from None
    except ImportError as error:
        hint = ": pip install nb2prod[sql]" if url.startswith("postgresql+psycopg:") else ""
        raise ProjectError(f"pipeline.toml: [{where}] the database's driver is not installed ({error}){hint}") from None
    except TypeError as error:
        raise ProjectError(f"pipeline.toml: [{where}.options] {error}") from None
    if engine.dialect.name == "sqlite":  # its driver leaves CREATE and DROP outside of transactions
        event.listen(engine, "connect", _leave_transactions_to_us)
        event.listen(engine, "begin", _begin)
    return engine


def _leave_transactions_to_us(connection: Any, _record: object) -> None:
    connection.isolation_level = None


def _begin(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN")


def _write_csv(result: Any, target: Path) -> None:
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(result.keys())
        for rows in result.partitions(_ROWS):
            writer.writerows(rows)


def _has_table(connection: Any, data: Data) -> bool:
    from sqlalchemy import inspect

    schema, _, name = data.table.rpartition(".")
    found: bool = inspect(connection).has_table(name, schema=schema or None)
    return found


def _columns(connection: Any, data: Data) -> dict[str, Any]:
    from sqlalchemy import inspect

    schema, _, name = data.table.rpartition(".")
    columns = inspect(connection).get_columns(name, schema=schema or None)
    return {column["name"]: column["type"] for column in columns}


def _text_columns(connection: Any, data: Data) -> frozenset[str]:
    """Columns of texts: 007 is one, where a csv is read without knowing."""
    from sqlalchemy import String

    if not _has_table(connection, data):
        return frozenset()
    return frozenset(name for name, kind in _columns(connection, data).items() if isinstance(kind, String))


def _quoted(connection: Any, name: str) -> str:
    preparer = connection.dialect.identifier_preparer
    return ".".join(preparer.quote(part) for part in name.split("."))
