"""What the simulated Replicate does wrong when it is told to: statuses that lie, lists that lag, other outputs and formats."""

import base64
import io
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import cv2
import httpx
import numpy as np
import pytest
from darkroom_sandbox.replicate import faults
from PIL import Image
from support.running_sandbox import RunningSandbox

CREATE = "/models/google/nano-banana/predictions"
INPUT = {"prompt": "white background"}
AT_ONCE = {"prefer": "wait"}
INSTANT_SIZE = (512, 512)


@pytest.fixture(autouse=True)
def instant(sandbox: RunningSandbox) -> None:
    sandbox.set(image="instant", seconds=0, createSeconds=0)


@pytest.fixture
def listed(sandbox: RunningSandbox) -> Iterator[httpx.Client]:
    """A client of an account whose list holds what the test made, and nothing else."""
    headers = {"authorization": f"Bearer r8_{uuid4().hex}"}
    with httpx.Client(base_url=f"{sandbox.replicate}/v1", headers=headers, timeout=60) as client:
        yield client


@pytest.mark.parametrize("status", [500, 503, 504])
def test_a_status_lies_about_a_prediction_that_was_made(api: httpx.Client, sandbox: RunningSandbox, status: int) -> None:
    sandbox.set(createStatusRate={str(status): 1})
    answer = api.post(CREATE, json={"input": INPUT})
    call = sandbox.calls(kind="create")[0]
    assert (answer.status_code, call["status"], call["lost"]) == (status, status, True)
    assert "id" not in answer.json()
    assert api.get(f"/predictions/{call['id']}").json()["status"] == "succeeded"


def test_statuses_are_replaced_as_a_whole(api: httpx.Client, sandbox: RunningSandbox) -> None:
    sandbox.set(createStatusRate={"503": 1})
    sandbox.set(createStatusRate={})
    assert api.post(CREATE, json={"input": INPUT}).status_code == 201
    assert sandbox.calls(kind="create")[0]["lost"] is False


def test_each_status_has_its_share() -> None:
    random.seed(1)
    drawn = [faults.drawn_status({"503": 0.1, "504": 0.2}) for _ in range(10_000)]
    assert {status: round(drawn.count(status) / 10_000, 1) for status in (503, 504, None)} == {503: 0.1, 504: 0.2, None: 0.7}


def test_a_prediction_appears_late_in_lists_and_at_once_by_its_id(listed: httpx.Client, sandbox: RunningSandbox) -> None:
    sandbox.set(listLagSeconds=3600)
    made = listed.post(CREATE, json={"input": INPUT}).json()
    while_young = listed.get("/predictions").json()["results"]
    looked_up = listed.get(f"/predictions/{made['id']}")
    sandbox.set(listLagSeconds=0)
    assert while_young == []
    assert looked_up.status_code == 200
    assert [one["id"] for one in listed.get("/predictions").json()["results"]] == [made["id"]]


def test_a_fresh_prediction_is_not_found_for_a_while(api: httpx.Client, sandbox: RunningSandbox) -> None:
    sandbox.set(lookUp404Rate=1, lookUp404Seconds=3600)
    made = api.post(CREATE, json={"input": INPUT}).json()
    fresh = api.get(f"/predictions/{made['id']}")
    listed = api.get("/predictions").json()["results"][0]["id"]
    sandbox.set(lookUp404Seconds=0)
    assert (fresh.status_code, listed) == (404, made["id"])
    assert api.get(f"/predictions/{made['id']}").status_code == 200


@pytest.mark.parametrize("echoed", [True, False])
def test_lists_show_webhooks_or_do_not(listed: httpx.Client, sandbox: RunningSandbox, echoed: bool) -> None:
    sandbox.set(listEchoesWebhook=echoed)
    body = {"input": INPUT, "webhook": "http://127.0.0.1:9/w", "webhook_events_filter": ["completed"]}
    made = listed.post(CREATE, json=body).json()
    shown = listed.get("/predictions").json()["results"][0]
    assert ("webhook" in shown, "webhook_events_filter" in shown) == (echoed, echoed)
    assert listed.get(f"/predictions/{made['id']}").json()["webhook"] == "http://127.0.0.1:9/w"


