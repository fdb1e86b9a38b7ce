"""The terms of the product's row: which picture of an output is taken, and what it may be."""

import base64
import json
from collections.abc import AsyncIterator

import pytest
from darkroom_contracts.event import Event
from darkroom_contracts.items import ItemCompleted, PredictionFailed
from darkroom_contracts.jobs import OutputTerms
from darkroom_poller import predictions
from support.pictures import noise, picture, png_bomb
from support.poller_world import Attempt, World, shared_world
from support.service import eventually
from support.stack import StackAddresses

WAYS = ("webhook", "early webhook", "poll", "answered at once")
CEILINGS = {"output_bytes_max": 200_000, "output_pixels_max": 2_000_000}
BLIND = {"expected_seconds": 0.2, "webhook_expected": False}


@pytest.fixture(scope="module")
async def world(parts: StackAddresses, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with shared_world(parts, tmp_path_factory.mktemp("storage"), **CEILINGS) as made:
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


def listed(world: World, attempt: Attempt, *pictures: bytes) -> list[str]:
    """An output that is a list of pictures."""
    names = [f"{attempt.prediction_id}-{place}" for place in range(len(pictures))]
    world.double.files.update(zip(names, pictures, strict=True))
    return [f"{world.double.url}/files/{name}" for name in names]


@pytest.mark.parametrize("way", WAYS)
async def test_all_pictures_of_a_list_are_taken_where_the_row_says_so_and_told_again_when_asked(world: World, way: str) -> None:
    attempt, made = world.attempt(), [picture(seed=seed) for seed in (1, 2, 3)]
    terms = OutputTerms(pointer="/images", all=True)
    await deliver(world, attempt, {"images": listed(world, attempt, *made), "seed": 7}, way=way, terms=terms)
    event = await world.event(attempt)
    assert isinstance(event, ItemCompleted)
    told = (event.result, *event.more)
    assert [(world.storage / one.key).read_bytes() for one in told] == made
    assert all((world.storage / one.thumbnail_key).exists() for one in told)

    await world.file(attempt, output_terms=terms)  # somebody asks how it ended
    again = (await world.ends([attempt], count=2))[1].event
    assert isinstance(again, ItemCompleted)
    assert (again.result, *again.more) == told


async def test_each_picture_of_a_list_has_tries_of_its_own_and_what_is_stored_is_not_fetched_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictions, "FETCH_BACKOFF_SECONDS_FIRST", 0.1)
    attempt, made = world.attempt(), [picture(seed=seed) for seed in (1, 2, 3)]
    addresses = listed(world, attempt, *made)
    late = addresses[1].rsplit("/", 1)[1]
    del world.double.files[late]
    await deliver(world, attempt, addresses, way="webhook", terms=OutputTerms(all=True))

    async def second_is_missed() -> bool:
        row = await world.row(attempt)
        return bool(row["gone_attempts"] and len(json.loads(row["pictures"])) == 1)

    await eventually(second_is_missed)
    del world.double.files[addresses[0].rsplit("/", 1)[1]]
    world.double.files[late] = made[1]
    event = await world.event(attempt)
    assert isinstance(event, ItemCompleted)
    assert [(world.storage / one.key).read_bytes() for one in (event.result, *event.more)] == made


