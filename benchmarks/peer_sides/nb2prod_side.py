"""nb2prod: our tags, the package called with a plain function as its runner."""

import sys
from pathlib import Path
from typing import Any

from side import Case, code, notebook, run_command, values_of


def prepare() -> None:
    import nb2prod.api.convert
    import nb2prod.cli.main  # noqa: F401


def notebook_of(case: Case) -> dict[str, Any]:
    return notebook(
        [code(cell["source"], f"step:{cell['step']}" if cell["step"] else cell["kind"]) for cell in case["cells"]]
    )


def convert(path: Path) -> None:
    from nb2prod.cli.main import main

    arguments = ["convert", "--no-record", str(path), "-o", str(path.parent / "project")]
    run_command(lambda: sys.exit(main(arguments)))


def run(folder: Path) -> dict[str, Any]:
    sys.path.insert(0, str(folder / "project/src"))
    package = next(path.name for path in (folder / "project/src").iterdir() if (path / "pipeline.py").is_file())
    pipeline = __import__(f"{package}.pipeline", fromlist=["run"])
    parameters = __import__(f"{package}.parameters", fromlist=["Parameters"])
    results = pipeline.run(parameters.Parameters(), lambda function, *args, **kwargs: function(*args, **kwargs))
    return values_of(results.asked)
