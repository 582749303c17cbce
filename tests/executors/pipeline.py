"""What the fork server imports before it forks."""

from executors import steps  # noqa: F401
