"""One suite over every place: what comes out is what went in, or it is refused before it is unpickled."""

import os
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from artifacts.conftest import Open

from nb2prod.runtime.results.artifacts import Artifacts, Damaged, Entry, Gone

ENTRY = Entry(bundle="b" * 64, figures=("c" * 64,), metrics={"auc": 0.5}, run="one")


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def overwrite(artifacts: Artifacts, digest: str, content: bytes) -> None:
    artifacts.place.write(f"blobs/{digest}", content, durable=False)
    artifacts.place.drop_near(f"blobs/{digest}")


def content_of(artifacts: Artifacts, digest: str) -> bytes:
    return artifacts.place.read(f"blobs/{digest}") or b""


def test_bytes_come_back(place: Open) -> None:
    digest = place().put(b"some bytes")
    assert (place().get(digest), place().size(digest)) == (b"some bytes", 10)
    assert place().put(b"some bytes") == digest
    assert place().get("0" * 64) is None


def test_values_come_back_with_what_they_share(place: Open) -> None:
    table = pd.DataFrame({"a": np.arange(30_000.0), "b": "x", "c": pd.Timestamp("2026-01-31")})
    whole = np.ones((200, 300))
    digest = place().put_value({"table": table, "shown": table.to_numpy(), "whole": whole, "part": whole[3]})
    found = place().get_value(digest)
    pd.testing.assert_frame_equal(found["table"], table)
    found["part"][0] = -1
    assert found["whole"][3, 0] == -1
    assert (found["whole"].flags.owndata, found["whole"].dtype is whole.dtype) == (True, True)
    assert place().size(digest) > table["a"].size * 8


def test_what_is_not_there_is_gone(artifacts: Artifacts) -> None:
    for look in (artifacts.get_value, artifacts.size):
        with pytest.raises(Gone, match=r"the artifact 000000000000 is not in .* any more: run the step"):
            look("0" * 64)


