"""The control doors."""

import httpx
import pytest
from support.running_sandbox import RunningSandbox

CREATE = "/models/google/nano-banana/predictions"
DEFAULTS = {
    "seconds": {"min": 2, "max": 4},
    "failRate": 0,
    "transientRate": 0,
    "transientPrompt": "",
    "createSeconds": 0.02,
    "createSecondsInTurn": None,
    "lostAnswerRate": 0,
    "createStatusRate": {"503": 0, "504": 0},
    "answersAtOnce": False,
    "answersInTwo": False,
    "limitPerMinute": 500,
    "credit": "enough",
    "webhook": {"loseRate": 0, "repeatRate": 0, "delaySeconds": 0, "shuffle": False},
    "lookUp404Rate": 0,
    "lookUp404Seconds": 30,
    "listLagSeconds": 0,
    "listEchoesWebhook": True,
    "listFailPage": None,
    "outputKeptSeconds": 3600,
    "image": "real",
    "output": "address",
    "listLength": 1,
    "outputFormat": None,
    "outputMetadata": "none",
    "firstDownload": "good",
    "outputUrl": None,
    "rejectUnknownInput": True,
}


def test_options_are_shown_changed_in_part_and_reset(sandbox: RunningSandbox) -> None:
    url = f"{sandbox.url}/sandbox/replicate"
    assert httpx.get(url).json() == DEFAULTS
    changed = httpx.put(url, json={"seconds": {"max": 9}, "webhook": {"shuffle": True}}).json()
    assert changed["seconds"] == {"min": 2, "max": 9}
    assert changed["webhook"] == {"loseRate": 0, "repeatRate": 0, "delaySeconds": 0, "shuffle": True}
    assert httpx.put(url, json={"seconds": 0}).json()["seconds"] == {"min": 0, "max": 0}
    assert httpx.post(f"{sandbox.url}/sandbox/reset").status_code == 204
    assert httpx.get(url).json() == DEFAULTS


def test_what_each_option_may_be_set_to_is_told_by_vendor(sandbox: RunningSandbox) -> None:
    schemas = httpx.get(f"{sandbox.url}/sandbox/schemas").json()
    assert set(schemas) == {"replicate", "stripe", "sendgrid", "twilio"}
    for vendor, schema in schemas.items():
        assert schema["properties"].keys() == httpx.get(f"{sandbox.url}/sandbox/{vendor}").json().keys()
    assert schemas["replicate"]["properties"]["credit"]["enum"] == ["enough", "low", "none"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"second": 3}, "second"),
        ({"failRate": 1.5}, "failRate"),
        ({"failRate": "0.5"}, "failRate"),
        ({"seconds": {"min": 5, "max": 1}}, "seconds"),
        ({"webhook": {"loseRate": -1}}, "webhook.loseRate"),
        ({"image": "fast"}, "image"),
        ({"limitPerMinute": 1.5}, "limitPerMinute"),
        ({"credit": "plenty"}, "credit"),
        ({"outputUrl": "ftp://x"}, "outputUrl"),
        ({"output": "picture"}, "output"),
        ({"outputFormat": "bmp"}, "outputFormat"),
        ({"createStatusRate": {"503": 0.6, "504": 0.6}}, "createStatusRate"),
        ({"createStatusRate": {"503": 2}}, "createStatusRate.503"),
        ({"listFailPage": 0}, "listFailPage"),
        ({"createSecondsInTurn": []}, "createSecondsInTurn"),
    ],
)
def test_a_wrong_option_is_named_and_nothing_changes(sandbox: RunningSandbox, changes: dict[str, object], field: str) -> None:
    answer = httpx.put(f"{sandbox.url}/sandbox/replicate", json=changes | {"createSeconds": 7})
    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert httpx.get(f"{sandbox.url}/sandbox/replicate").json() == DEFAULTS


