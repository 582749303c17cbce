"""INSERT that leaves what is there, or replaces it; both databases say it alike, SQLAlchemy does not."""

from collections.abc import Mapping
from typing import Any  # the two dialects' Insert share no type

from sqlalchemy import Table

from nb2prod.store.connect import Tx

__all__ = ["insert_or_leave", "insert_or_replace"]


def insert_or_leave(tx: Tx, table: Table) -> Any:
    return _insert(tx, table).on_conflict_do_nothing()


def insert_or_replace(tx: Tx, table: Table, values: Mapping[str, object], keep: tuple[str, ...] = ()) -> Any:
    """By primary key; what is in `keep` stays as it is in a row that is there."""
    keys = {column.name for column in table.primary_key}
    changes = {name: value for name, value in values.items() if name not in keys and name not in keep}
    return _insert(tx, table).values(dict(values)).on_conflict_do_update(index_elements=sorted(keys), set_=changes)


def _insert(tx: Tx, table: Table) -> Any:
    if tx.is_sqlite:
        from sqlalchemy.dialects.sqlite import insert

        return insert(table)
    from sqlalchemy.dialects.postgresql import insert as insert_there  # takes long to import

    return insert_there(table)
