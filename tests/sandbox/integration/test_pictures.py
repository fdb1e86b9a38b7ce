"""Pictures truly worked on, by worker processes, through HTTP."""

import base64
from collections.abc import Callable
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from cv2.typing import MatLike
from support.running_sandbox import RunningSandbox

CREATE = "/models/google/nano-banana/predictions"
PAINTED = {"prefer": "wait=60"}
Paint = Callable[..., httpx.Response]


def red_ball_on_grey() -> MatLike:
    """400 x 300: a red ball in the middle of an uneven grey."""
    slope = np.linspace(120, 170, 400, dtype=np.float32)
    picture = np.repeat(np.repeat(slope[None, :, None], 300, axis=0), 3, axis=2)
    cv2.circle(picture, (200, 150), 70, (40, 40, 200), -1, cv2.LINE_AA)
    return picture.astype(np.uint8)


def as_address(picture: MatLike) -> str:
    return "data:image/png;base64," + base64.b64encode(cv2.imencode(".png", picture)[1].tobytes()).decode()


@pytest.fixture
def paint(api: httpx.Client, sandbox: RunningSandbox) -> Paint:
    sandbox.set(seconds=0)

    def run(address: str | None, **more: str) -> httpx.Response:
        order = {"prompt": "white background", "image_input": [address] if address else []} | more
        return api.post(CREATE, json={"input": order}, headers=PAINTED, timeout=90)

    return run


def result_of(answer: httpx.Response) -> MatLike:
    assert answer.json()["status"] == "succeeded", answer.json()
    content = httpx.get(answer.json()["output"]).content
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return picture


def test_the_subject_stands_before_white(paint: Paint) -> None:
    painted = result_of(paint(as_address(red_ball_on_grey())))
    assert painted.shape == (768, 1024, 3)
    corners = painted[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.min() >= 253
    blue, green, red = painted[384, 512]
    assert red > 150 > blue + 40
    assert green < 120


def test_the_prompt_the_frame_and_the_format_are_heeded(paint: Paint) -> None:
    answer = paint(as_address(red_ball_on_grey()), prompt="on a black background", aspect_ratio="1:1", output_format="png")
    painted = result_of(answer)
    assert answer.json()["output"].endswith(".png")
    assert painted.shape == (1024, 1024, 3)
    assert painted[0, 0].max() < 40


def test_a_picture_uploaded_to_the_files_api_can_be_used(paint: Paint, api: httpx.Client, tmp_path: Path) -> None:
    content = cv2.imencode(".png", red_ball_on_grey())[1].tobytes()
    uploaded = api.post("/files", files={"content": ("ball.png", content, "image/png")}).json()
    assert result_of(paint(uploaded["urls"]["get"])).shape == (768, 1024, 3)


def test_without_a_picture_there_is_an_empty_studio(paint: Paint) -> None:
    assert result_of(paint(None)).min() == 255


@pytest.mark.parametrize("address", ["data:image/png;base64,AAAA", "data:image/png;base64,?", "http://127.0.0.1:9/gone.jpg"])
def test_what_is_no_picture_fails_for_good(paint: Paint, address: str) -> None:
    answer = paint(address).json()
    assert answer["status"] == "failed"
    assert "(E006)" in answer["error"]
    assert answer["output"] is None


def test_a_picture_with_nothing_in_it_is_still_answered(paint: Paint) -> None:
    assert result_of(paint(as_address(np.full((200, 300, 3), 128, np.uint8)))).shape == (683, 1024, 3)