def test_one_page_of_a_list_fails(listed: httpx.Client, sandbox: RunningSandbox) -> None:
    sandbox.set(listFailPage=2, limitPerMinute=1000)
    for _ in range(101):
        listed.post(CREATE, json={"input": INPUT}).raise_for_status()
    first = listed.get("/predictions")
    second = listed.get(first.json()["next"])
    sandbox.set(listFailPage=None)
    assert (first.status_code, second.status_code) == (200, 500)
    mended = listed.get(first.json()["next"]).json()
    assert len(mended["results"]) == 1
    sandbox.set(listFailPage=1)
    assert listed.get(mended["previous"]).status_code == 500


def test_lists_are_bounded_by_time(listed: httpx.Client) -> None:
    made = [listed.post(CREATE, json={"input": INPUT}).json() for _ in range(3)]
    middle = datetime.fromisoformat(made[1]["created_at"])
    elsewhere = middle.astimezone(tz=None).isoformat()
    inclusive = listed.get(f"/predictions?created_after={elsewhere}").json()["results"]
    exclusive = listed.get("/predictions", params={"created_before": made[1]["created_at"]}).json()["results"]
    between = listed.get(
        "/predictions",
        params={"created_after": made[1]["created_at"], "created_before": (middle + timedelta(microseconds=1)).isoformat()},
    ).json()["results"]
    assert [one["id"] for one in inclusive] == [made[2]["id"], made[1]["id"]]
    assert [one["id"] for one in exclusive] == [made[0]["id"]]
    assert [one["id"] for one in between] == [made[1]["id"]]
    assert listed.get("/predictions", params={"created_before": "soon"}).json()["invalid_fields"][0]["field"] == "created_before"


def test_unknown_input_is_refused_or_ignored(api: httpx.Client, sandbox: RunningSandbox) -> None:
    refused = api.post(CREATE, json={"input": INPUT | {"quality": "high"}})
    sandbox.set(rejectUnknownInput=False)
    taken = api.post(CREATE, json={"input": INPUT | {"quality": "high"}})
    assert (refused.status_code, refused.json()["invalid_fields"][0]["type"]) == (422, "additional_property_not_allowed")
    assert (taken.status_code, taken.json()["input"]["quality"]) == (201, "high")
    assert api.post(CREATE, json={"input": {"quality": "high"}}).status_code == 422, "what is required stays required"


def test_outputs_come_in_every_shape(api: httpx.Client, sandbox: RunningSandbox) -> None:
    outputs: dict[str, Any] = {}
    for shape in ("address", "list", "dict", "data"):
        sandbox.set(output=shape)
        outputs[shape] = api.post(CREATE, json={"input": INPUT}, headers=AT_ONCE).json()["output"]
    assert outputs["address"].startswith(f"{sandbox.replicate}/delivery/")
    assert httpx.get(outputs["list"][0]).status_code == 200
    assert list(outputs["dict"]) == ["image"]
    assert httpx.get(outputs["dict"]["image"]).status_code == 200
    sandbox.set(output="list", listLength=3)
    several = api.post(CREATE, json={"input": INPUT}, headers=AT_ONCE).json()["output"]
    assert len(set(several)) == 3
    assert all(httpx.get(address).status_code == 200 for address in several)
    head, _, content = outputs["data"].partition(",")
    assert head == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(content))).size == INSTANT_SIZE


@pytest.mark.parametrize(
    ("output_format", "media_type", "kind", "mode"),
    [
        ("jpg", "image/jpeg", "JPEG", "RGB"),
        ("png", "image/png", "PNG", "RGB"),
        ("gray16", "image/png", "PNG", "I;16"),
        ("webp", "image/webp", "WEBP", "RGB"),
        ("avif", "image/avif", "AVIF", "RGB"),
        ("tiff", "image/tiff", "TIFF", "RGB"),
        ("cmyk", "image/jpeg", "JPEG", "CMYK"),
        ("animated", "image/webp", "WEBP", "RGBA"),
    ],
)  # fmt: skip
def test_pictures_come_in_every_format(
    api: httpx.Client, sandbox: RunningSandbox, output_format: str, media_type: str, kind: str, mode: str
) -> None:
    sandbox.set(outputFormat=output_format)
    answer = httpx.get(api.post(CREATE, json={"input": INPUT}, headers=AT_ONCE).json()["output"])
    picture = Image.open(io.BytesIO(answer.content))
    assert answer.headers["content-type"] == media_type
    assert (picture.format, picture.mode, picture.size) == (kind, mode, INSTANT_SIZE)
    assert getattr(picture, "n_frames", 1) == (3 if output_format == "animated" else 1)


