"""The envelope: CloudEvents 1.0 in Kafka's binary mode, there and back."""

from datetime import datetime, timedelta, timezone

import pytest
from darkroom_contracts.envelope import Envelope, MalformedEnvelope, header_texts, read_event, utc_text, wrap
from darkroom_contracts.event import Event
from darkroom_contracts.examples import EXAMPLES
from darkroom_contracts.jobs import JobRequested
from hypothesis import given
from hypothesis import strategies as st

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
NINE_IN_VIENNA = datetime(2026, 1, 15, 9, 30, 0, 123_999, tzinfo=timezone(timedelta(hours=1)))

MINIMAL = {"ce_specversion": "1.0", "ce_id": "1", "ce_type": "darkroom.JobRequested.v1", "ce_source": "/services/jobs-api"}


def as_bytes(headers: dict[str, str]) -> list[tuple[str, bytes]]:
    return [(name, value.encode()) for name, value in headers.items()]


def test_header_bytes_are_those_of_the_kafka_binding() -> None:
    envelope = Envelope(
        id="0193f4a2-7c1e-7d7b-9a55-0a8f5c1d2e3f",
        type="darkroom.JobRequested.v1",
        source="/services/jobs-api",
        subject="jobs/1042",
        time="2026-01-15T08:30:00.123Z",
        dataschema="/contracts/schemas/darkroom.JobRequested.v1.json",
        correlation_id="1042",
        causation_id="0193f4a2-0000-7000-8000-000000000000",
        sequence=17,
        traceparent=TRACEPARENT,
    )
    assert dict(as_bytes(envelope.headers())) == {
        "ce_specversion": b"1.0",
        "ce_id": b"0193f4a2-7c1e-7d7b-9a55-0a8f5c1d2e3f",
        "ce_type": b"darkroom.JobRequested.v1",
        "ce_source": b"/services/jobs-api",
        "ce_subject": b"jobs/1042",
        "ce_time": b"2026-01-15T08:30:00.123Z",
        "ce_dataschema": b"/contracts/schemas/darkroom.JobRequested.v1.json",
        "content-type": b"application/json",
        "ce_correlationid": b"1042",
        "ce_causationid": b"0193f4a2-0000-7000-8000-000000000000",
        "ce_sequence": b"17",
        "traceparent": TRACEPARENT.encode(),
    }


@pytest.mark.parametrize("event", EXAMPLES.values(), ids=lambda event: event.type_name())
def test_an_event_comes_back_as_it_was_sent(event: Event) -> None:
    sent = wrap(event, source="/services/test", now=NINE_IN_VIENNA, traceparent=TRACEPARENT)
    received = Envelope.from_headers(header_texts(as_bytes(sent.headers())))
    assert received == sent
    assert read_event(received, event.to_json()) == event


def test_time_is_utc_with_milliseconds() -> None:
    assert utc_text(NINE_IN_VIENNA) == "2026-01-15T08:30:00.123Z"


def test_an_effect_continues_its_causes_story() -> None:
    job = EXAMPLES[JobRequested]
    cause = wrap(job, source="/services/jobs-api", now=NINE_IN_VIENNA, traceparent=TRACEPARENT)
    effect = wrap(job, source="/services/credits", now=NINE_IN_VIENNA, cause=cause)
    assert (effect.causation_id, effect.correlation_id, effect.traceparent) == (cause.id, "1042", TRACEPARENT)
    assert effect.id != cause.id


@pytest.mark.parametrize("name", MINIMAL)
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_required_header_is_named(name: str, value: str | None) -> None:
    headers = {key: text for key, text in MINIMAL.items() if key != name} | ({} if value is None else {name: value})
    with pytest.raises(MalformedEnvelope, match=name):
        Envelope.from_headers(headers)


def test_another_version_of_cloudevents_is_refused() -> None:
    with pytest.raises(MalformedEnvelope, match="specversion"):
        Envelope.from_headers(MINIMAL | {"ce_specversion": "0.3"})


@pytest.mark.parametrize("value", [b"\xff\xfe", None])
def test_a_header_that_is_no_text_is_refused(value: bytes | None) -> None:
    with pytest.raises(MalformedEnvelope, match="UTF-8"):
        header_texts([("ce_id", value)])  # type: ignore[list-item]  # Kafka allows a header without a value


@pytest.mark.parametrize("sequence", ["", "x", "-1", "1.5", "²", "9" * 5000])
def test_a_sequence_that_is_no_number_is_left_out(sequence: str) -> None:
    assert Envelope.from_headers(MINIMAL | {"ce_sequence": sequence}).sequence is None


texts = st.text(st.characters(codec="utf-8"), max_size=50)
envelopes = st.builds(
    Envelope,
    id=texts.filter(bool),
    type=texts.filter(bool),
    source=texts.filter(bool),
    subject=texts,
    time=texts,
    dataschema=texts,
    correlation_id=st.none() | texts,
    causation_id=st.none() | texts,
    sequence=st.none() | st.integers(min_value=0, max_value=2**63 - 1),
    traceparent=st.none() | texts,
)


@given(envelopes)
def test_any_envelope_survives_its_headers(envelope: Envelope) -> None:
    assert Envelope.from_headers(header_texts(as_bytes(envelope.headers()))) == envelope


@given(st.dictionaries(st.sampled_from([*MINIMAL, "ce_sequence", "ce_time", "traceparent"]), texts))
def test_any_headers_are_read_or_refused(headers: dict[str, str]) -> None:
    if any(not headers.get(name) for name in MINIMAL) or headers["ce_specversion"] != "1.0":
        with pytest.raises(MalformedEnvelope, match="ce_"):
            Envelope.from_headers(headers)
    else:
        assert Envelope.from_headers(headers).id == headers["ce_id"]
