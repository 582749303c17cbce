"""A step call, from what a project and its policies say; who makes it adds what the run knows."""

from typing import Any  # the fields of a StepCall

from nb2prod.runtime.project import Policy, Settings
from nb2prod.runtime.steps.calls import StepCall

__all__ = ["call_of"]


def call_of(settings: Settings, policy: Policy, **run: Any) -> StepCall:
    """`run` are the fields that differ from call to call."""
    return StepCall(
        project=str(settings.root),
        package=settings.package,
        environment=settings.environment,
        memory=policy.memory,
        cpus=policy.cpus,
        gpus=policy.gpus,
        keep=policy.cache,
        **{"workdir": str(settings.workdir), **run},
    )
