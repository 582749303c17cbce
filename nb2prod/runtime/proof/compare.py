"""Two fingerprints: of the same value, or why not.

Floats are equal when |a - b| <= 1e-9 * |b| + 1e-15; in an array also when they differ by 1e-12 of its largest number.
Of an array with more than 512 floats the random projections are compared (Johnson and Lindenstrauss, 1984), of the
numbers and of their logarithms: a change is seen when its norm is above some 1e-8 of the array's, or when a number
above a millionth of the array's root mean square changes by some 1e-7 * sqrt(length) of itself.
"""

import base64
import math
import struct
from collections.abc import Mapping
from typing import Any

from nb2prod.runtime.proof.fingerprint import Fingerprint

__all__ = ["compare"]

RELATIVE, ABSOLUTE = 1e-9, 1e-15
_OF_LARGEST = 1e-12


def compare(ours: Any, theirs: Any, path: str = "") -> str:
    """Why two fingerprints are of different values, in a few words; "" when they are equal within the tolerance."""
    if ours == theirs:
        return ""
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        return _compare_lists(ours, theirs, path)
    if ours.get("t") != theirs.get("t"):
        return _at(path, f"{_kind(ours)} against {_kind(theirs)}")
    for key in ("type", "dtype", "shape", "format", "n", "fields"):
        if ours.get(key) != theirs.get(key):
            return _at(path, f"{_word(key)} {_short(ours.get(key))} against {_short(theirs.get(key))}")
    if ours.get("brief") != theirs.get("brief"):
        return _at(path, "they differ in more than floats")
    if "names" in ours and "parts" in ours:
        return _compare_attributes(ours, theirs, path)
    if "floats" in ours and "floats" in theirs:
        return _compare_floats(_unpacked(ours["floats"]), _unpacked(theirs["floats"]), path)
    if "sketch" in ours and "sketch" in theirs:
        return _compare_sketches(ours["sketch"], theirs["sketch"], path)
    if ours["t"] in ("float", "float16", "float32", "float64", "complex") and "v" in ours:
        return _compare_floats(_hexes(ours["v"]), _hexes(theirs["v"]), path)
    return _compare_parts(ours, theirs, path)


def _compare_parts(ours: Fingerprint, theirs: Fingerprint, path: str) -> str:
    if ours.keys() != theirs.keys():
        only = sorted(ours.keys() ^ theirs.keys())
        return _at(path, f"only one of them has {only[0]}")
    for key in ours:
        if key == "v" and ours[key] != theirs[key]:
            return _at(
                path, f"{_short(ours[key])} against {_short(theirs[key])}" if _is_readable(ours) else "values differ"
            )
        if ours[key] != theirs[key]:
            inner = path if key in ("state", "items", "values", "args", "data", "array", "name") else f"{path}.{key}"
            found = compare(ours[key], theirs[key], inner)
            if found:
                return found
    return ""


def _compare_attributes(ours: Fingerprint, theirs: Fingerprint, path: str) -> str:
    if ours["names"] != theirs["names"]:
        only = sorted(set(ours["names"]) ^ set(theirs["names"]))
        return _at(path, f"only one of them has the attribute {only[0]}")
    pairs = zip(ours["names"], ours["parts"], theirs["parts"], strict=True)
    return next((found for name, a, b in pairs if (found := compare(a, b, f"{path}.{name}"))), "")


def _compare_lists(ours: Any, theirs: Any, path: str) -> str:
    if not isinstance(ours, list) or not isinstance(theirs, list):
        return _at(path, f"{_short(ours)} against {_short(theirs)}")
    if len(ours) != len(theirs):
        return _at(path, f"{len(ours)} against {len(theirs)} parts")
    pairs = enumerate(zip(ours, theirs, strict=True))
    return next((found for i, (a, b) in pairs if (found := compare(a, b, f"{path}[{i}]"))), "")


def _compare_floats(ours: list[float], theirs: list[float], path: str) -> str:
    worst, count = 0.0, 0
    largest = max((abs(b) for b in theirs if math.isfinite(b)), default=0.0) if len(theirs) > 1 else 0.0
    for a, b in zip(ours, theirs, strict=True):
        if a == b or (math.isnan(a) and math.isnan(b)):
            continue
        off = abs(a - b)
        # NaN and infinity are near to nothing
        if not math.isfinite(off) or off > RELATIVE * abs(b) + ABSOLUTE + _OF_LARGEST * largest:
            count += 1
            worst = max(worst, off) if math.isfinite(off) else math.inf
    if not count:
        return ""
    if len(ours) == 1:
        return _at(path, f"{ours[0]!r} against {theirs[0]!r}")
    return _at(path, f"{count} of {len(ours)} values differ, by up to {worst:.3g}")


def _compare_sketches(ours: Mapping[str, Any], theirs: Mapping[str, Any], path: str) -> str:
    if ours["others"] != theirs["others"]:
        return _at(path, "NaN or infinity in other places")
    off, off_logs = (
        max(abs(a - b) for a, b in zip(ours[key], theirs[key], strict=True)) for key in ("sums", "log_sums")
    )
    if off > 4 * RELATIVE * theirs["norm"] + ABSOLUTE:
        return _at(path, f"values differ, by about {off:.3g} in all")
    return _at(path, "small values differ") if off_logs > 4 * RELATIVE * theirs["log_norm"] else ""


def _unpacked(text: str) -> list[float]:
    data = base64.b64decode(text)
    return list(struct.unpack(f"<{len(data) // 8}d", data))


def _hexes(value: Any) -> list[float]:
    return [float.fromhex(text) for text in (value if isinstance(value, list) else [value])]


def _at(path: str, words: str) -> str:
    return f"{path.lstrip('.')}: {words}" if path else words


def _kind(found: Fingerprint) -> str:
    return str(found.get("type") or found.get("t"))


def _is_readable(found: Fingerprint) -> bool:
    return found["t"] not in ("array", "bytes", "bytearray", "set", "frozenset", "dates", "long")


def _word(key: str) -> str:
    return {"n": "length", "t": "type"}.get(key, key)


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
