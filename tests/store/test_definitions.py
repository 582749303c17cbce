"""Definitions: versions by content."""

import hashlib

import pytest
from store.given import define, edit

from nb2prod.model.job import FailureKind, JobKind, JobSettings, Limits, Retry, SnapshotFile
from nb2prod.store import BlobDamaged, NotInStore, RowNotReadable, Store


def test_a_blob_comes_back_by_its_digest(store: Store) -> None:
    sha256 = store.put_blob(b"\x00\xffbytes")
    assert sha256 == hashlib.sha256(b"\x00\xffbytes").hexdigest() == store.put_blob(b"\x00\xffbytes")
    assert store.blob(sha256) == b"\x00\xffbytes"


def test_a_damaged_blob_is_not_given(store: Store) -> None:
    sha256 = store.put_blob(b"model")
    edit(store, "UPDATE blob SET content = :content", content=b"m0del")
    with pytest.raises(BlobDamaged, match=f"the store's bytes of {sha256} do not have that digest"):
        store.blob(sha256)


def test_a_blob_that_is_not_there(store: Store) -> None:
    with pytest.raises(NotInStore, match="the store has no blob 'abc'"):
        store.blob("abc")


def test_a_definition_comes_back_as_it_was_saved(store: Store) -> None:
    settings = JobSettings(
        environment="kernel:python3",
        formats=("ipynb", "html"),
        limits=Limits(run=60.5, memory=2**33),
        retry=Retry(limit=3, on=(FailureKind.IO,)),
        notify=("ops",),
        pool="gpu",
    )
    saved = define(store, settings=settings)
    assert saved.files == (SnapshotFile(path="churn.ipynb", sha256=hashlib.sha256(b"{}").hexdigest(), size=2),)
    assert (saved.version, saved.kind, saved.settings) == (1, JobKind.NOTEBOOK, settings)
    assert saved.parameters == (("region", "str", "'EU'", "where"),)
    assert store.definition(saved.id) == saved == store.latest_definition("churn")
    assert store.blob(saved.files[0].sha256) == b"{}"


def test_the_same_content_is_the_same_version(store: Store) -> None:
    first = define(store)
    assert define(store) == first
    second = define(store, source=b"{ }")
    third = define(store, source=b"{ }", settings=JobSettings(pool="gpu"))
    again = define(store)  # back to what it was at first: a new version, for the history is a line
    assert [each.version for each in (first, second, third, again)] == [1, 2, 3, 4]
    assert store.latest_definition("churn") == again
    assert store.definitions("churn") == [first, second, third, again]


def test_the_latest_of_each_name_are_listed(store: Store) -> None:
    define(store, "b")
    define(store, "a")
    newest = define(store, "b", source=b"[]")
    assert [(each.name, each.version) for each in store.definitions()] == [("a", 1), ("b", 2)]
    assert store.definitions()[1] == newest


def test_a_name_that_is_not_there_is_told_with_the_closest(store: Store) -> None:
    define(store, "churn")
    with pytest.raises(NotInStore) as refused:
        store.latest_definition("chrun")
    assert str(refused.value) == "the store has no definition 'chrun'; did you mean 'churn'?"


def test_a_definition_that_was_edited_by_hand_says_what_is_wrong(store: Store) -> None:
    saved = define(store)
    edit(store, "UPDATE definition SET settings = :text", text='{"pool": 5}')
    with pytest.raises(RowNotReadable) as refused:
        store.definition(saved.id)
    assert str(refused.value) == "the row of definition 'churn' cannot be read: pool cannot be 5"
