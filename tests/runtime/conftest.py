"""The small project, fresh for each test."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from runtime.tiny import LOAD, PARAMETERS, PIPELINE, SCORE, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "tiny")
    made.root.joinpath("work").mkdir(parents=True)
    for name, text in {
        "__init__.py": "",
        "parameters.py": PARAMETERS,
        "pipeline.py": PIPELINE,
        "steps/__init__.py": "",
        "steps/load.py": LOAD,
        "steps/score.py": SCORE,
        "__main__.py": 'from nb2prod.runtime import main\n\nraise SystemExit(main("tiny"))\n',
    }.items():
        made.write(name, text)
    lock = {
        "format": 1,
        "package": "tiny",
        "notebook": {"path": "notebooks/tiny.ipynb", "name": "tiny.ipynb", "sha256": ""},
        "steps": {"score": {"file": "src/tiny/steps/score.py", "cells": [3], "metrics": ["total"]}},
        "lines": {
            "src/tiny/steps/load.py": [[11, 2, 1], [12, 2, 2], [13, 2, 3]],
            "src/tiny/steps/score.py": [[6, 3, 1], [7, 3, 2]],
        },
        "files": {},
    }
    made.root.joinpath("nb2prod.lock.json").write_text(json.dumps(lock))
    return made


@pytest.fixture
def score(project: Project) -> Callable[..., None]:
    """Write the body of the second step."""

    def write(*lines: str, imports: str = "") -> None:
        body = "".join(f"    {line}\n" for line in lines)
        project.write(
            "steps/score.py",
            SCORE.replace("    table.append(1)\n    total = sum(table) * scale\n", body).replace(
                "from typing import Any\n",
                f"from typing import Any; {imports}\n" if imports else "from typing import Any\n",
            ),
        )

    return write
