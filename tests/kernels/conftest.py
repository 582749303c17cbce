from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels.cells import Bench, own_servers

from nb2prod.execution.kernels.servers import WarmKernels


@pytest.fixture(scope="session")
def warm() -> Iterator[WarmKernels]:
    with own_servers() as servers:
        yield servers


@pytest.fixture
def bench(warm: WarmKernels, tmp_path: Path) -> Bench:
    return Bench(warm, tmp_path)
