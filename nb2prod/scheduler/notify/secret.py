"""Secrets of channels: stored by reference, read where a message is sent, hidden in what comes back."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from nb2prod.errors import Nb2ProdError

__all__ = ["SecretNotThere", "by_reference", "hide", "is_reference", "references", "revealed", "value_of"]


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


def revealed(value: object) -> object:
    match value:
        case {"secret": str(reference), **rest} if not rest:
            return value_of(reference)
        case dict():
            return {name: revealed(part) for name, part in value.items()}
        case list():
            return [revealed(part) for part in value]
    return value


def value_of(reference: str) -> str:
    kind, _, rest = reference.partition(":")
    if kind not in _KINDS or not rest:
        raise SecretNotThere(reference, "write env:NAME, file:PATH or keyring:SERVICE/USER")
    return _KINDS[kind](reference, rest)


def hide(text: str, values: Iterable[str]) -> str:
    for value in sorted((v for v in values if len(v) > 2), key=len, reverse=True):
        text = text.replace(value, "***")
    return text


def _from_environment(reference: str, name: str) -> str:
    if name not in os.environ:
        raise SecretNotThere(reference, f"the environment has no {name}")
    return os.environ[name]


def _from_file(reference: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SecretNotThere(reference, str(error)) from error


def _from_keyring(reference: str, place: str) -> str:
    try:
        import keyring  # an extra
        import keyring.errors
    except ImportError as error:
        raise SecretNotThere(reference, "install nb2prod[keyring]") from error
    service, _, user = place.rpartition("/")
    try:
        value = keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:
        raise SecretNotThere(reference, str(error)) from error
    if value is None:
        raise SecretNotThere(reference, "the keyring has no such entry")
    return value


_KINDS = {"env": _from_environment, "file": _from_file, "keyring": _from_keyring}
