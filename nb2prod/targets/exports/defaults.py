"""Defaults of parameters as texts that `-p NAME=VALUE` takes."""

from collections.abc import Iterable

from nb2prod.runtime.annotations import Misfit
from nb2prod.runtime.parameters import Spec, parse_value

__all__ = ["default_texts"]


def default_texts(specs: Iterable[Spec]) -> dict[str, str]:
    """Of those whose text gives the same value again; for the others the package has its own."""
    found = {}
    for spec in specs:
        text = spec.default if isinstance(spec.default, str) else repr(spec.default)
        try:
            if repr(parse_value(text, spec.annotation, spec.default)) == repr(spec.default):
                found[spec.name] = text
        except Misfit:
            continue
    return found
