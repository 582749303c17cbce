"""Cell 5 of captures.ipynb."""

from typing import Any, NamedTuple

from ..functions import Parcel, to_kg


class WeighOutputs(NamedTuple):
    """What weigh gives."""

    parcels: Any
    limit: Any


def weigh() -> WeighOutputs:
    """Weigh"""
    parcels = [Parcel(to_kg(weight, "g")) for weight in (250, 1200, 90)]
    limit = max(parcel.weight for parcel in parcels) / 2
    return WeighOutputs(parcels, limit)
