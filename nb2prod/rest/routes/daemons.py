"""Daemons that work on the store, and what a cron expression says."""

from fastapi import APIRouter

from nb2prod.api.readings import read_trigger
from nb2prod.api.scheduler import daemons_alive
from nb2prod.model.job import Cron
from nb2prod.rest.orders import CronIn
from nb2prod.rest.routes.common import Opened, problems
from nb2prod.rest.shapes import CronOut, DaemonOut, Page
from nb2prod.scheduler.occurrences import check_trigger, next_times

ROUTER = APIRouter()


@ROUTER.get("/daemons", tags=["daemons"], summary="List the daemons that were heard of lately", responses=problems())
def list_daemons(store: Opened) -> Page[DaemonOut]:
    return Page(items=[DaemonOut.model_validate(daemon) for daemon in daemons_alive(store)])


@ROUTER.post("/cron/describe", tags=["cron"], summary="Read a cron expression aloud", responses=problems(422))
def describe_cron(store: Opened, order: CronIn) -> CronOut:
    """In words, with the next five times. Nothing is stored."""
    cron = Cron(expression=order.expression, timezone=order.timezone)
    check_trigger(cron)
    return CronOut(reading=read_trigger(cron), times=next_times(cron, store.now(), 5))
