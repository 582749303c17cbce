"""The extension stays small: all of it, compressed, under what the start of a page may wait for."""

import pytest
from lab.served import BOUND, BUILT, compressed_sizes


@pytest.mark.slow  # it is built by then
def test_all_scripts_together_are_small() -> None:
    assert BUILT.is_dir(), "tools/labextension builds it"
    sizes = compressed_sizes()
    assert any(name.startswith("remoteEntry.") for name in sizes)
    assert sum(sizes.values()) < BOUND, sizes