def test_all_that_is_under_way_can_be_let_end_at_once(api: httpx.Client, sandbox: RunningSandbox) -> None:
    sandbox.set(image="instant", seconds=3600)
    finish = f"{sandbox.url}/sandbox/replicate/finish"
    httpx.post(finish).raise_for_status()  # what other tests have left under way
    made = [api.post(CREATE, json={"input": {"prompt": "x"}}).json()["id"] for _ in range(2)]
    assert [api.get(f"/predictions/{one}").json()["status"] for one in made] == ["starting", "starting"]
    assert httpx.post(finish).json() == {"finished": 2}
    assert [api.get(f"/predictions/{one}").json()["status"] for one in made] == ["succeeded", "succeeded"]
    assert httpx.post(finish).json() == {"finished": 0}


def test_calls_tell_what_arrived_and_how_it_stands(api: httpx.Client, sandbox: RunningSandbox) -> None:
    sandbox.set(image="instant", seconds=0)
    picture = "data:image/png;base64," + "A" * 5_000
    body = {"input": {"prompt": "x", "image_input": [picture]}, "webhook": "http://127.0.0.1:9/w?t=1"}
    made = api.post(CREATE, json=body, headers={"prefer": "wait"}).json()
    api.get(f"/predictions/{made['id']}")
    answer = httpx.get(f"{sandbox.url}/sandbox/calls", params={"vendor": "replicate"}).json()
    create, get = answer["calls"]
    assert get["seq"] == create["seq"] + 1 == answer["next"]
    assert create["at"] < get["at"]
    shown = create.pop("input")
    del create["at"], create["seq"]
    assert create == {
        "vendor": "replicate", "kind": "create", "account": "aaaa", "id": made["id"], "status": 201,
        "state": "succeeded", "webhook": "http://127.0.0.1:9/w?t=1", "lost": False,
    }  # fmt: skip
    assert shown["prompt"] == "x"
    assert len(shown["image_input"][0]) < 200
    assert (get["kind"], get["id"], get["status"]) == ("get", made["id"], 200)
    assert sandbox.calls(after=answer["next"]) == []
    assert [call["kind"] for call in sandbox.calls(kind="get")] == ["get"]


def test_rates_are_the_most_in_any_window(api: httpx.Client, sandbox: RunningSandbox) -> None:
    sandbox.set(image="instant", seconds=0)
    for _ in range(5):
        api.post(CREATE, json={"input": {"prompt": "x"}})
    query: dict[str, str | float] = {"vendor": "replicate", "kind": "create", "window": 60}
    assert httpx.get(f"{sandbox.url}/sandbox/rates", params=query).json() == {"max": 5}
    assert httpx.get(f"{sandbox.url}/sandbox/rates", params=query | {"kind": "get"}).json() == {"max": 0}
    assert httpx.get(f"{sandbox.url}/sandbox/rates", params=query | {"window": 0.001}).json() == {"max": 1}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_go_where_they_are_told(sandbox: RunningSandbox, status: int) -> None:
    to = "http://169.254.169.254/latest/?a=1&b=2"
    answer = httpx.get(f"{sandbox.url}/sandbox/redirect", params={"status": status, "to": to})
    assert (answer.status_code, answer.headers["location"]) == (status, to)


def test_a_redirect_is_one(sandbox: RunningSandbox) -> None:
    assert httpx.get(f"{sandbox.url}/sandbox/redirect", params={"status": 200, "to": "http://a"}).status_code == 422


def test_every_option_is_documented(sandbox: RunningSandbox) -> None:
    schemas = httpx.get(f"{sandbox.url}/openapi.json").json()["components"]["schemas"]
    options = schemas["ReplicateOptions"]["properties"]
    assert options.keys() == DEFAULTS.keys()
    assert [name for name, about in options.items() if "description" not in about and "$ref" not in about] == []
    put = httpx.get(f"{sandbox.url}/openapi.json").json()["paths"]["/sandbox/replicate"]["put"]
    assert put["requestBody"]["content"]["application/json"]["schema"]["$ref"] == "#/components/schemas/ReplicateOptions"


def test_it_is_healthy_and_documented(sandbox: RunningSandbox) -> None:
    for path in ("/healthz", "/readyz", "/docs", "/openapi.json"):
        assert httpx.get(sandbox.url + path).status_code == 200
