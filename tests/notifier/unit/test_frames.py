"""Events become frames: what the page is told, worked out by hand."""

from typing import Any

import pytest
from darkroom_contracts.credits import CreditsGranted, CreditsRejected, CreditsReserved, CreditsSettled
from darkroom_contracts.event import Event
from darkroom_contracts.examples import DIGEST, EXAMPLES, IMAGE, ITEM, JOB
from darkroom_contracts.items import ItemCompleted
from darkroom_contracts.jobs import ItemFinished, ItemRequested, JobFinished, JobRequested
from darkroom_contracts.predictions import AttemptFailed, ItemStarted, PredictionCreated
from darkroom_notifier.frames import TOLD, frames_of

MEDIA = "https://media.example"
THE_ITEM = {"jobId": JOB, "itemId": ITEM, "imageId": IMAGE}
DONE = THE_ITEM | {
    "status": "DONE",
    "optimizedImageUrl": f"https://media.example/media/results/{DIGEST}.jpg",
    "thumbnailUrl": f"https://media.example/media/thumbnails/{DIGEST}.jpg",
}
COUNTS = {"totalImages": 2, "completedImages": 1, "failedImages": 0, "canceledImages": 0}


def told(event: Event) -> list[tuple[str, dict[str, Any]]]:
    return [(frame.kind, frame.data) for frame in frames_of(event, MEDIA)]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            CreditsReserved,
            [
                ("job.accepted", {"jobId": JOB, "status": "PENDING", "creditsUsed": 30}),
                ("credits.changed", {"available": 470, "held": 30, "spent": 0}),
            ],
        ),
        (CreditsSettled, [("credits.changed", {"available": 470, "held": 0, "spent": 30})]),
        (CreditsGranted, [("credits.changed", {"available": 500, "held": 0, "spent": 0})]),
        (ItemStarted, [("item.updated", THE_ITEM | {"status": "RUNNING"})]),
        (PredictionCreated, [("item.updated", THE_ITEM | {"status": "PROCESSING"})]),
        (ItemCompleted, [("item.updated", DONE)]),
        (ItemFinished, [("item.updated", DONE), ("job.updated", {"jobId": JOB, "status": "RUNNING"} | COUNTS)]),
        (
            JobFinished,
            [
                (
                    "job.finished",
                    {"jobId": JOB, "productId": "mug-blue", "productName": "Blue mug", "status": "DONE"}
                    | COUNTS
                    | {"completedImages": 2},
                )
            ],
        ),
    ],
)
def test_what_is_told_of(kind: type[Event], expected: list[tuple[str, dict[str, Any]]]) -> None:
    assert told(EXAMPLES[kind]) == expected


@pytest.mark.parametrize("status", ["FAILED", "CANCELED"])
def test_an_item_that_ended_without_a_picture_says_why(status: str) -> None:
    event = EXAMPLES[ItemFinished].model_copy(update={"status": status, "error": "The studio refused this picture."})
    item, job = told(event)
    assert item == ("item.updated", THE_ITEM | {"status": status, "error": "The studio refused this picture."})
    assert job[0] == "job.updated"


def test_an_item_that_ended_before_its_keys_were_told_is_counted_alone() -> None:
    event = EXAMPLES[ItemFinished].model_copy(update={"result_key": None, "thumbnail_key": None})
    assert [kind for kind, _ in told(event)] == ["job.updated"]


def test_without_a_media_address_pictures_are_relative_to_the_page() -> None:
    (frame,) = frames_of(EXAMPLES[ItemCompleted], "")
    assert frame.data["optimizedImageUrl"] == f"/media/results/{DIGEST}.jpg"


@pytest.mark.parametrize("kind", [JobRequested, ItemRequested, CreditsRejected, AttemptFailed])
def test_what_concerns_nobody_is_not_told(kind: type[Event]) -> None:
    assert told(EXAMPLES[kind]) == []
    assert kind not in TOLD


def test_what_operators_read_of_a_failure_is_in_no_frame() -> None:
    changes = {"status": "FAILED", "error": "It failed.", "detail": "status 422 at 10.2.0.7"}
    failed = EXAMPLES[ItemFinished].model_copy(update=changes)
    assert any(data.get("error") == "It failed." for _, data in told(failed))
    assert "10.2.0.7" not in str(told(failed))


OLD_WORDS = "The studio could not be reached (ConnectionRefusedError: [Errno 111] ('10.2.0.7', 443))."


def test_what_older_versions_heard_from_outside_is_in_no_frame() -> None:
    failed = {"status": "FAILED", "error": OLD_WORDS}
    for kind in (ItemFinished, JobFinished):
        wire = EXAMPLES[kind].model_copy(update=failed).to_json()
        frames = told(kind.model_validate_json(wire))
        assert [data["error"] for _, data in frames if "error" in data] == ["The studio could not be reached."]
