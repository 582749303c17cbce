"""The rules of the house, held by test (see CONTRIBUTING.md)."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "nb2prod"
BANNED = re.compile(r"(Manager|Helper|Processor)(?![a-z])|(?<![a-zA-Z])(manager|helper|processor|utils?)(?![a-z])")
# names that interfaces of others demand
THEIRS = {"FigureManager", "kernel_manager_class"}  # of matplotlib and nbclient


def modules() -> Iterator[tuple[str, str]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def tracked_texts() -> Iterator[tuple[str, str]]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in done.stdout.split("\0")[:-1]:
        if (ROOT / name).is_file():
            yield name, (ROOT / name).read_text(encoding="utf-8", errors="replace")


def test_files_fit() -> None:
    python = [(name, text) for name, text in tracked_texts() if name.endswith(".py")]
    assert [name for name, text in python if text.count("\n") > 500] == []


def test_functions_fit() -> None:
    long = [
        f"{name}:{node.lineno} {node.name}"
        for name, text in modules()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno + 1 > 50
    ]
    assert long == []


def test_every_module_says_what_it_is() -> None:
    assert [name for name, text in modules() if not ast.get_docstring(ast.parse(text))] == []


def test_names_say_something() -> None:
    assert [name for name, _ in modules() if BANNED.search(Path(name).stem)] == []
    named = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = [
        f"{name}:{node.lineno} {node.name}"
        for name, text in modules()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, named) and node.name not in THEIRS and BANNED.search(node.name)
    ]
    assert found == []


def test_the_root_imports_nothing() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    assert [type(node).__name__ for node in tree.body] == ["Expr", "FunctionDef"]  # where Jupyter finds the extension
    assert [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)] == []


def test_types_are_imported_as_everything_else() -> None:
    assert [name for name, text in modules() if re.search(r"^\s*if (typing\.)?TYPE_CHECKING", text, re.M)] == []


def test_tests_use_no_patches() -> None:
    tests = [(name, text) for name, text in tracked_texts() if name.startswith("tests/") and name.endswith(".py")]
    pattern = re.compile(r"^\s*(from unittest(\.mock)? import|import unittest\.mock|from mock import)", re.M)
    assert [name for name, text in tests if pattern.search(text)] == []


def test_runtime_needs_the_standard_library_alone() -> None:
    code = (
        "import sys; import nb2prod.runtime; "
        "print(*{name.split('.')[0] for name in sys.modules} - set(sys.stdlib_module_names) - {'nb2prod', '__main__'})"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_runtime_imports_no_other_floor_and_no_other_distribution() -> None:
    allowed = {*sys.stdlib_module_names, "nb2prod"}
    # what a user's values may be; used only when the user has imported it
    optional = {
        "numpy",
        "pandas",
        "scipy",
        "sklearn",
        "matplotlib",
        "joblib",
        "cloudpickle",
        "fsspec",
        "psutil",
        "opentelemetry",
    }
    optional |= {"tenacity"}  # at the first retry
    # what data by URL needs, where there is some
    optional |= {"fsspec", "keyring", "pyarrow", "sqlalchemy"}
    found = [
        f"{name}: {module}"
        for name, text in modules()
        if name.startswith("nb2prod/runtime/")
        for module in _imported(ast.parse(text))
        if module.split(".")[0] not in allowed | optional
        or (module.startswith("nb2prod") and not module.startswith("nb2prod.runtime"))
    ]
    assert found == []


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_the_readme_tells_of_commands_that_exist() -> None:
    done = subprocess.run([sys.executable, "-m", "nb2prod", "--help"], capture_output=True, text=True, check=True)
    commands = set(re.findall(r"^  ([a-z]+)  ", done.stdout.partition("Commands:")[2], re.M))
    told = set(
        re.findall(r"^(?:    |\$ )\$? ?nb2prod ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    )
    assert told == commands


def test_the_readme_tells_of_targets_that_exist() -> None:
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert set(re.findall(r"(?:^    |`)make ([a-z-]+)", text, re.M)) <= make_targets()


def test_every_target_is_told_of() -> None:
    helped = re.findall(r'@echo "make ([a-z-]+) ', (ROOT / "Makefile").read_text(encoding="utf-8"))
    told = re.findall(r"^    make ([a-z-]+) ", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.M)
    assert set(helped) == set(told) == make_targets() - {"help"}


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))


def test_the_repository_speaks_of_no_machine() -> None:
    places = re.compile(
        "|".join(["/wo" + "rk/", "/ro" + "ot/", r"\.py" + "env", "py" + r"pi\.org", "python" + "hosted"])
    )
    addresses = re.compile(r"https?://[^\s\"')]*/simple\b")
    found = [name for name, text in tracked_texts() if places.search(text) or addresses.search(text)]
    assert found == []


def test_nothing_is_left_for_later() -> None:
    later = re.compile(
        r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImplementedEr" + r"ror)\b|pytest\.mark\.(skip|x" + r"fail)"
    )
    assert [name for name, text in tracked_texts() if name.endswith(".py") and later.search(text)] == []