def test_sixteen_bit_colour_and_heic_which_pillow_cannot_read(api: httpx.Client, sandbox: RunningSandbox) -> None:
    sandbox.set(outputFormat="png16")
    deep = httpx.get(api.post(CREATE, json={"input": INPUT}, headers=AT_ONCE).json()["output"])
    sandbox.set(outputFormat="heic")
    heic = httpx.get(api.post(CREATE, json={"input": INPUT}, headers=AT_ONCE).json()["output"])
    pixels = cv2.imdecode(np.frombuffer(deep.content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels is not None
    assert (str(pixels.dtype), pixels.shape) == ("uint16", (512, 512, 3))
    assert heic.headers["content-type"] == "image/heic"
    assert heic.content[4:12] == b"ftypheic"


@pytest.mark.parametrize("kind", ["gzip", "wrongType", "noLength", "cut", "empty", "page", "redirect"])
def test_the_first_download_goes_oddly_and_the_second_well(api: httpx.Client, sandbox: RunningSandbox, kind: str) -> None:
    sandbox.set(firstDownload=kind)
    address = api.post(CREATE, json={"input": INPUT}, headers=AT_ONCE).json()["output"]
    first, second = httpx.get(address), httpx.get(address)
    assert (second.status_code, second.headers["content-type"]) == (200, "image/jpeg")
    whole = second.content
    told = {
        "gzip": (200, "gzip", whole),
        "wrongType": (200, None, whole),
        "noLength": (200, None, whole),
        "cut": (200, None, whole[: len(whole) // 2]),
        "empty": (200, None, b""),
        "redirect": (302, None, b""),
    }
    if kind == "page":
        assert (first.status_code, first.content[:9]) == (200, b"<!doctype")
    else:
        assert (first.status_code, first.headers.get("content-encoding"), first.content) == told[kind]
    assert ("content-length" in first.headers) is (kind not in ("noLength", "cut"))
    assert (first.headers.get("content-type") == "image/jpeg") is (kind not in ("wrongType", "page", "redirect"))


@pytest.mark.parametrize("kind", ["iTXt", "zTXt", "junkExif", "wrongChecksum"])
def test_a_png_carries_odd_metadata(api: httpx.Client, sandbox: RunningSandbox, kind: str) -> None:
    sandbox.set(outputFormat="png")
    plain = httpx.get(api.post(CREATE, json={"input": INPUT}, headers=AT_ONCE).json()["output"]).content
    sandbox.set(outputMetadata=kind)
    odd = httpx.get(api.post(CREATE, json={"input": INPUT}, headers=AT_ONCE).json()["output"]).content
    chunk = {"iTXt": b"iTXt", "zTXt": b"zTXt", "junkExif": b"eXIf", "wrongChecksum": b"tEXt"}[kind]
    assert (plain[:33], plain[33:]) == (odd[:33], odd[33 + len(odd) - len(plain) :])
    assert odd[37:41] == chunk


def test_a_painted_picture_is_converted_too(api: httpx.Client, sandbox: RunningSandbox) -> None:
    sandbox.set(image="real", outputFormat="webp")
    made = api.post(CREATE, json={"input": INPUT}, headers=AT_ONCE).json()
    assert made["output"].endswith(".webp")
    assert Image.open(io.BytesIO(httpx.get(made["output"]).content)).format == "WEBP"


def test_a_creation_answers_inline_with_megabytes(api: httpx.Client, sandbox: RunningSandbox) -> None:
    sandbox.set(image="real", answersAtOnce=True, output="data", outputFormat="tiff")
    answer = api.post(CREATE, json={"input": INPUT})
    assert (answer.status_code, answer.json()["status"]) == (201, "succeeded")
    assert "preference-applied" not in answer.headers
    # An uncompressed TIFF of 1,024 by 1,024 pixels at three bytes each, four characters for three bytes.
    assert len(answer.content) > 1_024 * 1_024 * 4


def test_creations_take_their_time_in_turn(api: httpx.Client, sandbox: RunningSandbox) -> None:
    sandbox.set(createSecondsInTurn=[0, 0.3])
    calls = []
    for _ in range(3):
        made = api.post(CREATE, json={"input": INPUT}).json()
        calls.append(datetime.fromisoformat(made["created_at"]).timestamp())
    arrived = [call["at"] for call in sandbox.calls(kind="create")]
    took = [made - at for made, at in zip(calls, arrived, strict=True)]
    assert took[1] >= 0.299, "timers tick in milliseconds"
    assert min(took[0], took[2]) < 0.3
