"""The official `replicate` client works with nothing but its base address changed."""

import io
from collections.abc import Iterator

import pytest
from replicate.client import Client
from replicate.exceptions import ModelError, ReplicateError
from replicate.webhook import InvalidSignatureError, Webhooks, WebhookSigningSecret
from support.running_sandbox import RunningSandbox, WebhookReceiver

MODEL = "google/nano-banana"
INPUT = {"prompt": "white background"}


@pytest.fixture
def client(sandbox: RunningSandbox) -> Iterator[Client]:
    sandbox.set(image="instant", seconds=0.2)
    made = Client(api_token="r8_official_bbbb", base_url=sandbox.replicate)
    yield made
    made._client.close()  # the library has no public way to close its connections


def test_a_prediction_is_created_followed_and_found_in_the_list(client: Client) -> None:
    created = client.predictions.create(version=MODEL, input=INPUT)
    seen = [created.status]
    created.wait()
    seen.append(created.status)
    assert seen == ["starting", "succeeded"]
    assert client.predictions.get(created.id).output == created.output
    assert created.id in [listed.id for listed in client.predictions.list().results]


def test_a_model_is_run_and_waited_for_in_one_call(client: Client) -> None:
    done = client.models.predictions.create(MODEL, input=INPUT, wait=10)
    assert done.status == "succeeded"
    assert done.metrics is not None
    assert str(client.run(MODEL, input=INPUT, use_file_output=False)).endswith("/output.jpg")


def test_a_cancelled_prediction_stays_cancelled(client: Client, sandbox: RunningSandbox) -> None:
    sandbox.set(seconds=30)
    prediction = client.models.predictions.create(MODEL, input=INPUT)
    prediction.cancel()
    assert prediction.status == "canceled"
    assert client.predictions.cancel(prediction.id).status == "canceled"


def test_a_failed_run_raises_with_the_vendors_error(client: Client, sandbox: RunningSandbox) -> None:
    sandbox.set(failRate=1)
    with pytest.raises(ModelError, match="E005"):
        client.run(MODEL, input=INPUT)


def test_a_refused_creation_raises_with_its_status(client: Client) -> None:
    with pytest.raises(ReplicateError) as caught:
        client.models.predictions.create(MODEL, input={"prompt": "x", "aspect_ratio": "7:3"})
    assert caught.value.status == 422


def test_a_file_is_uploaded_read_and_deleted(client: Client) -> None:
    made = client.files.create(io.BytesIO(b"picture"), filename="a.png", metadata={"k": "v"})
    assert (made.name, made.size, made.content_type, made.metadata) == ("a.png", 7, "image/png", {"k": "v"})
    assert client.files.get(made.id).checksums["md5"] == "5456fc54c74a297ce994998c2873b370"
    assert made.id in [file.id for file in client.files.list()]
    assert client.files.delete(made.id)
    with pytest.raises(ReplicateError):
        client.files.get(made.id)


def test_the_clients_own_validator_accepts_our_signatures(client: Client, receiver: WebhookReceiver) -> None:
    secret = client.webhooks.default.secret()
    client.models.predictions.create(MODEL, input=INPUT, webhook=receiver.url, webhook_events_filter=["completed"])
    webhook = receiver.wait_for(1)[0]
    Webhooks.validate(headers=webhook.headers, body=webhook.body, secret=secret, tolerance=60)
    with pytest.raises(InvalidSignatureError):
        Webhooks.validate(headers=webhook.headers, body=webhook.body + " ", secret=secret)
    other = WebhookSigningSecret(key="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    with pytest.raises(InvalidSignatureError):
        Webhooks.validate(headers=webhook.headers, body=webhook.body, secret=other)
