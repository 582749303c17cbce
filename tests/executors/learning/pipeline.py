"""What the fork server imports before it forks steps that learn."""

import sklearn.ensemble  # noqa: F401
from executors import steps  # noqa: F401