@pytest.mark.parametrize("place", [0, 2])
async def test_a_list_with_one_picture_that_cannot_be_used_is_an_output_that_cannot(
    world: World, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    monkeypatch.setattr(predictions, "FETCH_BACKOFF_SECONDS_FIRST", 0.1)
    attempt, made = world.attempt(), [picture(seed=seed) for seed in (1, 2, 3)]
    made[place] = picture(kind="PNG")
    terms = OutputTerms(all=True, kinds=("jpg",))
    await deliver(world, attempt, listed(world, attempt, *made), way="webhook", terms=terms)
    event = await world.event(attempt)
    assert isinstance(event, PredictionFailed)
    assert (event.code, event.fault, event.retryable) == ("output-unusable", "platform", False)
    assert "the format is PNG" in (event.detail or "")
    kept = (world.storage / "unusable" / attempt.attempt_id).read_bytes()
    assert (kept, f"{len(kept)} bytes" in (event.detail or "")) == (made[place], True)


@pytest.mark.parametrize(
    ("terms", "taken"),
    [
        (OutputTerms(pointer="/masks/1"), [2]),
        (OutputTerms(pointer="/masks", all=True), [1, 2]),
        (OutputTerms(pointer="/image"), [0]),
    ],
)
async def test_pictures_that_came_inside_an_answer_are_found_in_the_storage(
    world: World, terms: OutputTerms, taken: list[int]
) -> None:
    attempt, made = world.attempt(), [picture(seed=seed) for seed in (1, 2, 3)]
    keys = {place: f"staged/{attempt.attempt_id}-{number}" for number, place in enumerate(("/image", "/masks/0", "/masks/1"))}
    (world.storage / "staged").mkdir(exist_ok=True)
    for key, data in zip(keys.values(), made, strict=True):
        (world.storage / key).write_bytes(data)
    output = {"image": None, "masks": [None, None]}
    await world.file(attempt, output=output, output_keys=keys, output_terms=terms)
    event = await world.event(attempt)
    assert isinstance(event, ItemCompleted)
    found = [(world.storage / one.key).read_bytes() for one in (event.result, *event.more)]
    assert found == [made[number] for number in taken]


async def test_the_pointer_counts_for_a_single_picture_that_came_inside_the_answer(world: World) -> None:
    attempt = world.attempt()
    key = f"staged/{attempt.attempt_id}"
    (world.storage / "staged").mkdir(exist_ok=True)
    (world.storage / key).write_bytes(picture())
    terms = OutputTerms(pointer="/1")
    await world.file(attempt, output=[None], output_key=key, output_keys={"/0": key}, output_terms=terms)
    assert isinstance(await world.event(attempt), PredictionFailed)


async def test_a_provider_cannot_name_a_picture_in_the_storage(world: World) -> None:
    attempt = world.attempt()
    (world.storage / "staged").mkdir(exist_ok=True)
    (world.storage / "staged" / "foreign").write_bytes(picture())
    await world.file(attempt, output={"image": "stored:staged/foreign"})
    assert isinstance(await world.event(attempt), PredictionFailed)


REFUSED = {
    "kind": (picture(kind="PNG"), OutputTerms(kinds=("jpg", "webp")), "the format is PNG"),
    "bytes": (noise(100, 100), OutputTerms(bytes_max=30_000), "more than 30000 bytes"),
    "pixels": (png_bomb(200, 100), OutputTerms(pixels_max=19_999), "more than 19999 pixels"),
    "bytes beyond the ceiling": (noise(300, 300), OutputTerms(bytes_max=10**12), "more than 200000 bytes"),
    "pixels beyond the ceiling": (png_bomb(2001, 1000), OutputTerms(pixels_max=10**12), "more than 2000000 pixels"),
}


@pytest.mark.parametrize("how", ["fetched", "inline", "stored"])
@pytest.mark.parametrize("name", REFUSED)
async def test_an_output_beyond_the_terms_ends_without_cost_and_says_why(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, how: str
) -> None:
    monkeypatch.setattr(predictions, "FETCH_BACKOFF_SECONDS_FIRST", 0.1)
    data, terms, why = REFUSED[name]
    attempt = world.attempt()
    event = await collected(world, attempt, data, how=how, terms=terms)
    assert isinstance(event, PredictionFailed)
    assert (event.code, event.fault, event.retryable) == ("output-unusable", "platform", False)
    assert why in (event.detail or "")


@pytest.mark.parametrize("how", ["fetched", "inline", "stored"])
async def test_an_output_within_the_terms_is_taken(world: World, how: str) -> None:
    attempt, data = world.attempt(), picture(200, 100, kind="PNG")
    terms = OutputTerms(kinds=("png",), bytes_max=len(data), pixels_max=20_000)
    event = await collected(world, attempt, data, how=how, terms=terms)
    assert isinstance(event, ItemCompleted)
    assert (world.storage / event.result.key).read_bytes() == data


async def collected(world: World, attempt: Attempt, data: bytes, *, how: str, terms: OutputTerms) -> Event:
    """The end of an attempt whose output comes in one of three ways: at an address, inside it, or in our own storage."""
    if how == "stored":
        staged = world.storage / "staged" / attempt.attempt_id
        staged.parent.mkdir(exist_ok=True)
        staged.write_bytes(data)
        await world.file(attempt, output_key=f"staged/{attempt.attempt_id}", output_terms=terms)
        return await world.event(attempt)
    inline = {"output": f"data:image/jpeg;base64,{base64.b64encode(data).decode()}"} if how == "inline" else {}
    await world.file(attempt, output_terms=terms)
    await world.webhook(attempt, world.succeed(attempt, data, **inline))
    return await world.event(attempt)
