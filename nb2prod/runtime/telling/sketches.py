"""What a column holds, in little room: histograms and counts that can be added to one another.

    sketch(a) + sketch(b) == sketch(a and b together)      but for the rounding of mean and spread

A histogram's bins are those of floating point: `2**shift` neighbouring numbers of the format each, so that they are
narrow where the values lie close, whatever their size. The shift is the smallest that needs at most `most` bins; few
different values stand in bins of their own, and nothing of them is lost.
"""

import math
import struct
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any  # numpy's arrays, and JSON

__all__ = ["BINS", "Categories", "Numbers", "categories_of", "numbers_of"]

BINS = 128
_TOP = 50
_LARGEST = 1.7976931348623157e308
_SIGN = 0x7FFF_FFFF_FFFF_FFFF
_FINITE = 0x7FEF_FFFF_FFFF_FFFF  # the place of the largest number


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """A histogram of finite numbers. `at` has the lower bound of each bin that is not empty, `counts` what is in it.

    spread: the sum of squared distances from the mean; `infinite` values are counted there alone
    """

    count: int = 0
    mean: float = 0.0
    spread: float = 0.0
    least: float = math.nan
    greatest: float = math.nan
    infinite: int = 0
    most: int = BINS
    shift: int = 0
    at: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()

    def __add__(self, other: "Numbers") -> "Numbers":
        """Of the narrower kind, when they were made for different numbers of bins."""
        most = min(self.most, other.most)
        shift = max(self.shift, other.shift)
        keys: dict[int, int] = {}
        for each in (self, other):
            for value, count in zip(each.at, each.counts, strict=True):
                key = _order(value) >> shift
                keys[key] = keys.get(key, 0) + count
        while len(keys) > most:
            shift, keys = shift + 1, _halved(keys)
        count = self.count + other.count
        away = other.mean - self.mean if self.count and other.count else 0.0
        ordered = sorted(keys)
        return Numbers(
            count=count,
            mean=_joined_mean(self, other, count),
            spread=self.spread + other.spread + (away * away * self.count * other.count / count if count else 0.0),
            least=_first(min, self.least, other.least),
            greatest=_first(max, self.greatest, other.greatest),
            infinite=self.infinite + other.infinite,
            most=most,
            shift=shift,
            at=tuple(_float(key << shift) for key in ordered),
            counts=tuple(keys[key] for key in ordered),
        )

    @property
    def deviation(self) -> float:
        """The standard deviation of the values, not of a population that they were drawn from."""
        return math.sqrt(self.spread / self.count) if self.count else math.nan

    @property
    def is_exact(self) -> bool:
        return self.shift == 0

    def bounds(self, index: int) -> tuple[float, float]:
        """Of a bin: its first number and its last, no further than the values reach."""
        first = _order(self.at[index])
        first = first >> self.shift << self.shift  # the lowest of all has its bound cut off
        last = first + (1 << self.shift) - 1
        return max(_float(first), self.least), min(_float(last), self.greatest)

    def quantile(self, share: float) -> float:
        """As numpy's, each of the two values that it lies between no further off than its bin is wide."""
        if not self.count:
            return math.nan
        rank = min(max(share, 0.0), 1.0) * (self.count - 1)
        lower = math.floor(rank)
        first = self._ranked(lower)
        second = self._ranked(min(lower + 1, self.count - 1))
        return _between(first, second, rank - lower)

    def share_up_to(self, value: float) -> float:
        """The share of the values that are not greater."""
        found = bisect_right(self.at, value)
        if not found:
            return 0.0
        before = sum(self.counts[: found - 1])
        low, high = self.bounds(found - 1)
        part = 1.0 if value >= high else (value - low) / (high - low)
        return (before + max(part, 0.0) * self.counts[found - 1]) / self.count

    def distance(self, other: "Numbers") -> float:
        """The greatest difference of the shares up to a value (Kolmogorov and Smirnov's), at the ends of the bins that
        both can have; nan without values."""
        if not (self.count and other.count):
            return math.nan
        shift = max(self.shift, other.shift)
        apart: dict[int, float] = {}
        for each, sign in ((self, 1), (other, -1)):
            for value, count in zip(each.at, each.counts, strict=True):
                key = _order(value) >> shift
                apart[key] = apart.get(key, 0.0) + sign * count / each.count
        return max(map(abs, accumulate(apart[key] for key in sorted(apart))))

    def to_json(self) -> dict[str, Any]:
        if not self.count:
            return {"count": 0, "infinite": self.infinite}
        return {
            "count": self.count,
            "mean": self.mean,
            "deviation": self.deviation,
            "least": self.least,
            "greatest": self.greatest,
            **({"infinite": self.infinite} if self.infinite else {}),
            "most": self.most,
            "shift": self.shift,
            "at": [int(value) if value.is_integer() and abs(value) < 2**53 else value for value in self.at],
            "counts": list(self.counts),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Numbers":
        if not found["count"]:
            return cls(infinite=found.get("infinite", 0))
        return cls(
            count=found["count"],
            mean=found["mean"],
            spread=found["deviation"] ** 2 * found["count"],
            least=found["least"],
            greatest=found["greatest"],
            infinite=found.get("infinite", 0),
            most=found["most"],
            shift=found["shift"],
            at=tuple(map(float, found["at"])),
            counts=tuple(found["counts"]),
        )

    def _ranked(self, rank: int) -> float:
        """The value of that rank, as if those of a bin lay evenly in it."""
        sums = list(accumulate(self.counts))
        index = bisect_right(sums, rank)
        low, high = self.bounds(index)
        count = self.counts[index]
        within = rank - (sums[index] - count)
        return _between(low, high, (within + 0.5) / count)


@dataclass(frozen=True, kw_only=True)
class Categories:
    """How often each value comes. `top` has the most frequent; what is left is counted in `other`.

    `missed` is how much too small a count in `top` may be, after others were added: 0 while nothing was left out.
    """

    count: int = 0
    distinct: int = 0
    top: tuple[tuple[str, int], ...] = ()
    other: int = 0
    missed: int = 0

    def __add__(self, other: "Categories") -> "Categories":
        counts = dict(self.top)
        for name, count in other.top:
            counts[name] = counts.get(name, 0) + count
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        missed = sum(each.missed + (each.top[-1][1] if each.other and each.top else 0) for each in (self, other))
        return Categories(
            count=self.count + other.count,
            distinct=max(len(counts), self.distinct, other.distinct),
            top=tuple(ordered[:_TOP]),
            other=self.other + other.other + sum(count for _, count in ordered[_TOP:]),
            missed=missed,
        )

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "count": self.count,
            "distinct": self.distinct,
            "top": [list(each) for each in self.top],
        }
        return found | {name: value for name in ("other", "missed") if (value := getattr(self, name))}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Categories":
        top = tuple((str(name), int(count)) for name, count in found["top"])
        return cls(**{**found, "top": top})


