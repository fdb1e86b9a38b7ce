"""The terms of the product's row: which picture of an output is taken, and what it may be."""

from collections.abc import AsyncIterator

import pytest
from darkroom_contracts.items import ItemCompleted, PredictionFailed
from darkroom_contracts.jobs import OutputTerms
from support.pictures import picture
from support.poller_world import Attempt, World, shared_world
from support.stack import StackAddresses

WAYS = ("webhook", "early webhook", "poll", "answered at once")
BLIND = {"expected_seconds": 0.2, "webhook_expected": False}


@pytest.fixture(scope="module")
async def world(parts: StackAddresses, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with shared_world(parts, tmp_path_factory.mktemp("storage")) as made:
        yield made


async def deliver(world: World, attempt: Attempt, output: object, *, way: str, terms: OutputTerms) -> None:
    """Let the poller hear of an output and of its terms in one of WAYS."""
    if way == "answered at once":
        await world.file(attempt, output=output, output_terms=terms)
        return
    prediction = world.double.end(attempt.prediction_id, output=output)
    if way == "early webhook":
        await world.webhook(attempt, prediction)
        await world.file(attempt, output_terms=terms)
    elif way == "webhook":
        await world.file(attempt, output_terms=terms)
        await world.webhook(attempt, prediction)
    else:
        await world.file(attempt, output_terms=terms, **BLIND)


def two_pictures(world: World, attempt: Attempt) -> dict[str, object]:
    """An output that names a picture and its mask."""
    files = world.double.files
    files[f"{attempt.prediction_id}-mask"], files[f"{attempt.prediction_id}-image"] = picture(seed=1), picture(seed=2)
    address = f"{world.double.url}/files/{attempt.prediction_id}"
    return {"mask": {"url": f"{address}-mask"}, "images": [{"url": f"{address}-image", "width": 64}]}


@pytest.mark.parametrize("way", WAYS)
async def test_the_pointer_names_the_picture_of_several(world: World, way: str) -> None:
    attempt = world.attempt()
    await deliver(world, attempt, two_pictures(world, attempt), way=way, terms=OutputTerms(pointer="/images"))
    event = await world.event(attempt)
    assert isinstance(event, ItemCompleted)
    assert (world.storage / event.result.key).read_bytes() == picture(seed=2)


@pytest.mark.parametrize("way", WAYS)
async def test_a_pointer_that_finds_nothing_ends_without_cost_and_says_so(world: World, way: str) -> None:
    attempt = world.attempt()
    await deliver(world, attempt, two_pictures(world, attempt), way=way, terms=OutputTerms(pointer="/images/1"))
    event = await world.event(attempt)
    assert isinstance(event, PredictionFailed)
    assert (event.code, event.fault, event.retryable) == ("output-unusable", "platform", False)
    assert '"/images/1"' in (event.detail or "")
    assert "/images/1" not in event.message
