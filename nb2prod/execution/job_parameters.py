"""What a job is given: read from files, environment and command line, and checked before anything starts.

    files (--params-file, in their order) < environment (NB2PROD_PARAM_NAME) < command line (-p): what is later wins

A Text comes from a shell and is read by its parameter's annotation (`007` for an int is 7, for a str "007"); any other
value is JSON and is taken as it is where it fits. A secret is given by its reference: "secret:env:NAME",
"secret:file:/path" or "secret:keyring:SERVICE/USER", or {"secret": "env:NAME"}.
"""

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from keyword import iskeyword
from pathlib import Path
from typing import Any  # JSON

from nb2prod.errors import ParameterRefused
from nb2prod.runtime.annotations import Misfit, fit, shape_of
from nb2prod.runtime.errors import ParameterError
from nb2prod.runtime.parameters import Spec, coerce
from nb2prod.runtime.telling.record import decode, encode

__all__ = ["PREFIX", "Secret", "Text", "check", "from_store", "read_given", "refuse_secrets", "to_store"]

Declared = Sequence[tuple[str, str, str, str]]  # Definition.parameters: name, annotation, default, comment

PREFIX = "NB2PROD_PARAM_"
_SECRET = re.compile(r"secret:([a-z]+):(.+)", re.DOTALL)
_KINDS = {"env": r"[^=\0]+", "file": r"[^\0]+", "keyring": r"[^/\0]+/[^\0]+"}
_FORMS = "secret:env:NAME, secret:file:/path or secret:keyring:SERVICE/USER"


class Text(str):
    """What a shell gave: it stands for a value, and is not one."""

    __slots__ = ()


@dataclass(frozen=True)
class Secret:
    """A value that is looked up where the job runs, and shown nowhere. `reference` is KIND:PLACE."""

    reference: str

    def __str__(self) -> str:
        return f"secret from {self.reference}"


def check(declared: Declared, given: Mapping[str, object], *, name: str = "the notebook") -> dict[str, object]:
    """The given values with their types, secrets as Secret. Raises ParameterRefused, which tells all that is wrong."""
    if given and not declared:
        raise ParameterRefused(f"{name} has no cell tagged `parameters`, so none can be given")
    specs = {spec.name: spec for spec in _specs(declared)}
    troubles: list[str] = []
    values: dict[str, object] = {}
    for key, value in given.items():
        try:
            values[key] = _checked(key, value, specs)
        except ParameterError as error:
            troubles.append(str(error))
    troubles += [
        f"parameter '{key}' must be given: it has no default{_about(annotation, comment)}"
        for key, annotation, default, comment in declared
        if not default and key not in given
    ]
    if troubles:
        raise ParameterRefused("\n".join(troubles).replace("the pipeline", name))
    return values


def refuse_secrets(values: Mapping[str, object]) -> None:
    """Of a pipeline. Raises ParameterRefused."""
    for name, value in values.items():
        if isinstance(value, Secret):
            raise ParameterRefused(
                f"parameter '{name}' is a secret, and a pipeline keeps what its steps are given; "
                "read it in the step, from the environment or a file"
            )


def to_store(values: Mapping[str, object]) -> dict[str, Any]:
    """JSON from which `from_store` makes the same values. A secret stays a reference."""
    return {k: {"secret": v.reference} if isinstance(v, Secret) else encode(v) for k, v in values.items()}


def from_store(stored: Mapping[str, Any]) -> dict[str, object]:
    """Raises ParameterError for a value that its text does not give again."""
    return {k: secret if (secret := _reference(v)) else decode(k, v) for k, v in stored.items()}


def read_given(
    files: Sequence[Path] = (), environment: Mapping[str, str] | None = None, texts: Mapping[str, str] | None = None
) -> dict[str, object]:
    """All that is given, what is later winning. Raises ParameterRefused for a file that cannot be read."""
    given: dict[str, object] = {}
    for path in files:
        given |= _read_file(path)
    found = {key.removeprefix(PREFIX): value for key, value in (environment or {}).items() if key.startswith(PREFIX)}
    return given | {key: Text(value) for key, value in (found | dict(texts or {})).items()}


def _specs(declared: Declared) -> list[Spec]:
    return [
        Spec(name=name, annotation=annotation or "Any", default=_literal(default), comment=comment)
        for name, annotation, default, comment in declared
    ]


def _literal(text: str) -> object:
    try:
        return ast.literal_eval(text) if text else None
    except (ValueError, SyntaxError):
        return None  # computed in the notebook


def _checked(name: str, value: object, specs: Mapping[str, Spec]) -> object:
    """One value of its parameter's type. Raises ParameterError."""
    if not name.isidentifier() or iskeyword(name):
        raise ParameterError(f"{name!r} cannot be a parameter: it is not a name")
    spec = specs.get(name)
    secret = _reference(value) or _secret_of_text(name, value)
    if spec is not None and secret:
        return secret
    if spec is not None and not isinstance(value, Text):
        try:
            return fit(value, shape_of(spec.annotation, spec.default))
        except Misfit:
            pass  # the text of a number in JSON may be one all the same
    return coerce({name: value}, specs.values())[name]


def _reference(value: object) -> Secret | None:
    """{"secret": "env:NAME"}"""
    if isinstance(value, dict) and set(value) == {"secret"} and isinstance(value["secret"], str):
        kind, _, place = value["secret"].partition(":")
        return Secret(value["secret"]) if re.fullmatch(_KINDS.get(kind, r"(?!)"), place) else None
    return value if isinstance(value, Secret) else None


def _secret_of_text(name: str, value: object) -> Secret | None:
    """A misspelt reference must not end up as a value that everybody can read."""
    found = _SECRET.fullmatch(value) if isinstance(value, str) else None
    if not found:
        return None
    kind, place = found.groups()
    if not re.fullmatch(_KINDS.get(kind, r"(?!)"), place):
        raise ParameterError(f"parameter '{name}' was given a secret that is none of {_FORMS}")
    return Secret(f"{kind}:{place}")


def _about(annotation: str, comment: str) -> str:
    said = [text for text in (annotation, comment) if text]
    return f" ({': '.join(said)})" if said else ""


def _read_file(path: Path) -> dict[str, object]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ParameterRefused(f"cannot read parameters from {path}: {reason}") from error
    try:
        found = json.loads(text, object_pairs_hook=_once) if path.suffix.lower() == ".json" else _read_yaml(text)
    except ValueError as error:
        raise ParameterRefused(f"cannot read parameters from {path}: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise ParameterRefused(f"cannot read parameters from {path}: it must be one mapping of names to values")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{twice[0]!r} is given twice")
    return dict(pairs)


def _read_yaml(text: str) -> object:
    """What YAML has no quotes around is a Text at the top: `007` is for the annotation to read, not for YAML."""
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"it is not YAML: {str(error).replace(chr(10), ' ')}") from error
    if not isinstance(root, yaml.MappingNode):
        return {} if root is None else found
    _once([(key.value, None) for key, _ in root.value])
    plain = {
        key.value: Text(value.value)
        for key, value in root.value
        if isinstance(value, yaml.ScalarNode) and value.style is None and not value.tag.endswith(":null")
    }
    return {**found, **plain}
