"""Bad input: each rule is named with its field, and nothing has changed."""

import json
from typing import Any

import pytest
from support.jobs_api import JOBS, JobsApi, picture, request_body

LONG_URL = "http://127.0.0.1:9/" + "x" * 2048

BAD_BODIES: list[tuple[str, Any, list[tuple[str, str]]]] = [
    ("no field at all", {}, [("productId", "is required"), ("productName", "is required"), ("images", "is required")]),
    ("an array", [], [("body", "must be a JSON object")]),
    ("an unknown field", request_body(instanceId="other"), [("instanceId", "is not a known field")]),
    ("an unknown field of an image", request_body(images=[picture(1, url="x")]), [("images[0].url", "is not a known field")]),
    ("an empty product", request_body(productId=" "), [("productId", "must not be empty")]),
    ("a long product name", request_body(productName="n" * 201), [("productName", "must have at most 200 characters")]),
    ("a number as product", request_body(productId=7), [("productId", "must be a text")]),
    ("an invisible prompt", request_body(images=[picture(1, prompt="\u200b\u2060\ufeff")]), [("images[0].prompt", "visible")]),
    ("an invisible name", request_body(productName="\u2800\u3164"), [("productName", "must have a visible character")]),
    ("no images", request_body(images=[]), [("images", "must hold 1 to 10 images, not 0")]),
    ("eleven images", request_body(11), [("images", "must hold 1 to 10 images, not 11")]),
    ("images that are none", request_body(images="all"), [("images", "must be a list")]),
    ("an image that is none", request_body(images=[3]), [("images[0]", "must be an object")]),
    ("an empty prompt", request_body(images=[picture(1, prompt=" \n ")]), [("images[0].prompt", "must not be empty")]),
    (
        "a long prompt",
        request_body(images=[picture(1), picture(2, prompt="p" * 2001)]),
        [("images[1].prompt", "must have at most 2000 characters")],
    ),
    (
        "no prompt",
        request_body(images=[{"imageId": "1", "imageUrl": "http://127.0.0.1:9/"}]),
        [("images[0].prompt", "is required")],
    ),
    (
        "NUL in a prompt",
        request_body(images=[picture(1, prompt="a\0b")]),
        [("images[0].prompt", "must not contain the character U+0000")],
    ),
    ("NUL in a name", request_body(productName="a\0"), [("productName", "must not contain the character U+0000")]),
    ("NUL in an address", request_body(images=[picture(1, imageUrl="http://a/\0")]), [("images[0].imageUrl", "U+0000")]),
    ("an empty image id", request_body(images=[picture(1, imageId="")]), [("images[0].imageId", "must not be empty")]),
    (
        "the same image twice",
        request_body(images=[picture(1), picture(2), picture(1)]),
        [("images[2].imageId", "must be unique: images[0] has the same")],
    ),
    (
        "no address",
        request_body(images=[picture(1, imageUrl="")]),
        [("images[0].imageUrl", "must begin with https:// or http://")],
    ),
    ("a file", request_body(images=[picture(1, imageUrl="file:///etc/passwd")]), [("images[0].imageUrl", "must begin with")]),
    ("credentials", request_body(images=[picture(1, imageUrl="http://u:p@127.0.0.1:9/")]), [("images[0].imageUrl", "password")]),
    ("a private address", request_body(images=[picture(1, imageUrl="http://10.0.0.1/")]), [("images[0].imageUrl", "")]),
    ("loopback elsewhere", request_body(images=[picture(1, imageUrl="http://127.0.0.1:10/")]), [("images[0].imageUrl", "")]),
    ("loopback by name", request_body(images=[picture(1, imageUrl="http://localhost/")]), [("images[0].imageUrl", "")]),
    ("metadata", request_body(images=[picture(1, imageUrl="http://169.254.169.254/")]), [("images[0].imageUrl", "")]),
    ("mapped loopback", request_body(images=[picture(1, imageUrl="http://[::ffff:127.0.0.1]/")]), [("images[0].imageUrl", "")]),
    ("a long address", request_body(images=[picture(1, imageUrl=LONG_URL)]), [("images[0].imageUrl", "at most 2048 characters")]),
    (
        "a wrong ratio",
        request_body(options={"aspectRatio": "7:5"}),
        [("options.aspectRatio", "one of match_input_image, 1:1")],
    ),
    ("a wrong format", request_body(options={"outputFormat": "gif"}), [("options.outputFormat", "must be one of jpg, png")]),
    ("a wrong quality", request_body(options={"quality": "best"}), [("options.quality", "must be one of standard")]),
    ("a quality that would change nothing", request_body(options={"quality": "high"}), [("options.quality", "must be one of")]),
    ("an unknown option", request_body(options={"seed": "1"}), [("options.seed", "is not a known field")]),
    (
        "everything at once",
        request_body(productId="", images=[picture(1, prompt=""), picture(1, imageUrl="ftp://a")], options={"quality": "x"}),
        [
            ("productId", "must not be empty"),
            ("images[0].prompt", "must not be empty"),
            ("options.quality", "must be one of"),
            ("images[1].imageId", "must be unique"),
            ("images[1].imageUrl", "must begin with"),
        ],
    ),
]


