"""Write `expected/` beside each golden notebook again; a person reads the diff.

python tests/golden/regen.py [NAME...]
"""

import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from nb2prod.analysis.build import build
from nb2prod.model.project import Project
from nb2prod.notebooks.read import read_notebook
from nb2prod.targets.lockfile import Distribution
from nb2prod.targets.package import PLUGIN

GOLDEN = Path(__file__).parent
NAMES = sorted(path.parent.name for path in GOLDEN.glob("*/notebook.ipynb"))

# The same everywhere, whatever is installed: the versions of one invented environment.
ENVIRONMENT = {
    "matplotlib": "matplotlib==3.9.0",
    "numpy": "numpy==2.0.0",
    "pandas": "pandas==2.2.0",
    "sklearn": "scikit-learn==1.5.0",
}
VERSION = "0.0.0"


def project_of(name: str) -> Project:
    """What the converter gives for a golden notebook."""
    notebook = replace(read_notebook(GOLDEN / name / "notebook.ipynb"), name=f"{name}.ipynb")
    built = build(notebook, ENVIRONMENT)
    if built.pipeline is None:
        raise SystemExit("\n".join(str(finding) for finding in built.findings))
    target = replace(PLUGIN, workdir="..", version=VERSION, distributions=distribution)
    return target.render(built.pipeline, notebook)


def distribution(name: str) -> Distribution | None:
    if name == "nb2prod":
        return Distribution(name=name, version=VERSION)
    known = dict(text.split("==") for text in ENVIRONMENT.values())
    return Distribution(name=name, version=known[name]) if name in known else None


def expected_files(name: str) -> dict[str, str]:
    folder = GOLDEN / name / "expected"
    made = re.compile(r"(^|/)(__pycache__|\.\w+_cache|runs)/")
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes().decode() for name, path in sorted(paths.items()) if not made.search(name)}


def main(names: list[str]) -> None:
    for name in names or NAMES:
        folder = GOLDEN / name / "expected"
        shutil.rmtree(folder, ignore_errors=True)
        for path, text in project_of(name).files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(text.encode())
        print(f"wrote {folder}")


if __name__ == "__main__":
    main(sys.argv[1:])
