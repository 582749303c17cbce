"""Secrets of channels: stored by reference, read where a message is sent, hidden in what comes back."""

from collections.abc import Iterator, Mapping

from nb2prod.errors import Nb2ProdError, ParameterRefused
from nb2prod.execution.job_parameters import Secret
from nb2prod.execution.redactor import Redactor
from nb2prod.execution.secret_values import look_up

__all__ = [
    "FORMS",
    "SecretNotThere",
    "by_reference",
    "hide",
    "is_known_form",
    "is_reference",
    "references",
    "revealed",
    "value_of",
]


FORMS = "write env:NAME, file:PATH or keyring:SERVICE/USER"


class SecretNotThere(Nb2ProdError):
    def __init__(self, reference: str, reason: str) -> None:
        super().__init__(f"the secret {reference} cannot be read: {reason}")
        self.reference = reference


def is_reference(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == {"secret"} and isinstance(value["secret"], str)


def by_reference(value: object) -> object:
    """The same with each text `secret:env:NAME`, as a shell gives it, as {"secret": "env:NAME"}."""
    match value:
        case str() if value.startswith("secret:"):
            return {"secret": value.removeprefix("secret:")}
        case dict():
            return {name: by_reference(part) for name, part in value.items()}
        case list() | tuple():
            return [by_reference(part) for part in value]
    return value


def references(value: object) -> Iterator[str]:
    match value:
        case {"secret": str(reference), **rest} if not rest:
            yield reference
        case dict():
            yield from (found for part in value.values() for found in references(part))
        case list():
            yield from (found for part in value for found in references(part))


def revealed(value: object, values: Mapping[str, str]) -> object:
    """The same with each reference's value, of those that were looked up."""
    match value:
        case {"secret": str(reference), **rest} if not rest:
            return values[reference]
        case dict():
            return {name: revealed(part, values) for name, part in value.items()}
        case list():
            return [revealed(part, values) for part in value]
    return value


def is_known_form(reference: str) -> bool:
    kind, _, place = reference.partition(":")
    return kind in ("env", "file", "keyring") and bool(place)


def value_of(reference: str) -> str:
    if not is_known_form(reference):
        raise SecretNotThere(reference, FORMS)
    try:
        return look_up({reference: Secret(reference)})[reference]
    except ParameterRefused as error:  # which names it as a parameter
        raise SecretNotThere(reference, str(error).partition("': ")[2]) from None


def hide(text: str, values: Mapping[str, str]) -> str:
    """`values` by reference, which stands in the place of what is taken out."""
    return Redactor(values).text(text)