@pytest.mark.parametrize(("body", "rules"), [pytest.param(body, rules, id=name) for name, body, rules in BAD_BODIES])
async def test_a_broken_rule_is_named_with_its_field_and_changes_nothing(
    jobs_api: JobsApi, body: Any, rules: list[tuple[str, str]]
) -> None:
    shop = jobs_api.shop()
    before = await jobs_api.counts(shop)
    answer = await shop.submit(body, key="refused")
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "/problems/invalid-input"
    assert [error["field"] for error in problem["errors"]] == [field for field, _ in rules]
    for error, (_, rule) in zip(problem["errors"], rules, strict=True):
        assert rule in error["rule"]
        assert error["rule"] in problem["detail"]
    assert await jobs_api.counts(shop) == before


ENTRIES = 330_000
BAD_BYTES = [
    ("a megabyte of images", b'{"images":[' + b",".join([b"{}"] * ENTRIES) + b"]}", "application/json", 400),
    ("a megabyte of fields", b"{" + b",".join(b'"%x":0' % field for field in range(90_000)) + b"}", "application/json", 400),
    ("not JSON", b"{", "application/json", 400),
    ("nothing", b"", "application/json", 400),
    ("not UTF-8", b'{"productId": "\xff"}', "application/json", 400),
    ("a lone surrogate", rb'{"productId": "\ud800"}', "application/json", 400),
    ("a lone surrogate as a field", rb'{"\udfff": 1}', "application/json", 400),
    ("deeper than any request", b'{"a":' * 5000 + b"1" + b"}" * 5000, "application/json", 400),
    ("not a number", b'{"productId": NaN}', "application/json", 400),
    ("a form", b"productId=1", "application/x-www-form-urlencoded", 415),
    ("JSON called text", json.dumps(request_body()).encode(), "text/plain", 415),
    ("another encoding", json.dumps(request_body()).encode("utf-16"), "application/json; charset=utf-16", 415),
    ("more than a megabyte", json.dumps(request_body(productName="n" * 1_048_576)).encode(), "application/json", 413),
]


@pytest.mark.parametrize(("content", "kind", "status"), [pytest.param(*case[1:], id=case[0]) for case in BAD_BYTES])
@pytest.mark.parametrize("path", [JOBS, "/api/quote"])
async def test_what_is_no_json_request_is_refused(jobs_api: JobsApi, path: str, content: bytes, kind: str, status: int) -> None:
    shop = jobs_api.shop()
    before = await jobs_api.counts(shop)
    answer = await shop.client.post(path, content=content, headers=shop.headers | {"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    if b"images" in content[:20]:
        rule = f"must hold 1 to 10 images, not {ENTRIES}"
        assert answer.json()["errors"] == [{"field": "images", "rule": rule}]
    assert await jobs_api.counts(shop) == before


async def test_a_body_that_hides_its_length_is_stopped_at_the_limit(jobs_api: JobsApi) -> None:
    shop = jobs_api.shop()
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while sent < 50_000_000:
            sent += 65_536
            yield b" " * 65_536

    answer = await shop.client.post(JOBS, content=endless(), headers=shop.headers | {"Content-Type": "application/json"})
    assert answer.status_code == 413


@pytest.mark.parametrize("path", [JOBS, "/api/quote"])
async def test_without_a_token_the_answer_is_401_whatever_the_body(jobs_api: JobsApi, path: str) -> None:
    answer = await jobs_api.client.post(path, content=b"{")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("key", ['"', "", "a b", '"a\\"', "k" * 256, '"' + "k" * 256 + '"', "ключ".encode().decode("latin-1")])
async def test_a_malformed_idempotency_key_is_refused(jobs_api: JobsApi, key: str) -> None:
    shop = jobs_api.shop()
    before = await jobs_api.counts(shop)
    headers = {name.encode(): value.encode() for name, value in shop.headers.items()}
    answer = await shop.client.post(
        JOBS, json=request_body(), headers=[*headers.items(), (b"Idempotency-Key", key.encode("latin-1"))]
    )
    assert answer.status_code == 400, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == ["Idempotency-Key"]
    assert await jobs_api.counts(shop) == before
