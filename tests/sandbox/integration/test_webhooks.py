"""Webhooks as they arrive: which, how often, in what order."""

import json

import httpx
import pytest
from support.running_sandbox import RunningSandbox, WebhookReceiver

CREATE = "/models/google/nano-banana/predictions"


@pytest.fixture(autouse=True)
def instant(sandbox: RunningSandbox) -> None:
    sandbox.set(image="instant", seconds=0)


def create(api: httpx.Client, receiver: WebhookReceiver, *events: str) -> str:
    body = {"input": {"prompt": "x"}, "webhook": receiver.url}
    made = api.post(CREATE, json=body | ({"webhook_events_filter": list(events)} if events else {}))
    assert made.status_code == 201
    return str(made.json()["id"])


def test_all_events_asked_for_arrive_with_the_object_of_get(api: httpx.Client, receiver: WebhookReceiver) -> None:
    made = create(api, receiver, "start", "output", "completed")
    bodies = [json.loads(webhook.body) for webhook in receiver.wait_for(3)]
    assert sorted(body["status"] for body in bodies) == ["processing", "processing", "succeeded"]
    last = next(body for body in bodies if body["status"] == "succeeded")
    assert last == api.get(f"/predictions/{made}").json()
    assert receiver.received[0].path == "/hook?token=t0k"


def test_a_terminal_webhook_is_tried_again_with_the_same_id(api: httpx.Client, receiver: WebhookReceiver) -> None:
    receiver.answers.extend([500, 302])
    create(api, receiver, "completed")
    webhooks = receiver.wait_for(3)
    assert len({webhook.headers["webhook-id"] for webhook in webhooks}) == 1
    assert webhooks[1].at - webhooks[0].at >= 0.9
    assert webhooks[2].at - webhooks[1].at >= 1.9
    assert webhooks[0].headers["webhook-signature"] != webhooks[2].headers["webhook-signature"]


def test_an_intermediate_webhook_is_never_tried_again(api: httpx.Client, receiver: WebhookReceiver) -> None:
    receiver.answers.extend([500])
    create(api, receiver, "start")
    receiver.wait_for(1)
    create(api, receiver, "completed")
    statuses = [json.loads(webhook.body)["status"] for webhook in receiver.wait_for(2)]
    assert statuses == ["processing", "succeeded"]


def test_a_lost_webhook_never_comes(api: httpx.Client, sandbox: RunningSandbox, receiver: WebhookReceiver) -> None:
    sandbox.set(webhook={"loseRate": 1})
    create(api, receiver)
    sandbox.set(webhook={"loseRate": 0})
    kept = create(api, receiver, "completed")
    assert json.loads(receiver.wait_for(1)[0].body)["id"] == kept


def test_a_repeated_webhook_comes_twice_under_one_id(
    api: httpx.Client, sandbox: RunningSandbox, receiver: WebhookReceiver
) -> None:
    sandbox.set(webhook={"repeatRate": 1})
    create(api, receiver, "completed")
    first, second = receiver.wait_for(2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_webhooks_are_delayed_and_shuffled_on_request(
    api: httpx.Client, sandbox: RunningSandbox, receiver: WebhookReceiver
) -> None:
    sandbox.set(webhook={"delaySeconds": 0.5, "shuffle": True}, createSeconds=0)
    made = [create(api, receiver, "completed") for _ in range(20)]
    arrived = [json.loads(webhook.body)["id"] for webhook in receiver.wait_for(20)]
    assert sorted(arrived) == sorted(made)
    assert arrived != made
    call = sandbox.calls(kind="create")[0]
    assert receiver.received[0].at - call["at"] >= 0.49  # timers tick in milliseconds


def test_a_cancelled_prediction_tells_so(api: httpx.Client, sandbox: RunningSandbox, receiver: WebhookReceiver) -> None:
    sandbox.set(seconds=60)
    made = create(api, receiver)
    api.post(f"/predictions/{made}/cancel")
    assert json.loads(receiver.wait_for(1)[0].body)["status"] == "canceled"
