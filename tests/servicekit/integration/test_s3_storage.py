"""The object store over S3: what is put comes back, and old objects of a folder are deleted, however many there are."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from darkroom_servicekit.storage import ObjectNotFound, ObjectStore
from support.s3_double import S3Double, S3Object, s3_double

NOW = datetime.now(UTC)
HOUR_AGO = NOW - timedelta(hours=1)
OLD, YOUNG = S3Object(b"1", NOW - timedelta(hours=2)), S3Object(b"1", NOW)


@pytest.fixture
async def s3(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[S3Double]:
    async with s3_double() as double:
        for name, value in (("ACCESS_KEY_ID", "key"), ("SECRET_ACCESS_KEY", "secret"), ("ENDPOINT", double.address)):
            monkeypatch.setenv(f"AWS_{name}", value)
        yield double


@pytest.fixture
def store(s3: S3Double) -> ObjectStore:
    return ObjectStore("s3://darkroom/shops")


async def test_what_is_put_comes_back_until_it_is_deleted(s3: S3Double, store: ObjectStore) -> None:
    await store.check()
    await store.put("results/ab/cd.jpg", b"picture")
    assert set(s3.objects) == {"shops/results/ab/cd.jpg"}
    assert await store.get("results/ab/cd.jpg") == b"picture"
    assert b"".join([chunk async for chunk in (await store.stream("results/ab/cd.jpg")).chunks]) == b"picture"
    assert await store.exists("results/ab/cd.jpg")
    await store.delete("results/ab/cd.jpg")
    await store.delete("results/ab/cd.jpg")
    assert not await store.exists("results/ab/cd.jpg")
    with pytest.raises(ObjectNotFound):
        await store.get("results/ab/cd.jpg")


async def test_old_objects_of_a_folder_are_deleted_and_nothing_else(s3: S3Double, store: ObjectStore) -> None:
    s3.objects |= {f"shops/staged/{number}": OLD for number in range(3)}
    kept = {"shops/staged/young": YOUNG, "shops/staged-not/1": OLD, "shops/results/1": OLD, "staged/1": OLD, "shops/staged": OLD}
    s3.objects |= kept
    assert await store.delete_older("staged", before=HOUR_AGO, limit=2) == 2
    assert await store.delete_older("staged", before=HOUR_AGO, limit=2) == 1
    assert await store.delete_older("staged", before=HOUR_AGO, limit=2) == 0
    assert s3.objects == kept


async def test_old_objects_behind_pages_of_young_ones_are_found(s3: S3Double, store: ObjectStore) -> None:
    young = {f"shops/staged/a{number:04}": YOUNG for number in range(2_300)}
    s3.objects |= young | {f"shops/staged/b{number:04}": OLD for number in range(1_200)}
    assert await store.delete_older("staged", before=HOUR_AGO, limit=2_000) == 1_200
    assert s3.objects == young
    assert s3.listed_pages == 4
    assert s3.bulk_deletes == 2, "S3 takes at most 1,000 keys in one request"


async def test_nothing_is_deleted_from_a_folder_that_is_not_there(s3: S3Double, store: ObjectStore) -> None:
    s3.objects["shops/results/1"] = OLD
    assert await store.delete_older("staged", before=NOW, limit=10) == 0
    assert set(s3.objects) == {"shops/results/1"}
