"""Predictions through HTTP: strictness, headers, waiting, deadlines, pages, retention."""

import math
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from support.running_sandbox import RunningSandbox

CREATE = "/models/google/nano-banana/predictions"
INPUT = {"prompt": "white background"}


@pytest.fixture(autouse=True)
def instant(sandbox: RunningSandbox) -> None:
    sandbox.set(image="instant", seconds=0)


def test_a_creation_is_answered_as_the_vendor_answers(api: httpx.Client, sandbox: RunningSandbox) -> None:
    answer = api.post(CREATE, json={"input": INPUT})
    made = answer.json()
    assert answer.status_code == 201
    assert len(made["id"]) == 26
    assert made["id"].isalnum()
    assert answer.headers["location"] == made["urls"]["get"] == f"{sandbox.replicate}/v1/predictions/{made['id']}"
    assert answer.headers["ratelimit-remaining"] == "499"
    assert answer.headers["ratelimit-reset"] == "1"
    assert (made["status"], made["version"], made["output"]) == ("starting", "hidden", None)
    assert (made["input"], made["source"], made["data_removed"]) == (INPUT, "api", False)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({}, ("required", "", "input is required")),
        ({"input": INPUT, "model": "x"}, ("additional_property_not_allowed", "", "Additional property model is not allowed")),
        ({"input": {}}, ("required", "input", "prompt is required")),
        ({"input": {"prompt": 3}}, ("invalid_type", "input.prompt", "Invalid type. Expected: string, given: integer")),
        ({"input": INPUT | {"seed": 1}}, ("additional_property_not_allowed", "input", "Additional property seed is not allowed")),
        ({"input": INPUT | {"image_input": ["ftp://a/b"]}}, ("format", "input.image_input.0", "Does not match format 'uri'")),
        ({"input": INPUT, "webhook": "mailto:a@b"}, ("format", "webhook", "Does not match format 'uri'")),
        (
            {"input": INPUT | {"output_format": "gif"}},
            ("enum", "input.output_format", 'input.output_format must be one of the following: "jpg", "png"'),
        ),
    ],
)  # fmt: skip
def test_a_wrong_body_is_refused_and_nothing_is_made(
    api: httpx.Client, sandbox: RunningSandbox, body: dict[str, object], fault: tuple[str, str, str]
) -> None:
    answer = api.post(CREATE, json=body)
    kind, field, description = fault
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["invalid_fields"] == [{"type": kind, "field": field, "description": description}]
    assert description in answer.json()["detail"]
    assert sandbox.calls(kind="create")[0]["id"] is None


def test_the_version_names_the_model_where_the_path_does_not(api: httpx.Client) -> None:
    assert api.post("/predictions", json={"version": "google/nano-banana", "input": INPUT}).status_code == 201
    unknown = api.post("/predictions", json={"version": "a" * 64, "input": INPUT})
    assert (unknown.status_code, unknown.json()["title"]) == (422, "Invalid version or not permitted")
    assert "version is required" in api.post("/predictions", json={"input": INPUT}).json()["detail"]
    assert api.post("/models/nobody/nothing/predictions", json={"input": INPUT}).status_code == 404
    assert api.post(CREATE, content=b"{").status_code == 400


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer invalid-key", "Basic abc"])
def test_a_bad_key_is_401(sandbox: RunningSandbox, header: str) -> None:
    url = f"{sandbox.replicate}/v1/account"
    answer = httpx.get(url, headers={"authorization": header} if header else {})
    assert (answer.status_code, answer.json()["title"]) == (401, "Unauthenticated")
    assert "ratelimit-remaining" not in answer.headers


def test_another_accounts_prediction_is_not_found(api: httpx.Client) -> None:
    url = api.post(CREATE, json={"input": INPUT}).json()["urls"]["get"]
    stranger = {"authorization": "Bearer r8_zzzz"}
    assert api.get(url).status_code == 200
    assert api.get(url, headers=stranger).status_code == 404
    assert api.post(f"{url}/cancel", headers=stranger).status_code == 404
    assert api.get("/predictions", headers=stranger).json()["results"] == []


