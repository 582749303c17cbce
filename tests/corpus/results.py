"""What is known of each notebook: one line of JSON a stage, so that a run can go on where it was stopped."""

import hashlib
import json
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from fetch import CACHE, Sample

RESULTS = CACHE / "results.jsonl"
PACKAGE = Path(__file__).parents[2] / "nb2prod"
DISTRIBUTIONS = ("numpy", "scipy", "pandas", "matplotlib", "scikit-learn", "statsmodels", "imbalanced-learn")


@dataclass(frozen=True, kw_only=True)
class Result:
    """`key` is what the outcome depends on besides the notebook: the environment, or our code and the mode."""

    source: str
    name: str
    sha: str
    stage: str
    key: str
    outcome: str
    detail: str = ""
    seconds: float = 0.0


def environment_key() -> str:
    versions = [f"{name}=={version(name)}" for name in DISTRIBUTIONS]
    return digest("\n".join([sys.version, *versions]).encode())


def code_key() -> str:
    texts = [path.read_bytes() for path in sorted(PACKAGE.rglob("*")) if path.is_file() and path.suffix != ".pyc"]
    return digest(b"\0".join(texts))


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


class Results:
    """The results file. The newest line for a notebook, stage and key counts."""

    def __init__(self, path: Path = RESULTS) -> None:
        self._path = path
        self._known: dict[tuple[str, str, str], Result] = {}
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            result = Result(**json.loads(line))
            self._known[result.sha, result.stage, result.key] = result

    def get(self, sample: Sample, stage: str, key: str) -> Result | None:
        return self._known.get((sample.sha, stage, key))

    def add(self, result: Result) -> None:
        self._known[result.sha, result.stage, result.key] = result
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(result)) + "\n")
