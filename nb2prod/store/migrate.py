"""Bringing the tables to HEAD. Alembic is imported only when there is something to do: it takes long to import."""

import os
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from nb2prod.store.connect import Database
from nb2prod.store.errors import StoreNotReachable, StoreTooNew
from nb2prod.store.tables import HEAD
from nb2prod.store.urls import shown

__all__ = ["bring_to_head"]

MIGRATIONS = Path(__file__).parent / "migrations"


def bring_to_head(database: Database) -> None:
    if not database.is_postgres:
        _make_room(database)
    if database.persist(lambda: _revision(database)) != HEAD:
        database.persist(lambda: _migrate(database))


def _make_room(database: Database) -> None:
    """The file's folder; nobody else reads what notebooks were given."""
    file = Path(database.url.database or "")
    if file.exists():
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreNotReachable(shown(database.url), f"{file} cannot be made: {error.strerror}") from error


def _revision(database: Database) -> str:
    return database.read(lambda tx: _stamped(tx.connection))


def _stamped(connection: Connection) -> str:
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")


def _migrate(database: Database) -> None:
    from alembic import command  # takes as long as all the rest together
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with database.migrating() as connection:
        revision = _stamped(connection)  # another process may have been quicker
        if revision == HEAD:
            return
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if revision and revision not in known:
            raise StoreTooNew(shown(database.url), revision, HEAD)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
