"""Dead letters as values: what is read from a dead message, and how many letters a throttled redrive may take."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from darkroom_predictor.letters.letter import read_dead_message
from darkroom_predictor.letters.redrive import allowed_now

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
HEADERS = {
    "ce_id": "0193f4a2-bead-7c33-9b44-6a5b4c3d2e1f",
    "ce_time": "2026-01-15T11:59:00.000Z",
    "dl-reason": "handler-error",
    "dl-detail": "ValueError: th\x00irteen",
    "dl-topic": "own.darkroom.jobs",
    "dl-header-ce_id": "0193f4a2-0000-7c33-9b44-6a5b4c3d2e1f",
    "dl-header-ce_time": "2026-01-15T11:58:00.000Z",
    "dl-header-ce_subject": "jobs/13/items/14",
}


def test_a_dead_message_tells_where_it_belongs_and_whose_it_is() -> None:
    letter = read_dead_message(HEADERS, b"{}", service="credits", key="shop-a", place="t/0/1", prefix="own.", now=NOW)

    assert letter is not None
    assert (letter.id, letter.topic) == (UUID(HEADERS["ce_id"]), "darkroom.jobs")
    assert (letter.instance_id, letter.job_id, letter.item_id) == ("shop-a", 13, 14)
    assert (letter.code, letter.message) == ("handler-error", "ValueError: thirteen")
    assert dict(letter.headers) == {
        "ce_id": "0193f4a2-0000-7c33-9b44-6a5b4c3d2e1f",
        "ce_time": "2026-01-15T11:58:00.000Z",
        "ce_subject": "jobs/13/items/14",
    }
    assert letter.happened_at == datetime(2026, 1, 15, 11, 58, tzinfo=UTC)
    assert (letter.attempts, letter.data_bytes, letter.kept_by_service) == (1, 2, False)


def test_a_dead_message_that_its_service_keeps_has_that_services_id_and_the_size_of_the_whole() -> None:
    kept = {
        "dl-id": "5f0f1a52-0000-5b0e-9d5c-3a8f2f3f9b11",
        "dl-attempts": "4",
        "dl-value-bytes": "1047900",
        "dl-value-sha256": "ab" * 32,
    }
    letter = read_dead_message(HEADERS | kept, b"{", service="credits", key="shop-a", place="t/0/1", prefix="own.", now=NOW)

    assert letter is not None
    assert (letter.id, letter.attempts, letter.kept_by_service) == (UUID(kept["dl-id"]), 4, True)
    assert (letter.data_bytes, letter.data_sha256) == (1_047_900, "ab" * 32)


def test_a_message_without_any_story_is_filed_by_its_place() -> None:
    headers = {"dl-topic": "darkroom.jobs"}
    first, again, other = (
        read_dead_message(headers, b"\xff", service="credits", key="_platform", place=place, prefix="", now=NOW)
        for place in ("t/0/1", "t/0/1", "t/0/2")
    )

    assert first is not None
    assert again is not None
    assert other is not None
    assert first.id == again.id != other.id
    assert (first.job_id, first.code, first.happened_at) == (None, "unknown", NOW)


@pytest.mark.parametrize(
    ("key", "data", "instance_id"),
    [
        ("shop-a", b'{"instanceId": "shop-b"}', "shop-a"),
        ('{"instanceId": "shop-a"}', b'{"instanceId": "shop-a"}', "shop-a"),
        ("\u2400\u2400\x07", b'{"instanceId": "shop-a"}', "shop-a"),
        ("\ufffd\ufffd", b'{"instanceId": "shop-a"', "_platform"),
        ("shop\u2400a", b"[]", "_platform"),
        ("x" * 101, b'{"instanceId": 7}', "_platform"),
        ("", b'{"instanceId": "a\\u0000b"}', "_platform"),
        ("_platform", b'{"instanceId": "_platform"}', "_platform"),
    ],
)
def test_a_foreign_key_is_no_tenant(key: str, data: bytes, instance_id: str) -> None:
    letter = read_dead_message(HEADERS, data, service="credits", key=key, place="t/0/1", prefix="own.", now=NOW)
    assert letter is not None
    assert letter.instance_id == instance_id


def test_what_the_kit_did_not_write_is_no_dead_message() -> None:
    given_up = {"ce_id": HEADERS["ce_id"], "ce_type": "darkroom.ItemGivenUp.v1"}
    assert read_dead_message(given_up, b"{}", service="predictor", key="s", place="p", prefix="", now=NOW) is None


def test_no_sixty_seconds_have_more_letters_than_the_throttle_says() -> None:
    for per_minute in (1, 7, 60, 130):
        taken: list[tuple[float, int]] = []
        for round_number in range(40):
            now = round_number * 5.0
            letters = allowed_now(per_minute, sum(count for at, count in taken if at > now - 60))
            taken.append((now, letters))
        for start, _ in taken:
            assert sum(count for at, count in taken if start <= at < start + 60) <= per_minute
        assert sum(count for at, count in taken if at < 60) == per_minute
    assert allowed_now(None, 10_000) == 200
