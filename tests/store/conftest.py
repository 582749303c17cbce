"""For all tests of the store: each runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest
from store.given import FakeClock

from nb2prod.store import Store, open_store


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(store_url: str, clock: FakeClock) -> Iterator[Store]:
    with open_store(store_url, now=clock, chance=lambda: 0.5) as opened:
        yield opened
