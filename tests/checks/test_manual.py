"""Every finding can be explained."""

import re
from pathlib import Path

import pytest

import nb2prod
from nb2prod.checks.check import all_checks
from nb2prod.checks.manual import PAGES


def codes_in_use() -> set[str]:
    folder = Path(nb2prod.__file__).parent
    files = [file for file in folder.rglob("*.py") if file.name != "manual.py"]
    return {code for file in files for code in re.findall(r"\"(NB\d{3})\"", file.read_text(encoding="utf-8"))}


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    explained = set(PAGES) | {rule.code for rule in all_checks()}
    assert explained == codes_in_use()


@pytest.mark.parametrize("code", sorted(PAGES))
def test_pages_say_what_to_write_instead(code: str) -> None:
    title, *rest = PAGES[code].splitlines()
    assert title.endswith(".")
    assert any(line.startswith("Instead of     ") for line in rest)
    assert any(line.startswith("write          ") for line in rest)
