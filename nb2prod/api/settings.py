"""Settings of a job, checked before anything is stored: a wrong one is told now and not at six in the morning."""

import difflib
from collections.abc import Collection, Sequence
from pathlib import Path

from nb2prod.errors import InvalidOption
from nb2prod.execution.environments import python_of
from nb2prod.execution.output_paths import check_template
from nb2prod.execution.rendering import FORMATS
from nb2prod.model.job import FailureKind, JobSettings, Limits, Retry
from nb2prod.store import Store

__all__ = ["check_settings"]

_NEVER_RETRIED = (FailureKind.PARAMETERS, FailureKind.CANCELLED, FailureKind.INTERRUPTED)


def check_settings(store: Store, settings: JobSettings, parameters: Sequence[str]) -> None:
    """Raises InvalidOption for the first that cannot work."""
    _check_environment(settings.environment)
    if settings.workdir and not Path(settings.workdir).is_dir():
        raise InvalidOption("--workdir", f"there is no folder {settings.workdir}")
    check_template(settings.output, parameters)
    for name in settings.formats:
        _one_of("--format", name, FORMATS)
    _check_limits(settings.limits)
    _check_retry(settings.retry)
    known = [channel.name for channel in store.channels()] if settings.notify else []
    for name in settings.notify:
        if name not in known:
            there = f"the channels are {', '.join(known)}" if known else "there is none yet"
            raise InvalidOption("--notify", f"there is no channel {name!r}; {there}; add it with nb2prod notify add")


def _check_environment(environment: str) -> None:
    _, kernel = python_of(environment)
    if kernel:
        from jupyter_client.kernelspec import find_kernel_specs

        _one_of("--environment", kernel, sorted(find_kernel_specs()), what="kernelspec")


def _check_limits(limits: Limits) -> None:
    given = {
        "--timeout": limits.run,
        "--cell-timeout": limits.cell,
        "--start-timeout": limits.start,
        "--memory": limits.memory,
        "--cpu-time": limits.cpu_seconds,
        "--cpus": limits.cpus,
    }
    for option, value in given.items():
        if value is not None and not value > 0:
            raise InvalidOption(option, f"{value} is not more than nothing")


def _check_retry(retry: Retry) -> None:
    if retry.limit < 0 or retry.delay < 0:
        raise InvalidOption("--retries", "the number of retries and their delay cannot be negative")
    for kind in retry.on:
        if kind in _NEVER_RETRIED:
            raise InvalidOption("--retry-on", f"{kind.value} is never retried")


def _one_of(option: str, text: str, known: Collection[str], what: str = "value") -> None:
    if text in known:
        return
    close = difflib.get_close_matches(text, known, n=1)
    there = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known) or 'none'}"
    raise InvalidOption(option, f"there is no {what} {text!r}; {there}")
