"""The Python package: one module for each step, and the story in pipeline.py."""

from nb2prod.targets.package.render import PLUGIN

__all__ = ["PLUGIN"]
