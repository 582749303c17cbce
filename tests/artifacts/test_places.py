"""What each place must do when it is full, out of reach, or shared; and what is kept near."""

import errno
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
import numpy as np
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from nb2prod.runtime.errors import ProjectError
from nb2prod.runtime.results.artifacts import Artifacts, ArtifactsUnreachable, Entry, Gone, open_artifacts
from nb2prod.runtime.results.remote import Bucket

BIG = 200_000


class Filling(MemoryFileSystem):  # type: ignore[misc]
    """Full after so many bytes: what was begun is left as it is."""

    protocol = "filling"
    store: dict[str, Any] = {}  # noqa: RUF012 - fsspec's own way
    pseudo_dirs = [""]  # noqa: RUF012
    room = BIG

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **more: Any) -> None:
        super().pipe_file(path, value[: self.room], mode, **more)
        if len(value) > self.room:
            raise OSError(errno.ENOSPC, "No space left on device")

    def put_file(self, lpath: str, rpath: str, **_: Any) -> None:
        self.pipe_file(rpath, Path(lpath).read_bytes())


class Down(MemoryFileSystem):  # type: ignore[misc]
    """Out of reach."""

    protocol = "down"

    def cat_file(self, path: str, *_: Any, **__: Any) -> bytes:
        raise RuntimeError(f"no route to {path}")

    info = open = pipe_file = find = cat_file


for system in (Filling, Down):
    fsspec.register_implementation(system.protocol, system, clobber=True)


def test_a_store_that_is_full_shows_nothing_half_written() -> None:
    artifacts = open_artifacts("filling://a/b")
    small = artifacts.put_value([1])
    with pytest.raises(ArtifactsUnreachable, match=r"cannot write blobs/.*: No space left on device; free some space"):
        artifacts.put_value(np.arange(BIG))
    with pytest.raises(ArtifactsUnreachable) as caught:
        artifacts.put_text("runs/one/x.json", b"x" * (BIG + 1))
    assert caught.value.errno == errno.ENOSPC
    assert [file.name for file in artifacts.place.files("blobs")] == [f"blobs/{small}"]
    assert artifacts.get_text("runs/one/x.json") is None
    assert artifacts.get_value(small) == [1]


FULL = """
import resource, signal, sys
import numpy as np
from nb2prod.runtime.results.artifacts import ArtifactsUnreachable, open_artifacts
artifacts = open_artifacts(sys.argv[1])
kept = artifacts.put_value([1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
try:
    artifacts.put_value(np.arange(200_000))
except ArtifactsUnreachable as error:
    print(error)
print([file.name[6:] for file in artifacts.place.files("blobs")] == [kept], artifacts.get_value(kept))
"""


def test_a_file_that_the_system_does_not_take_is_not_there(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"cannot write in the artifacts {tmp_path}: File too large", "True [1]"]
    assert [path.name for path in tmp_path.iterdir()] == ["blobs"]


def test_out_of_reach_is_not_gone() -> None:
    artifacts = open_artifacts("down://a")
    for look in (artifacts.get_value, artifacts.get, artifacts.size, lambda d: list(artifacts.entries(d))):
        with pytest.raises(ArtifactsUnreachable, match="in the artifacts down://a: no route to"):
            look("0" * 64)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    tmp_path.joinpath("file").touch()
    with pytest.raises(ArtifactsUnreachable, match=f"cannot write in the artifacts {tmp_path}/file/x: "):
        open_artifacts(tmp_path / "file/x").put(b"x")


def test_a_url_of_a_library_that_is_missing_says_what_to_install() -> None:
    with pytest.raises(ProjectError, match="cannot keep artifacts at nothing://a: Protocol not known: nothing"):
        open_artifacts("nothing://a")


def test_a_bucket_that_is_not_there_is_told(bucket: str) -> None:
    artifacts = open_artifacts("s3://no-such-bucket-anywhere/x")
    with pytest.raises(ArtifactsUnreachable, match="cannot write"):
        artifacts.put(b"x")
    assert bucket


def test_a_file_url_is_a_folder(tmp_path: Path) -> None:
    digest = open_artifacts(tmp_path.as_uri()).put_value([1])
    assert open_artifacts(tmp_path).get_value(digest) == [1]


ADD = """
import sys
from nb2prod.runtime.results.artifacts import Entry, open_artifacts
artifacts = open_artifacts(sys.argv[1])
for number in range(40):
    artifacts.add(f"k{number}", Entry(bundle=artifacts.put_value([number] * 100), files={"/data": sys.argv[2]}))
"""


