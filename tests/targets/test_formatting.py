"""Rendered files compile, and sorting their imports changes nothing that they mean."""

import tempfile
from pathlib import Path

import pytest

from nb2prod.targets.formatting import NotPython, format_files


def test_imports_are_sorted() -> None:
    text = "from b import c\nimport os\nfrom .x import y\nimport a\n"
    assert format_files({"src/p/m.py": text}) == {
        "src/p/m.py": "import os\n\nimport a\nfrom b import c\n\nfrom .x import y\n"
    }


@pytest.mark.parametrize(
    "text",
    [
        "from scipy.linalg import norm\nfrom numpy.linalg import norm\n",
        "from zlib import *\nfrom math import *\n",
        "from zlib import *\nimport math\n",
        "import zlib as tool\nimport math as tool\n",
    ],
)
def test_imports_that_hide_one_another_keep_their_order(text: str) -> None:
    assert format_files({"src/p/m.py": text}) == {"src/p/m.py": text}


def test_modules_of_one_package_do_not_hide_one_another() -> None:
    text = "import os.path\nimport os\n"
    assert format_files({"m.py": text}) == {"m.py": "import os\nimport os.path\n"}


def test_escapes_of_the_user_are_the_users() -> None:
    assert format_files({"m.py": "x = '\\d'\n"}) == {"m.py": 'x = "\\d"\n'}


def test_a_file_that_is_not_python_is_refused() -> None:
    with pytest.raises(NotPython, match=r"^m\.py:2: invalid syntax$"):
        format_files({"m.py": "x = 1\nx = =\n"})


def test_other_files_stay_as_they_are() -> None:
    assert format_files({"a.toml": "x =  1"}) == {"a.toml": "x =  1"}


def test_imports_of_a_block_keep_their_order_too() -> None:
    text = "try:\n    pass\nexcept E:\n    from zlib import crc32\n    from binascii import crc32\n"
    assert format_files({"m.py": text}) == {"m.py": text}


def test_a_temporary_folder_that_git_ignores_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("*\n")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert format_files({"src/p/m.py": "import b\nimport a\nx = 'y'\n"}) == {
        "src/p/m.py": 'import a\nimport b\n\nx = "y"\n'
    }
