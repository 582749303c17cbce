"""Cell 6 of captures.ipynb."""

from typing import Any, NamedTuple


class PriceOutputs(NamedTuple):
    """What price gives."""

    prices: Any
    weigh: Any


def price(parcels: Any, limit: Any, factor: int) -> PriceOutputs:
    """Price"""

    def heavy(parcel):
        # reads the limit above
        return parcel.weight > limit

    def price(parcel, base=1.5):
        return base + factor * parcel.weight * (2 if heavy(parcel) else 1)

    prices = [price(parcel) for parcel in parcels]
    weigh = sum(prices)
    return PriceOutputs(prices, weigh)