def categories_of(counts: Mapping[str, int]) -> Categories:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return Categories(
        count=sum(counts.values()),
        distinct=len(counts),
        top=tuple(ordered[:_TOP]),
        other=sum(count for _, count in ordered[_TOP:]),
    )


def numbers_of(values: Any, numpy: Any, most: int = BINS) -> tuple[Numbers, int]:
    """Of an array of floats, and how many of them are no numbers. `numpy` is the module."""
    ordered = numpy.sort(values)  # a copy, with what is no number at its end
    finite, nulls = ordered, 0
    if len(ordered) and not (math.isfinite(ordered[0]) and math.isfinite(ordered[-1])):
        low, high, end = ordered.searchsorted((-_LARGEST, math.inf, math.nan)).tolist()
        finite, nulls = ordered[low:high], len(ordered) - end
    infinite = len(ordered) - nulls - len(finite)
    if not len(finite):
        return Numbers(infinite=infinite, most=most), nulls
    shift, at, counts = _bins(finite, numpy, most)
    mean, spread = _moments(finite, numpy)
    return Numbers(
        count=len(finite),
        mean=mean,
        spread=spread,
        least=float(finite[0]) + 0.0,
        greatest=float(finite[-1]) + 0.0,
        infinite=infinite,
        most=most,
        shift=shift,
        at=at,
        counts=counts,
    ), nulls


def _bins(finite: Any, numpy: Any, most: int) -> tuple[int, tuple[float, ...], tuple[int, ...]]:
    bits = finite.view(numpy.int64)
    keys = bits if bits.min() >= 0 else numpy.where(bits < 0, -(bits & _SIGN), bits)
    apart = (keys[1:] != keys[:-1]).nonzero()[0]
    shift = 0
    if len(apart) >= most:  # bins are joined until so many are left
        bridges = (keys[apart] ^ keys[apart + 1]).view(numpy.uint64)
        bridges &= ~(bridges >> numpy.uint64(1))  # its first bit stays the first when it is rounded
        widths = numpy.frexp(bridges.astype(numpy.float64))[1]
        shift = int(numpy.partition(widths, len(widths) - most)[len(widths) - most])
        apart = apart[widths > shift]
    ends = numpy.empty(len(apart) + 2, dtype=numpy.int64)
    ends[0], ends[1:-1], ends[-1] = 0, apart + 1, len(keys)
    starts, counts = ends[:-1], ends[1:] - ends[:-1]
    first = numpy.maximum((keys[starts] >> shift) << shift, -_FINITE)
    at = (first if first[0] >= 0 else numpy.where(first < 0, -first | ~_SIGN, first)).view(numpy.float64) + 0.0
    return shift, tuple(at.tolist()), tuple(counts.tolist())


def _moments(finite: Any, numpy: Any) -> tuple[float, float]:
    """Those of values whose squares are too large are infinite, and no JSON: they are cut off."""
    with numpy.errstate(all="ignore"):
        mean = float(numpy.add.reduce(finite)) / len(finite)
        away = finite - mean
        spread = float(numpy.dot(away, away))
    return (mean if math.isfinite(mean) else math.copysign(_LARGEST, mean)), min(spread, _LARGEST)


def _halved(keys: Mapping[int, int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for key, count in keys.items():
        found[key >> 1] = found.get(key >> 1, 0) + count
    return found


def _joined_mean(one: Numbers, other: Numbers, count: int) -> float:
    if not (one.count and other.count):
        return one.mean if one.count else other.mean
    return one.mean + (other.mean - one.mean) * (other.count / count)


def _first(choose: Any, one: float, other: float) -> float:
    known: Sequence[float] = [value for value in (one, other) if not math.isnan(value)]
    return float(choose(known)) if known else math.nan


def _between(low: float, high: float, part: float) -> float:
    """Also where their difference is too large for a number."""
    return min(max(low * (1 - part) + high * part, low), high)


def _order(value: float) -> int:
    """The numbers of the format, counted from 0 upwards and downwards."""
    bits: int = struct.unpack("<q", struct.pack("<d", value))[0]
    return bits if bits >= 0 else -(bits & _SIGN)


def _float(order: int) -> float:
    bits = order if order >= 0 else -order
    value: float = struct.unpack("<d", struct.pack("<q", min(bits, _FINITE)))[0]
    return value if order >= 0 else -value
