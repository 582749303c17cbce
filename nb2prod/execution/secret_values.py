"""The value of a secret, looked up where the job runs: in the environment, in a file, in the keyring."""

import os
from collections.abc import Mapping
from pathlib import Path

from nb2prod.errors import ParameterRefused
from nb2prod.execution.job_parameters import Secret
from nb2prod.execution.redactor import SHORTEST
from nb2prod.runtime.data.references import password_of
from nb2prod.runtime.parameters import parse_value

__all__ = ["look_up", "typed"]


def look_up(values: Mapping[str, object], environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The text of each secret among the values. Raises ParameterRefused for all that are not there."""
    found, troubles = {}, []
    for name, value in values.items():
        if not isinstance(value, Secret):
            continue
        try:
            found[name] = _value(value.reference, environment)
        except LookupError as error:
            troubles.append(f"parameter '{name}': {error.args[0]}")
    if troubles:
        raise ParameterRefused("\n".join(troubles))
    return found


def typed(name: str, text: str, annotation: str) -> object:
    """The value of the parameter's type. Raises ParameterRefused, which does not show it."""
    try:
        return parse_value(text, annotation)
    except ValueError:
        raise ParameterRefused(f"parameter '{name}': the secret is no {annotation}") from None


def _value(reference: str, environment: Mapping[str, str]) -> str:
    """Raises LookupError, whose text says what is not there."""
    kind, _, place = reference.partition(":")
    value = _READERS[kind](place, environment)
    if len(value) < SHORTEST:
        raise LookupError(
            f"the secret at {reference} has fewer than {SHORTEST} letters, so it could not be kept out of the outputs"
        )
    return value


def _from_environment(name: str, environment: Mapping[str, str]) -> str:
    if name not in environment:
        raise LookupError(f"the environment has no {name}")
    return environment[name]


def _from_file(place: str, environment: Mapping[str, str]) -> str:  # noqa: ARG001 (one signature)
    try:
        return Path(place).read_text(encoding="utf-8").removesuffix("\n")
    except UnicodeDecodeError:
        raise LookupError(f"the secret in {place} is not UTF-8 text") from None
    except OSError as error:
        raise LookupError(f"cannot read the secret in {place}: {error.strerror}") from None


def _from_keyring(place: str, environment: Mapping[str, str]) -> str:  # noqa: ARG001
    service, _, user = place.partition("/")
    return password_of(service, user)


_READERS = {"env": _from_environment, "file": _from_file, "keyring": _from_keyring}