def test_beyond_the_limit_creations_are_refused_per_account(api: httpx.Client, sandbox: RunningSandbox) -> None:
    sandbox.set(limitPerMinute=3)
    statuses = [api.post(CREATE, json={"input": INPUT}).status_code for _ in range(3)]
    refused = api.post(CREATE, json={"input": INPUT})
    other = api.post(CREATE, json={"input": INPUT}, headers={"authorization": "Bearer r8_cccc"})
    assert statuses == [201, 201, 201]
    assert refused.status_code == 429
    assert refused.json()["retry_after"] == int(refused.headers["retry-after"])
    assert other.status_code == 201
    calls = sandbox.calls(kind="create", account="aaaa")
    assert len(calls) == 4
    free_at = calls[0]["at"] + 60  # when the first is a minute old
    assert refused.json()["retry_after"] == math.ceil(free_at - calls[3]["at"])


def test_an_account_short_of_credit_is_slowed_and_one_without_is_refused(api: httpx.Client, sandbox: RunningSandbox) -> None:
    headers = {"authorization": "Bearer r8_poor"}
    sandbox.set(credit="low")
    slow = [api.post(CREATE, json={"input": INPUT}, headers=headers) for _ in range(2)]
    sandbox.set(credit="none")
    refused = api.post(CREATE, json={"input": INPUT}, headers=headers)
    looked = api.get("/predictions", headers=headers)
    sandbox.set(credit="enough")
    paid = api.post(CREATE, json={"input": INPUT}, headers=headers)

    assert [answer.status_code for answer in slow] == [201, 429]
    assert int(slow[0].headers["ratelimit-remaining"]) <= 5
    assert "less than $5.0 in credit" in slow[1].json()["detail"]
    assert 1 <= slow[1].json()["retry_after"] <= 10
    assert (refused.status_code, refused.json()["title"]) == (402, "Insufficient credit")
    assert len(looked.json()["results"]) == 1, "what costs nothing is answered"
    assert paid.status_code == 201
    assert int(paid.headers["ratelimit-remaining"]) > 6


def test_waiting_answers_with_the_end_or_when_the_time_is_up(api: httpx.Client, sandbox: RunningSandbox) -> None:
    sandbox.set(seconds=0.3)
    done = api.post(CREATE, json={"input": INPUT}, headers={"prefer": "wait"})
    assert done.headers["preference-applied"] == "wait"
    assert done.json()["status"] == "succeeded"
    assert done.json()["metrics"]["total_time"] >= 0.29  # timers tick in milliseconds
    sandbox.set(seconds=60)
    early = api.post(CREATE, json={"input": INPUT}, headers={"prefer": "wait=1"})
    assert early.headers["preference-applied"] == "wait=1"
    assert early.json()["status"] == "starting"


def test_a_deadline_is_told_and_must_be_a_duration(api: httpx.Client, sandbox: RunningSandbox) -> None:
    sandbox.set(seconds=60)
    made = api.post(CREATE, json={"input": INPUT}, headers={"cancel-after": "1m30s"}).json()
    length = datetime.fromisoformat(made["deadline"]) - datetime.fromisoformat(made["created_at"])
    assert length == timedelta(seconds=90)
    for wrong in ("4", "25h", "soon", "-5"):
        assert api.post(CREATE, json={"input": INPUT}, headers={"cancel-after": wrong}).status_code == 422


def test_past_its_deadline_it_is_aborted_or_cancelled(api: httpx.Client, sandbox: RunningSandbox) -> None:
    sandbox.set(seconds=400)  # starting for 100 s
    first = api.post(CREATE, json={"input": INPUT}, headers={"cancel-after": "5"}).json()
    sandbox.set(seconds=10)  # starting for 2.5 s
    headers = {"cancel-after": "5", "prefer": "wait=60"}
    cancelled = api.post(CREATE, json={"input": INPUT}, headers=headers, timeout=90).json()
    aborted = api.get(f"/predictions/{first['id']}").json()
    assert (aborted["status"], cancelled["status"]) == ("aborted", "canceled")


