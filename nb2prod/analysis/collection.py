"""Python's garbage collector, held back for a while."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["no_collection"]


@contextmanager
def no_collection() -> Iterator[None]:
    """For work that makes many small objects and keeps them to its end: the collector would go through all of them
    again and again, which for a long notebook takes as long as the work. Never leaves it switched off, and what was
    made meanwhile counts as old: else the first object after it would have it go through them all."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if not gc.get_freeze_count():  # what someone else froze stays frozen
                gc.freeze()
                gc.unfreeze()
            gc.enable()
