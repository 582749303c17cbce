"""Pools: how many runs of a kind may run at once, over all daemons."""

from fastapi import APIRouter

from nb2prod.api import pools as verbs
from nb2prod.rest.orders import PoolIn
from nb2prod.rest.routes.common import Name, Opened, Wake, problems
from nb2prod.rest.shapes import Page, PoolOut

ROUTER = APIRouter(prefix="/pools", tags=["pools"])


@ROUTER.get("", summary="List pools", responses=problems())
def list_pools(store: Opened) -> Page[PoolOut]:
    return Page(items=[PoolOut.model_validate(pool) for pool in verbs.pools(store)])


@ROUTER.put("/{name}", summary="Set the limit of a pool", responses=problems(422))
def set_pool(store: Opened, wake: Wake, name: Name, order: PoolIn) -> PoolOut:
    pool = verbs.set_pool(store, name, order.limit)
    wake()
    return PoolOut.model_validate(pool)