def test_the_list_is_paged_newest_first(sandbox: RunningSandbox) -> None:
    headers = {"authorization": "Bearer r8_page"}
    with httpx.Client(base_url=f"{sandbox.replicate}/v1", headers=headers) as client:
        sandbox.set(createSeconds=0)
        made = [client.post(CREATE, json={"input": INPUT}).json() for _ in range(230)]
        ids = [prediction["id"] for prediction in reversed(made)]
        pages, url = [], "/predictions"
        while url:
            pages.append(client.get(url).json())
            url = pages[-1]["next"]
        assert [len(page["results"]) for page in pages] == [100, 100, 30]
        assert [result["id"] for page in pages for result in page["results"]] == ids
        back = client.get(pages[2]["previous"]).json()
        assert [result["id"] for result in back["results"]] == ids[100:200]
        since = client.get("/predictions", params={"created_after": made[228]["created_at"]}).json()
        assert [result["id"] for result in since["results"]] == ids[:2]
        before = client.get("/predictions", params={"created_before": made[2]["created_at"]}).json()
        assert [result["id"] for result in before["results"]] == ids[-2:]


def test_the_output_is_served_and_then_gone(api: httpx.Client, sandbox: RunningSandbox) -> None:
    done = api.post(CREATE, json={"input": INPUT}, headers={"prefer": "wait"}).json()
    second = api.post(CREATE, json={"input": INPUT}, headers={"prefer": "wait"}).json()
    picture = httpx.get(done["output"])
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.content.startswith(b"\xff\xd8\xff")
    assert second["output"] != done["output"]
    sandbox.set(outputKeptSeconds=0)
    removed = api.get(done["urls"]["get"]).json()
    assert (removed["status"], removed["output"], removed["input"], removed["data_removed"]) == ("succeeded", None, {}, True)
    assert httpx.get(done["output"]).status_code == 404


def test_failures_are_told_in_the_vendors_codes(api: httpx.Client, sandbox: RunningSandbox) -> None:
    sandbox.set(failRate=1)
    permanent = api.post(CREATE, json={"input": INPUT}, headers={"prefer": "wait"}).json()
    sandbox.set(failRate=0, transientRate=1)
    transient = api.post(CREATE, json={"input": INPUT}, headers={"prefer": "wait"}).json()
    assert (permanent["status"], transient["status"]) == ("failed", "failed")
    assert "(E005)" in permanent["error"]
    assert any(code in transient["error"] for code in ("E6716", "E8765", "E9243", "E1000"))
    sandbox.set(transientRate=0, transientPrompt="cursed")
    statuses = [
        api.post(CREATE, json={"input": INPUT | {"prompt": prompt}}, headers={"prefer": "wait"}).json()["status"]
        for prompt in ("a cursed mug", "a mug")
    ]
    assert statuses == ["failed", "succeeded"]


def test_a_lost_answer_leaves_a_prediction_behind(api: httpx.Client, sandbox: RunningSandbox) -> None:
    sandbox.set(lostAnswerRate=1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        api.post(CREATE, json={"input": INPUT})
    sandbox.set(lostAnswerRate=0)
    call = sandbox.calls(kind="create")[0]
    assert call["lost"] is True
    assert api.get(f"/predictions/{call['id']}").status_code == 200


def test_an_address_can_stand_in_for_the_output(api: httpx.Client, sandbox: RunningSandbox) -> None:
    sandbox.set(outputUrl="data:image/png;base64,AAAA")
    done = api.post(CREATE, json={"input": INPUT}, headers={"prefer": "wait"}).json()
    assert done["output"] == "data:image/png;base64,AAAA"


def test_times_are_utc(api: httpx.Client) -> None:
    made = api.post(CREATE, json={"input": INPUT}).json()
    assert made["created_at"].endswith("Z")
    assert abs(datetime.fromisoformat(made["created_at"]) - datetime.now(UTC)) < timedelta(minutes=10)
