"""Functions and classes that the steps share."""

from dataclasses import dataclass

UNITS = {"kg": 1.0, "g": 0.001}


def to_kg(value, unit):
    return value * UNITS[unit]


@dataclass
class Parcel:
    weight: float
    note: str = """two
  lines"""
