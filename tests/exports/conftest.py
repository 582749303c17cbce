"""The small project of the runtime's tests."""

from runtime.conftest import project, score

__all__ = ["project", "score"]
