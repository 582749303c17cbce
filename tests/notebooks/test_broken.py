"""Broken notebooks: whatever the bytes, only our own words come out, and never a part of a project."""

import random
from pathlib import Path

import pytest
from fuzz.json_fuzz import mutated, seeds, trouble_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SEEDS = seeds()


@pytest.mark.slow
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32), st.integers(0, len(SEEDS) - 1))
def test_a_broken_notebook_is_refused_in_our_words(
    tmp_path_factory: pytest.TempPathFactory, chance: int, good: int
) -> None:
    content = mutated(random.Random(chance), SEEDS[good])
    assert trouble_of(content, tmp_path_factory.mktemp("broken")) == "", content


@pytest.mark.parametrize(
    "content",
    [
        b'{"cells": [{"cell_type": "code", "metadata": {"tags": ["step:x"], "nb2prod": {"timeout": 1%s}},'
        b' "source": "x = 1"}], "nbformat": 4}' % (b"0" * 400),
        b'{"cells": [{"cell_type": "code", "metadata": "text", "source": "x = 1"}], "nbformat": 4}',
        b'{"cells": [{"cell_type": "code", "source": "x = %s"}], "nbformat": 4}' % (b"0xf" + b"f" * 6000),
        b'{"cells": [{"cell_type": "code", "source": "x = %s"}], "nbformat": 4}' % (b"[" * 90 + b"]" * 90),
        b'{"cells": [{"cell_type": "code", "source": ["x = \\"\\ud800\\""]}], "nbformat": 4}',
        b'{"cells": [{"cell_type": "code", "source": "x = 1\\u0000"}], "nbformat": 4}',
        b'{"cells": [{"cell_type": "code", "metadata": {"tags": ["step:%s"]}, "source": "x = 1"}], "nbformat": 4}'
        % (b"a" * 400),
        b'{"cells": [{"cell_type": "code", "metadata": {"tags": ["parameters"]},'
        b' "source": "x = 1 \\\\"}], "nbformat": 4}',
        b'{"cells": [{"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "for i in [1]: n = i"},'
        b' {"cell_type": "code", "metadata": {"tags": ["step:a"]}, "source": "y = n"}], "nbformat": 4}',
    ],
    ids=[
        "a timeout without end",
        "metadata of text",
        "a long number",
        "deep lists",
        "half a character",
        "a null byte",
        "a long step",
        "a last backslash",
        "a loop of parameters",
    ],
)
def test_what_once_made_trouble(content: bytes, tmp_path: Path) -> None:
    assert trouble_of(content, tmp_path) == ""
