"""Schedules: when definitions run."""

from typing import Annotated, Any  # what is given of a schedule, by name

from fastapi import APIRouter, Query, Response

from nb2prod.api import schedules as verbs
from nb2prod.rest import PREFIX
from nb2prod.rest.orders import CancelIn, ScheduleChange, ScheduleIn, trigger_of
from nb2prod.rest.routes.common import Limit, Name, Opened, Wake, problems
from nb2prod.rest.shapes import Page, RunOut, ScheduleOut, ScheduleRowOut, Times

ROUTER = APIRouter(prefix="/schedules", tags=["schedules"])
_NO_POLICIES = {"name", "definition", "trigger", "parameters"}


@ROUTER.get("", summary="List schedules by name", responses=problems(422))
def list_schedules(
    store: Opened,
    search: Annotated[str, Query(description="a part of the name")] = "",
    after: Annotated[str, Query(description="`next` of the page before")] = "",
    limit: Limit = 100,
) -> Page[ScheduleRowOut]:
    found = store.schedules(limit=limit + 1, after=after, search=search)
    labels = store.schedule_labels(found[:limit])
    page = [ScheduleRowOut.beside(schedule, labels[schedule.id]) for schedule in found[:limit]]
    is_all = not after and len(found) <= limit
    total = len(found) if is_all else store.count_schedules(search)
    return Page(items=page, next=page[-1].name if len(found) > limit else None, total=total)


@ROUTER.post("", status_code=201, summary="Schedule a definition", responses=problems(404, 409, 422))
def add_schedule(store: Opened, wake: Wake, order: ScheduleIn, response: Response) -> ScheduleOut:
    made = verbs.add_schedule(
        store,
        definition=store.latest_definition(order.definition),
        name=order.name,
        trigger=trigger_of(order.trigger, store.now()),
        parameters=order.parameters,
        **_policies(order),
    )
    wake()
    response.headers["Location"] = f"{PREFIX}/schedules/{made.name}"
    return ScheduleOut.of(made)


@ROUTER.get("/{name}", summary="Show a schedule", responses=problems(404))
def show_schedule(store: Opened, name: Name) -> ScheduleOut:
    return ScheduleOut.of(store.schedule(name))


@ROUTER.patch("/{name}", summary="Change a schedule", responses=problems(404, 409, 422))
def change_schedule(store: Opened, wake: Wake, name: Name, order: ScheduleChange) -> ScheduleOut:
    given = order.model_fields_set
    changed = verbs.update_schedule(
        store,
        name,
        definition=store.latest_definition(order.definition) if order.definition else None,
        trigger=trigger_of(order.trigger, store.now()) if order.trigger else None,
        parameters=order.parameters,
        **{key: value for key, value in _policies(order).items() if key in given},
    )
    wake()
    return ScheduleOut.of(changed)


@ROUTER.delete("/{name}", status_code=204, summary="Remove a schedule; its runs stay", responses=problems(404, 409))
def remove_schedule(store: Opened, name: Name) -> None:
    verbs.remove(store, name)


@ROUTER.post("/{name}/pause", summary="Pause a schedule: nothing of it becomes due", responses=problems(404))
def pause(store: Opened, name: Name) -> ScheduleOut:
    return ScheduleOut.of(verbs.pause(store, name))


@ROUTER.post("/{name}/resume", summary="Resume a schedule from now on", responses=problems(404, 422))
def resume(store: Opened, wake: Wake, name: Name) -> ScheduleOut:
    resumed = verbs.resume(store, name)
    wake()
    return ScheduleOut.of(resumed)


@ROUTER.post("/{name}/run-now", status_code=201, summary="Run a schedule's job now", responses=problems(404))
def run_now(store: Opened, wake: Wake, name: Name, response: Response, order: CancelIn | None = None) -> RunOut:
    """Beside the runs that are due, also while it is paused."""
    run = verbs.run_now(store, name, by=(order or CancelIn()).by)
    wake()
    response.headers["Location"] = f"{PREFIX}/runs/{run.id}"
    return RunOut.of(run)


@ROUTER.get("/{name}/next", summary="Tell when a schedule is due next", responses=problems(404, 422))
def next_times(store: Opened, name: Name, count: Annotated[int, Query(ge=1, le=100)] = 5) -> Times:
    return Times(times=verbs.next_times(store, name, count))


@ROUTER.get("/{name}/history", summary="List the runs of a schedule, the newest first", responses=problems(404, 422))
def history(store: Opened, name: Name, limit: Limit = 50) -> Page[RunOut]:
    return Page(items=[RunOut.of(run) for run in verbs.history(store, name, limit)])


def _policies(order: ScheduleIn | ScheduleChange) -> Any:
    return {name: getattr(order, name) for name in type(order).model_fields if name not in _NO_POLICIES}
