"""What is known of other people's functions: what mutates, what is pure, what aliases, what touches hidden state.

The knowledge itself stands in the TOML files beside this module, one for a library; `grammar.py` says how to read them.
Method names stand for every library that uses them, since a receiver's type is rarely known statically. A method in
no table may mutate its receiver; a library function in no table leaves its arguments alone.
"""

from nb2prod.analysis.knowledge.files import KNOWN, with_files
from nb2prod.analysis.knowledge.tables import Draws, Knowledge
from nb2prod.analysis.knowledge.users import knowledge_for

__all__ = [
    "IMMUTABLE_KINDS",
    "KNOWN",
    "LIVE_KINDS",
    "MUTABLE_KINDS",
    "USED_UP_KINDS",
    "Draws",
    "Knowledge",
    "knowledge_for",
    "with_files",
]

USED_UP_KINDS = frozenset({"iterator", "file", "connection"})  # reading them changes them
IMMUTABLE_KINDS = frozenset({"int", "float", "complex", "str", "bytes", "bool", "tuple", "NoneType", "range", "type"})
MUTABLE_KINDS = frozenset({"list", "dict", "set", "ndarray", "frame", "defaultdict"})
LIVE_KINDS = frozenset({"iterator", "file", "connection", "dictview", "memoryview"})  # cannot cross the edge of a step
