"""Functions and classes that the steps share."""


def add_ratios(frame):
    """Calls a year. Changes the frame in place."""
    frame["calls_per_year"] = 12 * frame["calls"] / frame["months"].clip(lower=1)
