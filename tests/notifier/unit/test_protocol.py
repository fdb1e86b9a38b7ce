"""What is said on a socket: accepted, or refused with the code of the contract."""

import json

import pytest
from darkroom_notifier.pace import Pace
from darkroom_notifier.protocol import (
    Closing,
    Connect,
    Position,
    Renewal,
    connected_message,
    frame_body,
    frame_message,
    read_message,
)
from hypothesis import given
from hypothesis import strategies as st


def test_connect_with_and_without_a_position() -> None:
    assert read_message('{"type":"connect","token":"t"}') == Connect("t", None)
    assert read_message('{"type":"connect","token":"t","position":null}') == Connect("t", None)
    with_position = '{"type":"connect","token":"t","position":{"epoch":"e","offset":123}}'
    assert read_message(with_position) == Connect("t", Position("e", 123))


def test_connect_may_leave_the_token_to_the_cookie() -> None:
    assert read_message('{"type":"connect"}') == Connect(None, None)


def test_a_new_token() -> None:
    assert read_message('{"type":"token","token":"t"}') == Renewal("t")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "x",
        "[]",
        "null",
        "{}",
        '{"type":"connect","token":7}',
        '{"type":"subscribe","token":"t"}',
        '{"type":"connect","token":"t","position":{}}',
        '{"type":"connect","token":"t","position":"e"}',
        '{"type":"connect","token":"t","position":{"epoch":"e","offset":-1}}',
        '{"type":"connect","token":"t","position":{"epoch":"e","offset":true}}',
        '{"type":"connect","token":"t","position":{"epoch":"e","offset":1.5}}',
        '{"type":"connect","token":"t","position":{"epoch":"e","offset":9007199254740992}}',
        json.dumps({"type": "connect", "token": "t", "position": {"epoch": "e" * 65, "offset": 1}}),
        json.dumps({"type": "connect", "token": "t" * 4096}),
        json.dumps({"type": "connect", "token": "ü" * 2100}, ensure_ascii=False),
        "[" * 4000,
    ],
)
def test_malformed_or_too_large_is_4400(text: str | None) -> None:
    with pytest.raises(Closing) as refused:
        read_message(text)
    assert refused.value.code.value == 4400


@given(st.text(max_size=200) | st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_whatever_comes_is_read_or_refused(text: str) -> None:
    with pytest.raises(Closing):
        read_message(text)


def test_a_frame_is_one_line_of_json_with_its_offset() -> None:
    body = frame_body("item.updated", "2026-01-15T09:30:00.123Z", {"error": 'a "line"\nand another', "ü": [1]})
    message = frame_message(124, body)
    assert "\n" not in message
    assert json.loads(message) == {
        "type": "event",
        "offset": 124,
        "event": "item.updated",
        "at": "2026-01-15T09:30:00.123Z",
        "data": {"error": 'a "line"\nand another', "ü": [1]},
    }


def test_the_answer_to_connect() -> None:
    answer = json.loads(connected_message(Position("e", 123), recovered=True))
    assert answer == {"type": "connected", "epoch": "e", "offset": 123, "recovered": True}


def test_twenty_messages_in_a_second_and_no_more() -> None:
    pace = Pace()
    assert all(pace.admits(0.01 * number) for number in range(20))
    assert not pace.admits(0.999)
    assert pace.admits(1.0)
    assert not pace.admits(1.005)
    assert pace.admits(1.01)
