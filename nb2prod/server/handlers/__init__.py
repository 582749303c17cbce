"""The requests, one file a resource."""

from nb2prod.server.handlers import about, definitions, jobs, look, operations, project, rules, scheduler

__all__ = ["HANDLERS"]

HANDLERS = [
    handler
    for module in (about, look, rules, operations, project, scheduler, definitions, jobs)
    for handler in module.HANDLERS
]
