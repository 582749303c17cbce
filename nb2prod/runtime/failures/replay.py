"""A failed step again, in a notebook: what it was given when it began, and where it was.

    record's step["replay"] = {"inputs": {NAME: Given}, "carried": [DIGEST of hidden state, ...], "artifacts": where}
    Given = {"value": ...} | {"bundle": DIGEST, "field": NAME} | {"bundle": DIGEST, "item": NAME} (of a dictionary)

With `late` a value was kept after the step had failed, which may have changed it before. {"gone": WHY} is one that
could not be kept.
"""

import importlib
import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any  # a step's values

from nb2prod.runtime import state
from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.files import read_json
from nb2prod.runtime.project import Settings, read_settings
from nb2prod.runtime.results.artifacts import open_artifacts
from nb2prod.runtime.results.bundles import NotPortable
from nb2prod.runtime.telling.record import decode, encode

__all__ = ["Replay", "kept", "step_of"]

_PLAIN = (bool, int, float, str, type(None))


def kept(
    inputs: Mapping[str, object],
    places: Mapping[str, str],
    before: Mapping[str, object],
    where: str,
    *,
    may_have_changed: bool,
) -> dict[str, Any]:
    """What to record of a step that has just failed in this process. Raises nothing: a full disk is no news then.

    `places` has "DIGEST FIELD" for inputs that earlier steps gave; `before` the hidden state as the step found it.
    """
    found: dict[str, dict[str, Any]] = {}
    own: dict[str, object] = {}
    for name, value in inputs.items():
        digest, _, field = places.get(name, "").partition(" ")
        if type(value) in _PLAIN:
            found[name] = {"value": encode(value)}
        elif digest:
            found[name] = {"bundle": digest, "field": field}
        else:
            own[name] = value
    found |= _own(own, where, {"late": True} if may_have_changed else {}) if own else {}
    # the environment has what nobody wants to find in an artifact
    carried = {name: value for name, value in before.items() if name != "os.environ"}
    digests = []
    with suppress(NotPortable, OSError):
        digests = [open_artifacts(where).put_value(carried)] if carried else []
    return {"inputs": {name: found[name] for name in inputs}, "carried": digests, "artifacts": where}


def _own(values: Mapping[str, object], where: str, more: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What no bundle has yet. One bundle: what they share is shared after."""
    try:
        digest = open_artifacts(where).put_value(dict(values))
    except (NotPortable, OSError) as error:
        return {name: {"gone": str(error)} for name in values}
    return {name: {"bundle": digest, "item": name, **more} for name in values}


def step_of(record: Mapping[str, Any], step: str) -> Mapping[str, Any]:
    """The step of a run's record. Raises ProjectError for one that is not there, or that cannot be replayed."""
    steps = {each["name"]: each for each in record.get("steps", ())}
    run = record.get("run", "")
    if step not in steps:
        raise ProjectError(f"run '{run}' has no step '{step}'; it has {', '.join(steps) or 'none yet'}")
    found: Mapping[str, Any] = steps[step]
    if "replay" not in found:
        failed = [name for name, each in steps.items() if "replay" in each]
        other = f"; those that can be replayed are {', '.join(failed)}" if failed else ""
        status = found.get("status", "")
        why = "its run was killed before it could be said" if status == "running" else f"it is {status}"
        raise ProjectError(f"what step '{step}' of run '{run}' was given is not recorded: {why}{other}")
    return found


class Replay:
    """The place of a failed step, in this process: its folder and modules. `run` is the folder of the run's record.

    Raises ProjectError when the run, its project or what the step was given is gone.
    """

    def __init__(self, *, project: str, run: str, step: str) -> None:
        self.record = read_json(Path(run) / "run.json", dict)
        if not self.record:
            raise ProjectError(f"there is no record of a run in {run}")
        self.step = step_of(self.record, step)
        environment = str(self.record.get("environment", ""))
        self.settings = read_settings(Path(project), str(self.record.get("package", "")), environment)
        _enter(self.settings)

    def begin(self, namespace: Mapping[str, Any]) -> tuple[Any, ...]:
        """The inputs in their order, fresh each time, with the hidden state as the step found it.

        Functions and classes of `namespace` stand for those of the package's functions.py, in the values too.
        """
        replay = self.step["replay"]
        name = str(self.step["name"])
        module = self._module(name)
        self._share(namespace)
        artifacts = open_artifacts(str(replay["artifacts"]))
        bundles: dict[str, Any] = {}
        values = [self._value(each, given, artifacts, bundles, module) for each, given in replay["inputs"].items()]
        for digest in replay["carried"]:
            state.restore(_bundle(artifacts, digest, None, "the hidden state"))
        return tuple(values)

    def _value(self, name: str, given: Mapping[str, Any], artifacts: Any, bundles: dict[str, Any], step: Any) -> Any:
        if "gone" in given:
            raise ProjectError(f"input '{name}' could not be kept: {given['gone']}")
        if "value" in given:
            return decode(name, given["value"])
        digest = str(given["bundle"])
        if digest not in bundles:
            bundles[digest] = _bundle(artifacts, digest, step, f"input '{name}'")
        whole = bundles[digest]
        if "item" in given:
            return whole[given["item"]]
        field = given.get("field", "")
        return getattr(whole, field) if field in getattr(whole, "_fields", ()) else whole

    def _module(self, name: str) -> Any:
        """The step's function, whose module's names stand around while values are made again."""
        base = f"{self.settings.package}.steps"
        for each in (name, name.rpartition("-")[0]):
            with suppress(ImportError, AttributeError):
                return getattr(importlib.import_module(f"{base}.{each}"), each)
        return None

    def _share(self, namespace: Mapping[str, Any]) -> None:
        with suppress(ImportError):  # a package need not have shared functions
            functions = importlib.import_module(f"{self.settings.package}.functions")
            for each in _own_names(functions):
                if callable(namespace.get(each)):
                    setattr(functions, each, namespace[each])


def _own_names(module: Any) -> Iterable[str]:
    return [name for name, value in vars(module).items() if callable(value) and not name.startswith("__")]


def _bundle(artifacts: Any, digest: str, step: Any, what: str) -> Any:
    try:
        return artifacts.get_value(digest, step)
    except Exception as error:  # gone, damaged, or of a class that is no more
        raise ProjectError(f"{what} cannot be loaded again: {type(error).__name__}: {error}") from error


def _enter(settings: Settings) -> None:
    """Where the notebook was, with its modules and the package's within reach."""
    try:
        os.chdir(settings.workdir)
    except OSError as error:
        raise ProjectError(f"cannot work in {settings.workdir} ({error.strerror})") from error
    for folder in (str(settings.root / "src"), str(settings.workdir)):
        if folder not in sys.path:
            sys.path.insert(0, folder)
