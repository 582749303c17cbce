"""A value as the Python that makes it: papermill's translation knows no tuples, sets or bytes."""

from collections.abc import Mapping

from nb2prod.execution.job_parameters import Secret

__all__ = ["as_code", "assignments", "shown"]


def as_code(value: object) -> str:
    match value:
        case float() if value != value or value in (float("inf"), float("-inf")):
            return f"float({str(value)!r})"
        case dict():
            return f"{{{', '.join(f'{as_code(key)}: {as_code(item)}' for key, item in value.items())}}}"
        case list():
            return f"[{', '.join(map(as_code, value))}]"
        case tuple():
            return f"({''.join(f'{as_code(item)}, ' for item in value)})"
        case set() if value:
            return f"{{{', '.join(sorted(map(as_code, value)))}}}"
    return repr(value)


def assignments(values: Mapping[str, object]) -> str:
    """The cell of the given parameters: a secret is a comment in it. "" when there are none."""
    lines = [f"# {name}: {v}" if isinstance(v, Secret) else f"{name} = {as_code(v)}" for name, v in values.items()]
    return "\n".join(["# Parameters", *lines]) if lines else ""


def shown(values: Mapping[str, object]) -> dict[str, object]:
    """For the metadata of the output: JSON, or the text of what JSON cannot say."""
    plain = (str, int, float, bool, type(None))
    return {name: value if isinstance(value, plain) else str(value) for name, value in values.items()}
