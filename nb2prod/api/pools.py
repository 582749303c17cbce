"""Pools: how many runs of a kind may run at once, over all daemons that share the store."""

from nb2prod.api.names import check_name
from nb2prod.errors import InvalidOption
from nb2prod.store import Pool, Store

__all__ = ["Pool", "pools", "set_pool"]


def pools(store: Store) -> list[Pool]:
    return store.pools()


def set_pool(store: Store, name: str, limit: int | None) -> Pool:
    """A limit of 0 holds the pool: what runs goes on, nothing more starts."""
    if limit is not None and limit < 0:
        raise InvalidOption("LIMIT", f"{limit} is less than none; give a number of runs, or 'none' for no limit")
    store.set_pool(check_name(name), limit)
    return next(pool for pool in pools(store) if pool.name == name)
