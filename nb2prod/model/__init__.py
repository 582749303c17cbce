"""Frozen data that the floors hand to each other. Nothing here does anything."""
