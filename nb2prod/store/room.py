"""What each room of the store is built on."""

from nb2prod.store.connect import Database

__all__ = ["Room"]


class Room:
    """A part of the Store: verbs of one kind, each one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