def test_processes_that_add_at_once_lose_nothing(tmp_path: Path) -> None:
    processes = [subprocess.Popen([sys.executable, "-c", ADD, str(tmp_path), str(number)]) for number in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    artifacts = open_artifacts(tmp_path)
    for number in range(40):
        entries = list(artifacts.entries(f"k{number}"))
        assert {entry.files["/data"] for entry in entries} == {"0", "1", "2"}
        assert artifacts.get_value(entries[0].bundle) == [number] * 100
    assert len(list(artifacts.place.files("blobs"))) == 40
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blobs", "keys"]


def test_a_killed_writer_leaves_nothing_that_is_read(tmp_path: Path) -> None:
    code = (
        "import os, sys; from nb2prod.runtime.results.artifacts import open_artifacts\n"
        "class Killer:\n    def __reduce__(self): os.kill(os.getpid(), 9)\n"
        "open_artifacts(sys.argv[1]).put_value([b'x' * 1_000_000, Killer()])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    artifacts = open_artifacts(tmp_path)
    assert (done.returncode, list(artifacts.place.files(""))) == (-9, [])
    (left,) = tmp_path.iterdir()
    artifacts.place.sweep(left.stat().st_mtime + 1)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def near(tmp_path: Path) -> Path:
    return tmp_path / "near"


def test_what_is_near_is_not_fetched_again(bucket: str, near: Path) -> None:
    written = open_artifacts(bucket, near=near)
    digest = written.put_value(np.arange(BIG))
    sent = written.moved
    assert sent > BIG
    assert written.get_value(digest)[-1] == BIG - 1
    assert written.moved == sent
    fetching = open_artifacts(bucket, near=near.with_name("other"))
    assert [fetching.get_value(digest)[-1] for _ in range(2)] == [BIG - 1] * 2
    assert fetching.moved == sent


def test_a_copy_near_that_is_bad_is_fetched_again(bucket: str, near: Path) -> None:
    artifacts = open_artifacts(bucket, near=near)
    digest = artifacts.put_value([1, 2])
    for _ in range(2):
        (near / "blobs" / digest).write_bytes(b"torn")
        assert artifacts.get_value(digest) == [1, 2]
    text = artifacts.put(b"text")
    near.joinpath("blobs", text).write_bytes(b"torn")
    assert artifacts.get(text) == b"text"


def test_what_is_near_stays_under_its_cap(bucket: str, near: Path) -> None:
    artifacts = open_artifacts(bucket, near=near, near_size=1_000_000)
    digests = [artifacts.put_value(np.full(40_000, number)) for number in range(8)]
    assert sum(path.stat().st_size for path in near.rglob("*") if path.is_file()) <= 1_000_000
    assert [artifacts.get_value(digest)[0] for digest in digests] == list(range(8))


def test_what_another_host_removed_is_gone_though_it_is_near(bucket: str, near: Path) -> None:
    artifacts = open_artifacts(bucket, near=near)
    digest = artifacts.put_value([1, 2])
    open_artifacts(bucket).place.remove(f"blobs/{digest}")
    with pytest.raises(Gone):
        artifacts.size(digest)
    assert not artifacts.use("k", Entry(bundle=digest))


def test_a_store_without_atomic_writes_gets_names_at_the_end(tmp_path: Path) -> None:
    artifacts = Artifacts(Bucket(f"local://{tmp_path}/store", None, 0))
    digest = artifacts.put_value([1, 2])
    artifacts.put_text("runs/one/x.json", b"{}")
    found = sorted(path.relative_to(tmp_path / "store").as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert found == [f"blobs/{digest}", "runs/one/x.json"]


def test_what_is_old_elsewhere_is_used_still_and_then_counts_as_used() -> None:
    artifacts = open_artifacts(f"memory://{uuid4().hex}")
    bundle, size = artifacts.put_sized([1, 2])
    entry = Entry(bundle=bundle, size=size)
    artifacts.add("k", entry)
    system = fsspec.filesystem("memory")
    old = datetime.now(UTC) - timedelta(days=3)
    for path in system.find(artifacts.where.removeprefix("memory:/")):
        system.store[path].created = system.store[path].modified = old
    assert artifacts.use("k", entry)
    assert artifacts.get_value(bundle) == [1, 2]
    (index,) = artifacts.place.files("keys")
    assert index.changed > time.time() - 60
    (blob,) = artifacts.place.files("blobs")
    assert blob.changed < time.time() - 86400
    assert artifacts.put_value([1, 2]) == bundle
    (again,) = artifacts.place.files("blobs")
    assert again.changed > time.time() - 60
