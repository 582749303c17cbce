"""papermill's own tests, from its source distribution, with our engine in the place of its own.

An entry point of papermill's engines, in a folder of its own on the path, registers ours as the default: in the tests'
process and in the commands that they start.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from peers.fetch import CACHE, source

TESTS = ("test_execute.py", "test_parameterize.py", "test_translators.py", "test_cli.py")

# tests that do not pass with our engine, and why that is right
_LOOKS_INSIDE = (
    "it replaces the client class in papermill.engines and looks at how papermill's own engine calls that; "
    "what start_timeout does with ours is tested in tests/kernels/test_engine.py"
)
EXCEPTIONS = {
    "test_execute.py::TestNotebookHelpers::test_start_timeout": _LOOKS_INSIDE,
    "test_execute.py::TestNotebookHelpers::test_default_start_timeout": _LOOKS_INSIDE,
}

SUBSTITUTE = """
import sys
from nb2prod.execution.engine import Nb2ProdEngine as engine
engines = sys.modules["papermill.engines"].papermill_engines
engines.register(None, engine)
engines.register("nbclient", engine)
"""


_ENDED = re.compile(r"^(PASSED|FAILED|ERROR|SKIPPED) (?:papermill/tests/)?(\S+::[^\n]*?)(?: - .*)?$", re.M)


def substitute() -> Path:
    """A folder that, on the path, makes ours the default engine of papermill."""
    folder = CACHE / "substitute"
    about = folder / "nb2prod_peer-1.dist-info"
    about.mkdir(parents=True, exist_ok=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: nb2prod-peer\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[papermill.engine]\nsubstitute = nb2prod_peer:engine\n")
    (folder / "nb2prod_peer.py").write_text(SUBSTITUTE)
    return folder


def run(ours: bool) -> dict[str, str]:
    """How each test ended: by its name."""
    root = source("papermill")
    paths = [str(substitute())] * ours + [str(root)]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "NB2PROD_WARM_SECONDS": "60"}
    tests = [str(Path("papermill/tests") / name) for name in TESTS]
    options = ["-q", "-rA", "-p", "no:cacheprovider", "--import-mode=prepend", "-o", "addopts=", "-W", "ignore"]
    command = [sys.executable, "-m", "pytest", *options, "--tb=short", *tests]
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
    (CACHE / f"papermill_tests_{'ours' if ours else 'theirs'}.txt").write_text(done.stdout + done.stderr)
    return {name: ending for ending, name in _ENDED.findall(done.stdout)}


def main() -> None:
    theirs, ours = run(False), run(True)
    worse = sorted(name for name, ending in theirs.items() if ending == "PASSED" and ours.get(name) != "PASSED")
    for whose, endings in (("papermill's", theirs), ("our", ours)):
        print(f"{list(endings.values()).count('PASSED')} of {len(endings)} tests pass with {whose} engine")
    for name in worse:
        print(f"{name}: {EXCEPTIONS.get(name, 'UNEXPECTED')}")
    if not ours or set(worse) - set(EXCEPTIONS):
        sys.exit(f"see {CACHE}/papermill_tests_ours.txt")


if __name__ == "__main__":
    main()
