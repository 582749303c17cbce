"""The same notebook gives the same bytes, however Python orders its sets in this process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
CASES = Path(__file__).parent / "cases.json"
_DIGESTS = """
import hashlib, json, sys
from law.sides import notebook_of
from nb2prod.analysis.build import build
for name, cells in json.load(open(sys.argv[1], encoding="utf-8")).items():
    built = build(notebook_of(cells), environment={})
    print(name, hashlib.sha256(repr((built.pipeline, built.findings)).encode()).hexdigest())
"""


def digests(seed: str) -> dict[str, str]:
    path = os.pathsep.join([str(CASES.parents[1]), str(CASES.parents[2]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", _DIGESTS, str(CASES)],
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    return dict(line.split() for line in done.stdout.splitlines())


def test_every_case_gives_the_same_pipeline_with_any_hash_seed() -> None:
    first = digests("1")
    assert len(first) == len(json.loads(CASES.read_text(encoding="utf-8")))
    different = {name for seed in "2345" for name, digest in digests(seed).items() if digest != first[name]}
    assert different == set()
