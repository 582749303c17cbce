"""What is known of each notebook: one line of JSON a stage, so that a run can go on where it was stopped."""

import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from fetch import CACHE, Sample

STAGE_NAMES = ("convert", "clean", "verify", "apart")
RESULTS = CACHE / "results.jsonl"
PACKAGE = Path(__file__).parents[2] / "nb2prod"
# what a conversion depends on, and what comparing a converted project does: not the scheduler, the faces and the like
CONVERTS = ("analysis", "model", "notebooks", "targets", "source.py", "api/convert.py", "api/tag.py")
COMPARES = ("runtime", "verify", "notebooks/session.py")
DISTRIBUTIONS = ("numpy", "scipy", "pandas", "matplotlib", "scikit-learn", "statsmodels", "imbalanced-learn")


@dataclass(frozen=True, kw_only=True)
class Result:
    """`key` is what the outcome depends on besides the notebook: the environment, our code, the project."""

    source: str
    name: str
    sha: str
    stage: str
    key: str
    outcome: str
    detail: str = ""
    seconds: float = 0.0


@cache
def environment_key() -> str:
    versions = [f"{name}=={version(name)}" for name in DISTRIBUTIONS]
    return digest("\n".join([sys.version, *versions]).encode())


@cache
def code_key(parts: tuple[str, ...]) -> str:
    return digest_of(sorted(path for part in parts for path in (PACKAGE / part, *(PACKAGE / part).rglob("*"))))


def project_key(project: Path) -> str:
    """What a run of the project depends on: the same after a change of ours that does not reach it."""
    steps = json.loads((project / "nb2prod.lock.json").read_text(encoding="utf-8"))["steps"]
    return digest(json.dumps([digest_of(sorted((project / "src").rglob("*.py"))), steps]).encode())


def digest_of(paths: Iterable[Path]) -> str:
    return digest(b"\0".join(path.read_bytes() for path in paths if path.is_file() and path.suffix != ".pyc"))


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

    def key(self, sample: Sample, stage: str, tags: str) -> str:
        """Of what is compared, the project that the conversion made is a part."""
        environment = environment_key()
        if stage == "clean":
            return environment
        converts = f"{code_key(CONVERTS)}-{environment}-{tags}"
        if stage == "convert":
            return converts
        converted = self._known.get((sample.sha, "convert", converts))
        return f"{converted.detail[:12] if converted else ''}-{code_key(COMPARES)}-{environment}"

    def all_of(self, sample: Sample, tags: str) -> dict[str, Result]:
        """The result of each stage that was done."""
        found = {stage: self.get(sample, stage, self.key(sample, stage, tags)) for stage in STAGE_NAMES}
        return {stage: result for stage, result in found.items() if result}

    def get(self, sample: Sample, stage: str, key: str) -> Result | None:
        return self._known.get((sample.sha, stage, key))

    def add(self, result: Result) -> None:
        self._known[result.sha, result.stage, result.key] = result
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(result)) + "\n")
