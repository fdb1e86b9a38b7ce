"""Bodies within bounds: whatever is sent, the answer comes at once, is short, and names the field."""

import json
from collections.abc import AsyncIterator

import pytest
from darkroom_servicekit.http import StrictBody
from darkroom_servicekit.problems import ERRORS_MAX, Problem
from darkroom_servicekit.request_body import (
    BODY_BYTES_MAX,
    DEPTH_MAX,
    VALUES_MAX,
    TooManyValues,
    check_bounds,
    parse_object,
    read_body,
    validated,
)
from fastapi import Request
from starlette.types import Message

ANSWER_BYTES_MAX = 200_000


class Line(StrictBody):
    """An entry of the tests' body."""

    item_count: int


class Order(StrictBody):
    """The tests' body."""

    lines: list[Line]


def refused(body: bytes) -> Problem:
    with pytest.raises(Problem) as raised:
        validated(Order, parse_object(body))
    return raised.value


@pytest.mark.parametrize(
    ("body", "field", "rule"),
    [
        (b'{"lines":[' + b",".join([b"{}"] * 330_000) + b"]}", "lines", "must not hold 330000 entries"),
        (b'{"lines":[' + b",".join([b"0"] * 500_000) + b"]}", "lines", "must not hold 500000 entries"),
        (b'{"a":{"b":[' + b",".join([b"[]"] * 300_000) + b"]}}", "a.b", "must not hold 300000 entries"),
        (b"{" + b",".join(b'"%x":0' % number for number in range(100_000)) + b"}", "body", "must not hold 100000 entries"),
        (b'{"a":' * 100 + b"1" + b"}" * 100, "a", "must not be nested more than 20 levels deep"),
        (b'{"a":' + b"[" * 500_000 + b"]" * 500_000 + b"}", "body", "must be JSON: recursion limit exceeded"),
        (b'{"a":' + b"9" * 1_000_000 + b"}", "body", "must be JSON: number out of range"),
        (b'{"lines":"' + b"x" * 1_000_000 + b'"}', "lines", "must be a list"),
        (b'{"lines":[{"itemCount":1,"' + b"x" * 1_000_000 + b'":1}]}', "lines[0].xxx", "is not a known field"),
        (b'{"lines":NaN}', "body", "must be JSON"),
        (b'{"lines":"\\ud800"}', "body", "must be JSON"),
        (b"[]", "body", "must be a JSON object"),
        (b'{"lines":[{"itemCount":1}],"\\u0000":1}', "\\u0000", "must not contain the character U+0000"),
        (b'{"lines":["a","b\\u0000"]}', "lines[1]", "must not contain the character U+0000"),
    ],
)
def test_a_body_beyond_the_bounds_is_refused_by_its_field(body: bytes, field: str, rule: str) -> None:
    problem = refused(body)
    assert problem.status == 400
    [error] = problem.body["errors"]
    assert error["field"].startswith(field)
    assert error["rule"].startswith(rule)
    assert len(json.dumps(problem.body)) < ANSWER_BYTES_MAX


def test_an_answer_names_so_many_broken_rules_at_most() -> None:
    problem = refused(json.dumps({"lines": [{f"field {number}": 0} for number in range(4_000)]}).encode())
    assert len(problem.body["errors"]) == ERRORS_MAX
    assert len(json.dumps(problem.body)) < ANSWER_BYTES_MAX


def test_the_bounds_let_the_largest_good_body_pass() -> None:
    body = {"lines": [{"itemCount": 1}] * (VALUES_MAX // 2 - 1)}
    assert len(validated(Order, parse_object(json.dumps(body).encode())).lines) == VALUES_MAX // 2 - 1
    deep: dict[str, object] = {}
    for _ in range(DEPTH_MAX - 1):
        deep = {"a": deep}
    check_bounds(deep)


def test_a_list_that_its_route_counts_is_left_to_it() -> None:
    body = b'{"images":[' + b",".join([b"{}"] * 330_000) + b"]}"
    assert len(parse_object(body, counted_later={"images"})["images"]) == 330_000
    with pytest.raises(TooManyValues) as raised:
        parse_object(body)
    assert (raised.value.field, raised.value.entries) == ("images", 330_000)


def request_of(chunks: list[bytes], **headers: str) -> tuple[Request, list[int]]:
    """A request whose body arrives in pieces, and how many of them were taken."""
    taken = [0]

    async def pieces() -> AsyncIterator[bytes]:
        for chunk in chunks:
            taken[0] += 1
            yield chunk

    arriving = pieces()

    async def receive() -> Message:
        chunk = await anext(arriving, None)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": sent}, receive), taken


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("text/plain", 415),
        ("", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/json; charset=utf-16", 415),
        ('application/json; charset="UTF-8"', 200),
        ("Application/JSON", 200),
    ],
)
async def test_only_json_in_utf_8_is_read(kind: str, status: int) -> None:
    request, taken = request_of([b'{"lines":[]}'], content_type=kind)
    if status == 200:
        assert await read_body(request, Order) == Order(lines=[])
        return
    with pytest.raises(Problem) as raised:
        await read_body(request, Order)
    assert (raised.value.status, taken) == (status, [0])


@pytest.mark.parametrize("declared", [str(BODY_BYTES_MAX + 1), "9" * 5_000])
async def test_a_body_that_says_it_is_too_large_is_not_read(declared: str) -> None:
    request, taken = request_of([b"{}"], content_type="application/json", content_length=declared)
    with pytest.raises(Problem) as raised:
        await read_body(request, Order)
    assert (raised.value.status, taken) == (413, [0])


async def test_a_body_that_hides_its_length_is_stopped_at_the_bound() -> None:
    request, taken = request_of([b" " * 65_536] * 1_000, content_type="application/json")
    with pytest.raises(Problem) as raised:
        await read_body(request, Order)
    assert (raised.value.status, taken) == (413, [BODY_BYTES_MAX // 65_536 + 1])
