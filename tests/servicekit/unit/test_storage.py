"""The object store on a folder; over S3: `integration/test_s3_storage.py`."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from darkroom_servicekit.storage import InvalidKey, ObjectNotFound, ObjectStore, ObjectTooLarge, content_type_of


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return ObjectStore(f"file://{tmp_path}/a%20folder")


async def test_what_is_put_comes_back(store: ObjectStore, tmp_path: Path) -> None:
    await store.put("results/ab/cd.jpg", b"picture")
    assert await store.get("results/ab/cd.jpg") == b"picture"
    assert await store.get("results/ab/cd.jpg", bytes_max=7) == b"picture"
    with pytest.raises(ObjectTooLarge):
        await store.get("results/ab/cd.jpg", bytes_max=6)
    assert await store.exists("results/ab/cd.jpg")
    assert (tmp_path / "a folder/results/ab/cd.jpg").read_bytes() == b"picture"


async def test_a_large_object_comes_in_chunks(store: ObjectStore) -> None:
    data = bytes(range(256)) * 4096
    await store.put("big.png", data)
    opened = await store.stream("big.png")
    chunks = [chunk async for chunk in opened.chunks]
    assert b"".join(chunks) == data
    assert opened.size_bytes == len(data)
    assert len(chunks) > 1
    assert opened.etag


async def test_what_is_not_there_says_so(store: ObjectStore) -> None:
    assert not await store.exists("results/none.jpg")
    for read in (store.get, store.stream):
        with pytest.raises(ObjectNotFound):
            await read("results/none.jpg")
    await store.delete("results/none.jpg")


async def test_deleted_is_gone_and_replaced_is_new(store: ObjectStore) -> None:
    await store.put("a.webp", b"1")
    await store.put("a.webp", b"2")
    assert await store.get("a.webp") == b"2"
    await store.delete("a.webp")
    assert not await store.exists("a.webp")


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../x",
        "a/../b",
        "a//b",
        "a/",
        ".hidden",
        "a/.b",
        "a b",
        "a\\b",
        "ä",
        "a%2e",
        "a\n",
        "a..b",
        "x" * 513,
        "a\x00",
    ],
)
async def test_a_key_that_is_none_of_ours_is_refused(store: ObjectStore, key: str) -> None:
    for use in (store.get, store.exists, store.delete, store.stream):
        with pytest.raises(InvalidKey):
            await use(key)
    with pytest.raises(InvalidKey):
        await store.put(key, b"")


async def test_old_objects_of_a_folder_are_deleted_some_at_a_time(store: ObjectStore, tmp_path: Path) -> None:
    keys = ["staged/1", "staged/2", "staged/3", "staged/young", "staged-not/1", "results/1"]
    for key in keys:
        await store.put(key, b"1")
        if key != "staged/young":
            os.utime(tmp_path / "a folder" / key, (0, 0))
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    assert await store.delete_older("staged", before=hour_ago, limit=2) == 2
    assert await store.delete_older("staged", before=hour_ago, limit=2) == 1
    assert await store.delete_older("staged", before=hour_ago, limit=2) == 0
    assert [key for key in keys if await store.exists(key)] == ["staged/young", "staged-not/1", "results/1"]


async def test_nothing_is_deleted_from_a_folder_that_is_not_there(store: ObjectStore) -> None:
    assert await store.delete_older("staged", before=datetime.now(UTC), limit=1) == 0


async def test_ready_when_the_folder_is_there(store: ObjectStore) -> None:
    await store.check()


def test_the_type_follows_from_the_name() -> None:
    assert content_type_of("results/a/b.JPG") == "image/jpeg"
    assert content_type_of("x.webp") == "image/webp"
    assert content_type_of("x") == content_type_of("x.svg") == content_type_of("x.html") == "application/octet-stream"


def test_other_kinds_of_storage_are_refused() -> None:
    with pytest.raises(ValueError, match="file:// or s3://"):
        ObjectStore("http://x/")
