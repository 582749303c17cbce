"""Values that several tests of fingerprints need."""

import json
from typing import Any

import numpy as np
import pandas as pd

from nb2prod.runtime.proof.compare import compare
from nb2prod.runtime.proof.fingerprint import fingerprint

NAN = float("nan")


def difference(ours: object, theirs: object) -> str:
    """What is told of two values after a way through JSON, as between two processes."""
    one, other = (json.loads(json.dumps(fingerprint(value))) for value in (ours, theirs))
    assert not compare(one, one)
    return compare(one, other)


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"a": [1, 2, 3], "b": [0.5, NAN, 1.5], "c": ["x", None, "z"], **columns})


FEATURES = np.random.default_rng(0).normal(size=(60, 4))
LABELS = (FEATURES[:, 0] + FEATURES[:, 1] > 0).astype(int)
