"""What the steps of a run gave, as fingerprints that can be compared with those of another run.

python -m nb2prod.runtime.steps.fingerprints RUN        # a run's folder; JSON: step → output → fingerprint
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any  # a step's values

from nb2prod.runtime.errors import ProjectError, RuntimeTrouble
from nb2prod.runtime.files import read_json
from nb2prod.runtime.project import read_settings
from nb2prod.runtime.proof.fingerprint import Fingerprint, fingerprint
from nb2prod.runtime.results.artifacts import open_artifacts
from nb2prod.runtime.running.workplace import enter, import_module

__all__ = ["fingerprints_of", "main"]


def fingerprints_of(run: Path) -> dict[str, dict[str, Fingerprint]]:
    """Of each step whose outputs were kept. The process becomes one of the project's. Raises RuntimeTrouble."""
    record: Mapping[str, Any] = read_json(run / "run.json", dict)
    if not record.get("steps"):
        raise ProjectError(f"{run} has no record of a run's steps")
    settings = read_settings(Path(record["project"]), record["package"])
    sys.path.insert(0, str(settings.root / "src"))
    enter(replace(settings, workdir=Path(record["workdir"])))
    import_module(f"{settings.package}.pipeline", settings)
    artifacts = open_artifacts(record["artifacts"])
    kept = {step["name"]: step["bundle"] for step in record["steps"] if step.get("bundle")}
    return {name: _of(artifacts.get_value(bundle)) for name, bundle in kept.items()}


def _of(value: Any) -> dict[str, Fingerprint]:
    fields = value._asdict() if hasattr(value, "_asdict") else {"result": value}
    return {name: fingerprint(each) for name, each in fields.items()}


def main(arguments: list[str]) -> int:
    try:
        print(json.dumps(fingerprints_of(Path(arguments[0]))))
    except RuntimeTrouble as trouble:
        print(f"error: {trouble}", file=sys.stderr)
        return trouble.exit_code
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
