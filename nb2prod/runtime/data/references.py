"""References in the place of secrets: found, refused where a secret stands in clear text, and resolved when used.

    "postgresql://{env:DB_USER}:{keyring:warehouse/etl}@host/db"      "{file:/run/secrets/url}"

What stands before the host of a URL is quoted as URLs need it, the rest is put in as it is. A reference that is the
whole text may be a whole URL.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nb2prod.runtime.errors import ProjectError

__all__ = ["Resolved", "clear_text_secret", "hide", "password_of", "references_in", "resolve", "unknown_reference"]

_REFERENCE = re.compile(r"\{(env|file|keyring):([^{}]+)\}")
_LIKE_ONE = re.compile(r"\{([A-Za-z_]+):[^{}]*\}")
_SECRET_NAME = re.compile(
    r"(^|[_\-.])(password|passwd|pwd|secret|token|sig|signature|credential|api[_-]?key|access[_-]?key|account[_-]?key"
    r"|connection[_-]?string|authorization|key)($|[_\-.])",
    re.IGNORECASE,
)
_IN_QUERY = re.compile(r"[?&]([^=&#]+)=([^&#]*)")
_MARK = "\0"
_SHORTEST = 3  # a shorter text stands everywhere, and hiding it would hide nothing


@dataclass(frozen=True)
class Resolved:
    """A text with its references resolved, and the secrets that it now holds. Its repr shows none."""

    text: str
    secrets: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Resolved({hide(self.text, self.secrets)!r})"


def resolve(template: str, where: str, environment: Mapping[str, str] = os.environ) -> Resolved:
    """Raises ProjectError, which says what is not there; `where` names the table."""
    secrets: list[str] = []
    head = _until_host(template)

    def value(match: re.Match[str]) -> str:
        from urllib.parse import quote

        try:
            found = _READERS[match[1]](match[2], environment)
        except LookupError as error:
            raise ProjectError(f"pipeline.toml: [{where}] {match[0]}: {error.args[0]}") from None
        quoted = quote(found, safe="") if match.end() <= head else found
        secrets.extend({found, quoted})
        return quoted

    text = _REFERENCE.sub(value, template)
    return Resolved(text, tuple(secrets))


def references_in(template: str) -> tuple[str, ...]:
    """env:DB_USER, keyring:warehouse/etl: what must be there where the text is used."""
    return tuple(dict.fromkeys(f"{kind}:{place}" for kind, place in _REFERENCE.findall(template)))


def hide(text: str, secrets: tuple[str, ...]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, "***")
    return text


def clear_text_secret(key: str, text: str) -> str:
    """What kind of secret the text holds, or nothing. `key` is its name in pipeline.toml."""
    plain = _REFERENCE.sub(_MARK, text)
    name = key.rpartition(".")[2]
    if key.startswith("options.") and _SECRET_NAME.search(name) and plain.strip(_MARK).strip():
        return "" if plain.replace(_MARK, "").strip().lower() in ("bearer", "basic", "token") else "a secret"
    if "://" not in plain:
        return ""
    user, at, _ = re.split(r"[/?#]", plain.partition("://")[2], maxsplit=1)[0].rpartition("@")
    if at and user.partition(":")[2].replace(_MARK, ""):
        return "a password"
    named = [name for name, value in _IN_QUERY.findall(plain) if _SECRET_NAME.search(name) and value != _MARK]
    return f"a secret ({named[0]})" if named else ""


def unknown_reference(text: str) -> str:
    """The kind of something that looks like a reference and is none: {environment:X}."""
    return next((kind for kind in _LIKE_ONE.findall(_REFERENCE.sub("", text))), "")


def _until_host(template: str) -> int:
    """Up to where a reference stands for a user or a password: 0 when there are none."""
    plain = _REFERENCE.sub(lambda match: _MARK * len(match[0]), template)
    start = plain.find("://")
    if start < 0:
        return 0
    authority = re.split(r"[/?#]", plain[start + 3 :], maxsplit=1)[0]
    return start + 3 + authority.rfind("@") if "@" in authority else 0


def _from_environment(name: str, environment: Mapping[str, str]) -> str:
    if not environment.get(name):
        raise LookupError(f"the environment has no {name}")
    return environment[name]


def _from_file(place: str, _: Mapping[str, str]) -> str:
    try:
        return Path(place).read_text(encoding="utf-8").removesuffix("\n")
    except UnicodeDecodeError:
        raise LookupError("the file is not UTF-8 text") from None
    except OSError as error:
        raise LookupError(f"the file cannot be read ({error.strerror})") from None


def _from_keyring(place: str, _: Mapping[str, str]) -> str:
    service, _mark, user = place.rpartition("/")
    return password_of(service, user)


def password_of(service: str, user: str) -> str:
    """From the system's keyring. Raises LookupError, whose text says what is not there."""
    try:
        import keyring
    except ImportError:
        raise LookupError("keyring is not installed: pip install nb2prod[keyring]") from None
    try:
        value: str | None = keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:
        raise LookupError(f"the keyring cannot be read ({error})") from None
    if value is None:
        raise LookupError(f"the keyring has no password of {user} for {service}")
    return value


_READERS = {"env": _from_environment, "file": _from_file, "keyring": _from_keyring}
