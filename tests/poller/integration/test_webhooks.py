"""Webhooks in: signature and token, any order, any number of times; what they lead to."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from darkroom_contracts.event import Event
from darkroom_contracts.items import ItemCompleted, PredictionFailed, PredictionSeen
from darkroom_contracts.predictions import PredictionCreated
from darkroom_servicekit.stages import Received
from support.kafka import Log
from support.pictures import picture
from support.poller_world import Attempt, World, poller_world, shared_world
from support.provider_double import provider_double
from support.service import eventually
from support.stack import StackAddresses

OTHER_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
REPEATED = 'darkroom_webhooks_total{outcome="repeated",provider="replicate"}'
FORGED = 'darkroom_webhooks_total{outcome="forged",provider="replicate"}'

DEEP = b'{"id": "p", "a": ' + b"[" * 500_000 + b"]" * 500_000 + b"}"


@pytest.fixture(scope="module")
async def world(parts: StackAddresses, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with shared_world(parts, tmp_path_factory.mktemp("storage")) as made:
        yield made


@pytest.fixture
async def fresh_world(log: Log, database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """One that has asked for no secret yet."""
    async with provider_double() as double, poller_world(log, database_url, redis_url, double, tmp_path) as made:
        yield made


async def test_a_webhook_ends_in_a_stored_result_and_one_event(world: World) -> None:
    attempt = world.attempt()
    await world.file(attempt)
    data = picture(640, 480)
    answer = await world.webhook(attempt, world.succeed(attempt, data, metrics={"predict_time": 2.5}))
    assert (answer.status_code, answer.json()) == (200, {"outcome": "accepted"})

    received = await world.end(attempt)
    event = received.event
    assert isinstance(event, ItemCompleted)
    assert (event.item_id, event.image_id, event.predict_seconds) == (attempt.number, f"image-{attempt.number}", 2.5)
    assert (event.result.width, event.result.height, event.result.format) == (640, 480, "jpg")
    assert (event.result.sha256, event.result.size_bytes) == (sha256(data).hexdigest(), len(data))
    assert (world.storage / event.result.key).read_bytes() == data
    assert received.envelope.correlation_id == "7"
    created = next(
        one for one in world.log.seen() if isinstance(one.event, PredictionCreated) and one.event.attempt_id == attempt.attempt_id
    )
    assert received.envelope.causation_id == created.envelope.id
    assert (await world.row(attempt))["state"] == "STORED"

    media = await world.client.get(f"/media/{event.result.key}")
    assert (media.status_code, media.content, media.headers["content-type"]) == (200, data, "image/jpeg")
    assert media.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert media.headers["x-content-type-options"] == "nosniff"
    thumbnail = await world.client.get(f"/media/{event.result.thumbnail_key}")
    assert thumbnail.status_code == 200
    assert thumbnail.headers["content-type"] == "image/jpeg"
    again = await world.client.get(f"/media/{event.result.key}", headers={"if-none-match": media.headers["etag"]})
    assert again.status_code == 304


def seen_of(attempt: Attempt, events: Sequence[Received[Event]]) -> list[PredictionSeen]:
    """What was told of an attempt that had no prediction yet."""
    told = [one.event for one in events if isinstance(one.event, PredictionSeen)]
    return [one for one in told if one.attempt_id == attempt.attempt_id]


async def test_a_webhook_before_its_prediction_waits_for_it(world: World) -> None:
    attempt = world.attempt()
    early = await world.webhook(attempt, world.succeed(attempt))
    assert (early.status_code, early.json()) == (202, {"outcome": "early"})
    assert (await world.webhook(attempt, world.succeed(attempt))).status_code == 202
    seen = await world.log.events(lambda events: bool(seen_of(attempt, events)), instance_id="_platform")
    told = seen_of(attempt, seen)[0]
    assert (told.prediction_id, told.provider) == (attempt.prediction_id, "replicate")
    assert told.callback_token_sha256 == sha256(attempt.token.encode()).hexdigest()
    await world.log.publish(attempt.created())
    assert isinstance(await world.event(attempt), ItemCompleted)
    parked = await world.query_one("SELECT count(*) AS n FROM early_webhooks WHERE attempt_id = $1", UUID(attempt.attempt_id))
    assert parked == {"n": 0}


async def test_characters_that_the_database_refuses_spoil_nothing(world: World) -> None:
    early, filed = world.attempt(), world.attempt()
    await world.file(filed)
    strange: dict[str, Any] = {"logs": "\x00\ud800", "error": "\x00\ud800"}
    assert (await world.webhook(early, world.succeed(early, **strange))).status_code == 202
    await world.log.publish(early.created())
    assert isinstance(await world.event(early), ItemCompleted)
    assert (await world.webhook(filed, world.succeed(filed, output="https://x/\x00\ud800", **strange))).status_code == 200
    event = await world.event(filed)
    assert isinstance(event, PredictionFailed)
    assert event.code == "output-unusable"


async def test_an_early_failure_fails_at_once(world: World) -> None:
    attempt = world.attempt()
    said = world.double.end(attempt.prediction_id, status="failed", output=None, error="flagged as sensitive. (E005) (abc)")
    await world.webhook(attempt, said)
    await world.log.publish(attempt.created())
    event = await world.event(attempt)
    assert isinstance(event, PredictionFailed)
    assert (event.code, event.retryable) == ("moderation", False)


async def test_an_early_webhook_with_a_wrong_token_or_prediction_counts_for_nothing(world: World) -> None:
    first, second = world.attempt(), world.attempt()
    assert (await world.webhook(first, world.succeed(first), token="guessed")).status_code == 202
    assert (await world.webhook(second, world.succeed(first))).status_code == 202
    for attempt in (first, second):
        await world.file(attempt)
        assert (await world.row(attempt))["state"] == "IN_FLIGHT"
        await world.webhook(attempt, world.succeed(attempt))
    assert {type(received.event) for received in await world.ends([first, second])} == {ItemCompleted}


async def test_repeated_late_and_contradicting_webhooks_change_nothing(world: World) -> None:
    attempt = world.attempt()
    await world.file(attempt)
    good = world.succeed(attempt)
    repeated_before = await world.metric(REPEATED)
    outcomes = [(await world.webhook(attempt, good)).json()["outcome"] for _ in range(3)]
    assert outcomes == ["accepted", "repeated", "repeated"]
    await world.end(attempt)
    bad = good | {"status": "failed", "output": None, "error": "late"}
    assert (await world.webhook(attempt, bad)).json() == {"outcome": "repeated"}
    assert (await world.webhook(attempt, good | {"status": "processing", "output": None})).json() == {"outcome": "progress"}
    # Another prediction's end is published after all these, so it shows that nothing came of them.
    other = world.attempt()
    await world.file(other)
    await world.webhook(other, world.succeed(other))
    ends = await world.ends([attempt, other])
    assert [received.event.attempt_id for received in ends] == [attempt.attempt_id, other.attempt_id]  # type: ignore[attr-defined]
    assert await world.metric(REPEATED) == repeated_before + 3


async def test_progress_before_and_after_the_end_is_taken_calmly(world: World) -> None:
    attempt = world.attempt()
    await world.file(attempt)
    for status in ("starting", "processing", "something-new"):
        answer = await world.webhook(attempt, {"id": attempt.prediction_id, "status": status, "output": None})
        assert (answer.status_code, answer.json()) == (200, {"outcome": "progress"})
    assert (await world.row(attempt))["state"] == "IN_FLIGHT"


@pytest.mark.parametrize(
    ("said", "code", "retryable"),
    [
        ({"status": "failed", "error": "The input or output was flagged as sensitive. (E005) (x1)"}, "moderation", False),
        ({"status": "failed", "error": "The input was invalid: no picture (E006)"}, "bad-input", False),
        ({"status": "failed", "error": "Director: unexpected error handling prediction (E6716)"}, "provider-error", True),
        ({"status": "failed", "error": None}, "provider-error", True),
        ({"status": "canceled"}, "provider-timeout", True),
        ({"status": "aborted"}, "provider-timeout", True),
        ({"status": "succeeded", "output": {"a": 1}}, "output-unusable", False),
    ],
)
async def test_ends_without_a_picture_tell_why(world: World, said: dict[str, object], code: str, retryable: bool) -> None:
    attempt = world.attempt()
    await world.file(attempt)
    await world.webhook(attempt, world.double.end(attempt.prediction_id, **({"output": None} | said)))
    event = await world.event(attempt)
    assert isinstance(event, PredictionFailed)
    assert (event.code, event.retryable, event.prediction_id) == (code, retryable, attempt.prediction_id)
    assert event.message.startswith("The ")


async def test_a_webhook_needs_the_signature_and_the_attempts_own_token(world: World) -> None:
    attempt, other = world.attempt(), world.attempt()
    await world.file(attempt)
    await world.file(other)
    said = world.succeed(attempt)
    body = json.dumps(said).encode()
    good = world.double.signed(body)
    forged_before = await world.metric(FORGED)
    now = datetime.now(UTC)
    refused: dict[str, tuple[dict[str, Any], int]] = {
        "no headers": ({"headers": {"x": "y"}}, 401),
        "no id": ({"headers": good | {"webhook-id": ""}}, 401),
        "another id": ({"headers": good | {"webhook-id": "msg_2"}}, 401),
        "another time": ({"headers": good | {"webhook-timestamp": str(int(now.timestamp()) - 1)}}, 401),
        "a time that is none": ({"headers": good | {"webhook-timestamp": "soon"}}, 401),
        "too old": ({"signing": {"at": now - timedelta(minutes=6)}}, 401),
        "too new": ({"signing": {"at": now + timedelta(minutes=12)}}, 401),
        "another secret": ({"signing": {"secret": OTHER_SECRET}}, 401),
        "no comma": ({"headers": good | {"webhook-signature": "v1"}}, 401),
        "broken base64": ({"headers": good | {"webhook-signature": "v1,%%%"}}, 401),
        "another version": ({"headers": good | {"webhook-signature": good["webhook-signature"].replace("v1", "v2")}}, 401),
        "another body": ({"headers": good, "body": body + b" "}, 401),
        "no utf-8": ({"headers": good, "body": b"\xff\xfe"}, 401),
        "no token": ({"token": ""}, 403),
        "a guessed token": ({"token": "x" * 32}, 403),
        "another attempt's token": ({"token": other.token}, 403),
        "another attempt": ({"attempt_id": other.attempt_id}, 403),
        "no uuid": ({"attempt_id": "1"}, 400),
        "a token beyond measure": ({"token": "x" * 300}, 400),
    }
    for name, (how, status) in refused.items():
        answer = await world.webhook(attempt, said, **how)
        assert answer.status_code == status, name
        assert answer.headers["content-type"] == "application/problem+json", name
    foreign = world.succeed(other)
    assert (await world.webhook(attempt, foreign)).status_code == 403
    assert (await world.row(attempt))["state"] == (await world.row(other))["state"] == "IN_FLIGHT"
    assert await world.metric(FORGED) == forged_before + 18
    both = good["webhook-signature"]
    assert (await world.webhook(attempt, said, headers=good | {"webhook-signature": f"v1,AAAA {both}"})).status_code == 200


async def test_a_signed_body_that_is_no_prediction_is_a_400(world: World) -> None:
    attempt = world.attempt()
    for body in (b"[]", b"{", b'"x"', b"{}", b'{"id": 1}', b'{"id": "p", "metrics": {"predict_time": NaN}}', DEEP):
        answer = await world.webhook(attempt, {}, body=body, headers=world.double.signed(body))
        assert answer.status_code == 400


async def test_a_body_beyond_a_megabyte_is_refused(world: World) -> None:
    attempt = world.attempt()
    body = b" " * 1_048_577
    assert (await world.webhook(attempt, {}, body=body, headers=world.double.signed(body))).status_code == 413


async def test_a_secret_that_cannot_be_had_is_our_fault_not_the_senders(fresh_world: World) -> None:
    world = fresh_world
    attempt = world.attempt()
    world.double.statuses["/v1/webhooks/default/secret"] = 500
    await world.file(attempt)
    answer = await world.webhook(attempt, world.succeed(attempt))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


async def test_forgeries_do_not_make_us_ask_for_the_secret_again_and_again(fresh_world: World) -> None:
    world = fresh_world
    attempt = world.attempt()
    await world.file(attempt)
    for _ in range(5):
        assert (await world.webhook(attempt, world.succeed(attempt), signing={"secret": OTHER_SECRET})).status_code == 401
    assert world.double.asked["/v1/webhooks/default/secret"] == 1


async def test_a_provider_that_answers_at_once_enters_at_the_same_door(world: World) -> None:
    attempt = world.attempt()
    world.succeed(attempt)
    await world.log.publish(attempt.created(output=[f"{world.double.url}/files/{attempt.prediction_id}"]))
    assert isinstance(await world.event(attempt), ItemCompleted)


async def test_what_is_no_result_is_not_served(world: World) -> None:
    (world.storage / "uploads").mkdir(exist_ok=True)
    (world.storage / "uploads/a.jpg").write_bytes(b"x")
    digest, folder = "0" * 64, "0" * 20
    for key in (
        "uploads/a.jpg",
        f"results/{folder}/{digest}.jpg",
        "results/../uploads/a.jpg",
        "results/%2e%2e/uploads/a.jpg",
        f"results/{folder}/../../uploads/a.jpg",
        "/etc/passwd",
        "",
        f"results/{folder}/{digest}.svg",
        f"results/{folder}/{digest}.jpg/",
        f"results/{folder.upper()}A/{digest}.jpg",
    ):
        answer = await world.client.get(f"/media/{key}")
        assert answer.status_code == 404, key
        assert answer.headers["content-type"] == "application/problem+json"


async def test_not_ready_without_a_place_to_store(world: World) -> None:
    assert (await world.client.get("/readyz")).status_code == 200
    world.storage.rename(world.storage.with_name("moved"))

    async def says_so() -> bool:
        answer = await world.client.get("/readyz")
        return answer.status_code == 503 and "storage" in answer.text

    await eventually(says_so)
    world.storage.with_name("moved").rename(world.storage)
