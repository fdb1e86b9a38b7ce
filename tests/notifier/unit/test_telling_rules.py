"""What people are told, when a message is tried again, and what a report changes: worked out by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from darkroom_contracts.credits import CreditsGranted, CreditsRejected
from darkroom_contracts.envelope import Envelope, wrap
from darkroom_contracts.event import Event
from darkroom_contracts.examples import EXAMPLES, JOB
from darkroom_contracts.jobs import ItemFinished, JobFinished
from darkroom_notifier.channels.door import SendFailed, TryAgain
from darkroom_notifier.inbox.kinds import KINDS, Notification, notification_of
from darkroom_notifier.inbox.paging import Page, cursor_of, read_page
from darkroom_notifier.messages.rules import DELAYS, delay_before_retry, masked, pace
from darkroom_notifier.people.phone_numbers import BadAddress, read_countries, read_phone
from darkroom_notifier.people.preferences import Person, read_email
from darkroom_notifier.webhooks.reports import STATUSES, latest
from darkroom_servicekit.stages import Received
from hypothesis import given
from hypothesis import strategies as st

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def told_of(event: Event, cause: Envelope | None = None) -> Notification | None:
    return notification_of(Received(event, wrap(event, source="/t", now=NOW, cause=cause)))


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"status": "DONE"}, "job.done"),
        ({"status": "FAILED", "error": "The studio refused this picture."}, "job.failed"),
        ({"status": "CANCELED"}, "job.canceled"),
    ],
)
def test_how_a_job_ended_is_told(changes: dict[str, Any], kind: str) -> None:
    found = told_of(EXAMPLES[JobFinished].model_copy(update=changes))
    assert found is not None
    assert (found.told.kind, found.job_id, found.told.by_message) == (kind, JOB, True)
    assert found.told.data["productName"] == "Blue mug"
    assert found.told.data.get("error") == changes.get("error")


def test_what_older_versions_heard_from_outside_is_in_no_notification() -> None:
    heard = "The studio refused this picture (status 422: - input.image: 'http://10.2.0.7/1.jpg' is no image)."
    wire = EXAMPLES[JobFinished].model_copy(update={"status": "FAILED", "error": heard}).to_json()
    found = told_of(JobFinished.model_validate_json(wire))
    assert found is not None
    assert found.told.data["error"] == "The studio refused this picture."


def test_a_job_refused_for_its_credits_is_told_by_the_refusal_alone() -> None:
    assert told_of(EXAMPLES[JobFinished].model_copy(update={"status": "FAILED", "error": "insufficient-credits"})) is None
    refused = told_of(EXAMPLES[CreditsRejected])
    assert refused is not None
    assert (refused.told.kind, refused.told.data) == ("credits.rejected", {"needed": 30, "available": 10})


def test_an_end_that_an_operator_has_told_again_is_no_news_for_people() -> None:
    assert told_of(EXAMPLES[JobFinished].model_copy(update={"told_again": True})) is None


@pytest.mark.parametrize(("after_ms", "by_message"), [(1_900, False), (2_100, True)])
def test_a_refusal_is_a_message_only_if_nobody_waited_for_it(after_ms: int, by_message: bool) -> None:
    asked_ms = int((NOW - timedelta(milliseconds=after_ms)).timestamp() * 1000)
    cause_id = f"{asked_ms:012x}70008000000000000000"
    cause = Envelope(id=cause_id, type="", source="", subject="", time="", dataschema="")
    found = told_of(EXAMPLES[CreditsRejected], cause)
    assert found is not None
    assert found.told.by_message is by_message


def test_the_same_event_gives_the_same_notification() -> None:
    received = Received(EXAMPLES[CreditsGranted], wrap(EXAMPLES[CreditsGranted], source="/t", now=NOW))
    assert notification_of(received) == notification_of(received)
    other = told_of(EXAMPLES[CreditsGranted])
    first = notification_of(received)
    assert first is not None
    assert other is not None
    assert first.id != other.id


def test_what_is_not_worth_it_is_not_told() -> None:
    assert told_of(EXAMPLES[ItemFinished]) is None


def test_defaults_are_email_for_what_one_waits_for_and_never_sms() -> None:
    nobody = Person()
    assert [kind for kind in KINDS if nobody.wants("email", kind)] == ["job.done", "job.failed", "credits.rejected"]
    assert not any(nobody.wants("sms", kind) for kind in KINDS)
    assert all(nobody.wants("websocket", kind) for kind in KINDS)
    assert Person(chosen={("sms", "job.done"): True}).wants("sms", "job.done")


@pytest.mark.parametrize("text", ["Anna@Shop.example", "a.b+c@mail.shop.test"])
def test_addresses_that_are_good(text: str) -> None:
    assert read_email(text).partition("@")[2] == text.partition("@")[2].lower()


@pytest.mark.parametrize("text", ["", "anna", "anna@", "@shop.example", "a b@shop.example", "a@b", f"{'a' * 300}@shop.example"])
def test_addresses_that_are_not(text: str) -> None:
    with pytest.raises(BadAddress):
        read_email(text)


def test_a_number_may_be_written_with_spaces_but_needs_its_country() -> None:
    assert read_phone("+49 (151) 123-45678") == "+4915112345678"
    for text in ("", "015112345678", "+0151123456", "+49", "+491511234567890123", "+49151x2345678", "+4915112345678 ext 5"):
        with pytest.raises(BadAddress, match="with its country code"):
            read_phone(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("+49 (0) 151 2345678", "+491512345678"),
        ("+49 0151 12345678", "+4915112345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("+39 06 6982 1234", "+390669821234"),  # in Italy the zero is part of the number
        ("+1 (500) 555-0006", "+15005550006"),
    ],
)
def test_the_zero_that_is_dialled_within_a_country_is_not_kept(text: str, number: str) -> None:
    assert read_phone(text) == number


def test_a_zero_that_cannot_belong_to_a_number_is_refused() -> None:
    with pytest.raises(BadAddress, match="with its country code"):
        read_phone("+44 0207946")


@pytest.mark.parametrize(
    "text", ["+49 900 1234567", "+1 900 555 1234", "+44 871 234 5678", "+44 70 1234 5678", "+979 123 456 789"]
)
def test_a_number_that_costs_extra_is_refused(text: str) -> None:
    with pytest.raises(BadAddress, match="costs extra"):
        read_phone(text)


def test_sms_go_to_the_countries_of_the_installation() -> None:
    countries = read_countries("de, US")
    assert read_phone("+4915112345678", countries) == "+4915112345678"
    assert read_phone("+15551234567", countries) == "+15551234567", "of no plan, but of a country code that is allowed"
    for text in ("+447911123456", "+18765551234", "+88213123456"):  # Jamaica shares +1 with the US
        with pytest.raises(BadAddress, match="sends no SMS to"):
            read_phone(text, countries)
    with pytest.raises(ValueError, match="XX"):
        read_countries("DE,XX")


@given(attempts=st.integers(1, 10_000), jitter=st.floats(0, 1), again=st.sampled_from(["soon", "later", "unknown"]))
def test_delays_grow_within_bounds(attempts: int, jitter: float, again: TryAgain) -> None:
    delay = delay_before_retry(SendFailed("x", "x", again=again), attempts=attempts, jitter=jitter)
    assert delay is not None
    assert 1.0 <= delay <= DELAYS[again][2]


def test_a_message_is_tried_for_as_long_as_its_age_allows() -> None:
    assert delay_before_retry(SendFailed("x", "x", again="soon"), attempts=300, jitter=1.0) == 900.0


def test_an_unknown_outcome_makes_few_copies_in_three_days() -> None:
    silent = SendFailed("vendor-silent", "x", again="unknown")
    at, copies = 0.0, 1
    while at < 72 * 3600:
        at += delay_before_retry(silent, attempts=copies, jitter=1.0) or 0.0
        copies += 1
    assert copies <= 12


def test_a_vendors_own_wish_counts_and_what_is_hopeless_ends() -> None:
    busy = SendFailed("x", "x", again="soon", after_seconds=120.0)
    assert delay_before_retry(busy, attempts=1, jitter=0.0) == 120.0
    assert delay_before_retry(SendFailed("x", "x", again="soon"), attempts=3, jitter=1.0) == 8.0
    assert delay_before_retry(SendFailed("x", "x", again="never"), attempts=1, jitter=0.0) is None


def test_a_vendors_pace_is_even() -> None:
    fast, slow = pace("a", 600), pace("b", 10)
    assert (fast.requests, fast.seconds) == (10, 1)
    assert (slow.requests, slow.seconds) == (1, 6)


def test_logs_know_an_address_only_by_its_edges() -> None:
    assert masked("anna.smith@shop.example") == "a…@s…"
    assert masked("+4915112345678") == "+49…78"


@given(st.lists(st.sampled_from(STATUSES), min_size=1))
def test_a_late_report_never_takes_the_place_of_an_end(reports: list[str]) -> None:
    status: str | None = None
    for report in reports:
        status = latest(status, report)
    if "delivered" in reports:
        assert status not in {"processed", "deferred", "sent"}


def test_the_list_is_asked_for_strictly() -> None:
    assert read_page(None, None, None) == Page(20, None, False)
    assert read_page("100", cursor_of(77), "true") == Page(100, 77, True)
    for limit, cursor, unread in (("0", "zzz", "maybe"), ("101", "", "1"), ("x", "bjE6", "TRUE")):
        broken = read_page(limit, cursor, unread)
        assert isinstance(broken, list)
        assert [error.field for error in broken] == ["limit", "cursor", "unread"]