@pytest.mark.parametrize("kind", ["cut", "longer", "one byte", "another bundle", "empty", "a length that lies"])
def test_a_damaged_bundle_is_refused_before_it_is_unpickled(artifacts: Artifacts, kind: str, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    digest = artifacts.put_value([np.zeros(30_000), "x"])
    good = content_of(artifacts, digest)
    other = content_of(artifacts, artifacts.put_value([np.zeros(30_000), Bomb(trap)]))
    bad = {
        "cut": other[:-1],
        "longer": other + b"x",
        "one byte": good[:99] + bytes([good[99] ^ 1]) + good[100:],
        "another bundle": other,
        "empty": b"",
        "a length that lies": good.replace(b'"pickle":', b'"pickle":9'),
    }[kind]
    overwrite(artifacts, digest, bad)
    with pytest.raises(Damaged, match="was changed after it was kept, and was not opened"):
        artifacts.get_value(digest)
    assert not trap.exists()
    with pytest.raises(Gone):
        artifacts.get_value(digest)
    assert artifacts.put_value([np.zeros(30_000), "x"]) == digest
    assert artifacts.get_value(digest)[1] == "x"


def test_bytes_that_are_not_what_they_were_are_none(artifacts: Artifacts) -> None:
    digest = artifacts.put(b"some bytes")
    overwrite(artifacts, digest, b"some bytes, and more")
    assert artifacts.get(digest) is None
    assert artifacts.put(b"some bytes") == digest
    assert artifacts.get(digest) == b"some bytes"


def test_texts_have_names(place: Open) -> None:
    place().put_text("runs/one/load.json", b"{}")
    place().put_text("runs/one/load.json", b"{1}")
    place().put_text("runs/one/deeper/score.json", b"")
    assert place().get_text("runs/one/load.json") == b"{1}"
    assert place().get_text("runs/one/other.json") is None
    assert place().texts("runs/one") == ["runs/one/deeper/score.json", "runs/one/load.json"]
    assert place().texts("runs/two") == []


@pytest.mark.parametrize("name", ["", "/etc/x", "../x", "runs//x", "runs/../../x", "runs\\x", "runs/.new-1"])
def test_a_name_cannot_lead_elsewhere(artifacts: Artifacts, name: str) -> None:
    with pytest.raises(ValueError, match="is no name for an artifact"):
        artifacts.put_text(name, b"x")


def test_entries_come_back_the_latest_first(place: Open) -> None:
    place().add("k", ENTRY)
    place().add("k", Entry(**{**vars(ENTRY), "files": {"/data": "1"}, "run": "two"}))
    place().add("k", Entry(**{**vars(ENTRY), "run": "three"}))
    found = list(place().entries("k"))
    assert [(entry.run, dict(entry.files)) for entry in found] == [("three", {}), ("two", {"/data": "1"})]
    assert found[0].metrics == {"auc": 0.5}
    assert list(place().entries("another")) == []


def test_only_the_latest_entries_of_a_key_are_kept(artifacts: Artifacts) -> None:
    for number in range(12):
        artifacts.add("k", Entry(bundle="b", files={"/data": str(number)}, made=float(number + 1)))
    assert [entry.files["/data"] for entry in artifacts.entries("k")] == [str(number) for number in range(11, 3, -1)]


@pytest.mark.parametrize("kind", ["cut", "another", "of another version", "no JSON"])
def test_an_entry_that_is_torn_or_tampered_is_not_read(artifacts: Artifacts, kind: str) -> None:
    artifacts.add("k", ENTRY)
    (file,) = artifacts.place.files("keys/k")
    content = artifacts.place.read(file.name) or b""
    bad = {
        "cut": content[:-5],
        "another": content.replace(b'"auc": 0.5', b'"auc": 0.6'),
        "of another version": b'[{"bundle": "../../x", "figures": []}, 7, null]',
        "no JSON": b"\xff\n\xff",
    }[kind]
    artifacts.place.write(file.name, bad, durable=False)
    assert list(artifacts.entries("k")) == []
    artifacts.add("k", ENTRY)
    assert [entry.run for entry in artifacts.entries("k")] == ["one"]


def test_adding_at_once_loses_no_entry_and_shows_no_half(place: Open) -> None:
    seen: set[int] = set()
    began, done = time.time(), threading.Event()

    def add(number: int) -> None:
        mine = place()
        for turn in range(2):
            mine.add(f"k{turn}", Entry(bundle="b" * 50_000, files={"/data": str(number)}, made=began))

    def look() -> None:
        mine = place()
        while not done.is_set():
            seen.update(len(entry.bundle) for entry in mine.entries("k0"))

    adding = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    looking = threading.Thread(target=look)
    for thread in (looking, *adding):
        thread.start()
    for thread in adding:
        thread.join()
    done.set()
    looking.join()
    for key in ("k0", "k1"):
        assert {entry.files["/data"] for entry in place().entries(key)} == {"0", "1", "2", "3"}
    assert seen <= {50_000}


def test_writing_the_same_at_once_is_well(place: Open) -> None:
    found: list[str] = []
    array = np.arange(50_000)
    value = [array, "x" * 1000]
    threads = [threading.Thread(target=lambda: found.append(place().put_value(value))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert np.array_equal(place().get_value(found[0])[0], array)


def test_an_entry_serves_only_while_all_that_it_names_is_there(artifacts: Artifacts) -> None:
    bundle, figure = artifacts.put_value([1]), artifacts.put(b"png")
    entry = Entry(bundle=bundle, size=artifacts.size(bundle), figures=(figure,))
    artifacts.add("k", entry)
    assert artifacts.use("k", entry)
    artifacts.place.remove(f"blobs/{figure}")
    assert not artifacts.use("k", entry)
    artifacts.put(b"png")
    overwrite(artifacts, bundle, b"torn")
    assert not artifacts.use("k", entry)


def test_nothing_is_left_of_what_could_not_be_written(artifacts: Artifacts) -> None:
    class Stubborn:
        def __reduce__(self) -> Any:
            raise OSError("not today")

    with pytest.raises(Exception, match="not today"):
        artifacts.put_value([np.zeros(30_000), Stubborn()])
    assert [file.name for file in artifacts.place.files("blobs")] == []


def test_a_digest_is_the_same_everywhere(artifacts: Artifacts, tmp_path: Path) -> None:
    from nb2prod.runtime.results.artifacts import open_artifacts

    value = {"table": pd.DataFrame({"a": np.arange(5000.0)}), "n": 3}
    assert artifacts.put_value(value) == open_artifacts(tmp_path / "other").put_value(value)
    assert os.listdir(tmp_path / "other") == ["blobs"]  # noqa: PTH208 - hidden ones too
