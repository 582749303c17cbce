"""Blobs and definitions: what runs, by content."""

import hashlib
from collections.abc import Mapping, Sequence

from sqlalchemy import func, insert, select

from nb2prod.model.job import Definition, JobKind, JobSettings, SnapshotFile
from nb2prod.store import tables
from nb2prod.store.connect import DEFINING, Tx
from nb2prod.store.errors import BlobDamaged, NotInStore
from nb2prod.store.insert import insert_or_leave
from nb2prod.store.json_text import dumps
from nb2prod.store.room import Room
from nb2prod.store.rows import read_definition

__all__ = ["Definitions", "definition_of"]

Parameters = Sequence[tuple[str, str, str, str]]


class Definitions(Room):
    def put_blob(self, content: bytes) -> str:
        return self._database.write(lambda tx: _put_blob(tx, content))

    def blob(self, sha256: str) -> bytes:
        return self._database.read(lambda tx: _blob(tx, sha256))

    def save_definition(
        self,
        *,
        name: str,
        kind: JobKind,
        path: str,
        entry: str,
        files: Mapping[str, bytes],
        parameters: Parameters = (),
        settings: JobSettings | None = None,
    ) -> Definition:
        """The latest version of that name, when files, parameters and settings are the same; else a new one."""
        values: dict[str, object] = {
            "name": name,
            "kind": JobKind(kind).value,
            "path": path,
            "entry": entry,
            "files": dumps([_snapshot(at, files[at]) for at in sorted(files)]),
            "parameters": dumps([list(parameter) for parameter in parameters]),
            "settings": dumps(settings or JobSettings()),
        }
        return self._database.write(lambda tx: _save(tx, name, values, files))

    def definition(self, definition_id: int) -> Definition:
        return self._database.read(lambda tx: definition_of(tx, definition_id))

    def latest_definition(self, name: str) -> Definition:
        return self._database.read(lambda tx: _latest(tx, name))

    def definitions(self, name: str = "") -> list[Definition]:
        """All versions of a name, or the latest of each; by name and version."""
        return self._database.read(lambda tx: _list(tx, name))


def definition_of(tx: Tx, definition_id: int) -> Definition:
    row = tx.first(select(tables.definition).where(tables.definition.c.id == definition_id))
    if row is None:
        raise NotInStore("definition", definition_id)
    return read_definition(row)


def _snapshot(path: str, content: bytes) -> SnapshotFile:
    return SnapshotFile(path=path, sha256=_sha256(content), size=len(content))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _put_blob(tx: Tx, content: bytes) -> str:
    sha256 = _sha256(content)
    blob = {"sha256": sha256, "content": content, "size": len(content), "created_at": tx.micros}
    tx.run(insert_or_leave(tx, tables.blob).values(blob))
    return sha256


def _blob(tx: Tx, sha256: str) -> bytes:
    content = tx.connection.execute(select(tables.blob.c.content).where(tables.blob.c.sha256 == sha256)).scalar()
    if content is None:
        raise NotInStore("blob", sha256)
    if _sha256(content) != sha256:
        raise BlobDamaged(sha256)
    return bytes(content)


def _save(tx: Tx, name: str, values: Mapping[str, object], files: Mapping[str, bytes]) -> Definition:
    tx.alone(DEFINING)
    digest = _sha256(dumps({key: values[key] for key in ("kind", "entry", "files", "parameters", "settings")}).encode())
    column = tables.definition.c
    latest = tx.first(select(tables.definition).where(column.name == name).order_by(column.version.desc()).limit(1))
    if latest is not None and latest.digest == digest:
        return read_definition(latest)
    for content in files.values():
        _put_blob(tx, content)
    new = {**values, "digest": digest, "version": latest.version + 1 if latest else 1, "created_at": tx.micros}
    number = tx.connection.execute(insert(tables.definition).values(new)).inserted_primary_key
    assert number is not None
    return definition_of(tx, number[0])


def _latest(tx: Tx, name: str) -> Definition:
    column = tables.definition.c
    row = tx.first(select(tables.definition).where(column.name == name).order_by(column.version.desc()).limit(1))
    if row is None:
        known = [other.name for other in tx.rows(select(column.name).distinct())]
        raise NotInStore("definition", name, known)
    return read_definition(row)


def _list(tx: Tx, name: str) -> list[Definition]:
    column = tables.definition.c
    found = select(tables.definition).order_by(column.name, column.version)
    if name:
        found = found.where(column.name == name)
    else:
        newest = select(column.name, func.max(column.version).label("version")).group_by(column.name).subquery()
        found = found.join(newest, (newest.c.name == column.name) & (newest.c.version == column.version))
    return [read_definition(row) for row in tx.rows(found)]
