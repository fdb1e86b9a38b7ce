"""Stripe's signature by our own check; what the official client signs is the measure."""

from datetime import UTC, datetime

import pytest
import stripe
from darkroom_credits.payments.signature import BadSignature, check_signature

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
BODY = '{"id":"evt_1","text":"gr\u00fc\u00dfe"}'.encode()


def header(secret: str, *, at: float = 0, body: bytes = BODY) -> str:
    seconds = int(NOW.timestamp() + at)
    signed = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, seconds)
    return str(signed)


def reason(given: str | None, *, secrets: tuple[str, ...] = ("whsec_a",), body: bytes = BODY) -> str | None:
    try:
        check_signature(body, given, secrets=secrets, now=NOW)
    except BadSignature as error:
        return error.reason
    return None


def test_what_the_official_client_signs_is_good_with_any_of_our_secrets() -> None:
    assert reason(header("whsec_a")) is None
    assert reason(header("whsec_a"), secrets=("whsec_b", "whsec_a")) is None
    assert reason(header("whsec_a"), secrets=("whsec_a", "whsec_b")) is None


def test_one_of_several_signatures_is_enough_and_other_schemes_do_not_count() -> None:
    good = header("whsec_a")
    seconds, signature = good.split(",")
    assert reason(f"{seconds},v1={'0' * 64},{signature},v0=abc") is None
    assert reason(f"{seconds},v0={signature.removeprefix('v1=')}") == "malformed"


@pytest.mark.parametrize(("at", "said"), [(-300, None), (-301, "old"), (300, None), (301, "old"), (-3 * 86_400, "old")])
def test_a_signature_counts_for_five_minutes(at: float, said: str | None) -> None:
    assert reason(header("whsec_a", at=at)) == said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "missing"),
        ("", "missing"),
        ("nonsense", "malformed"),
        ("t=1", "malformed"),
        ("v1=00", "malformed"),
        ("t=x,v1=00", "malformed"),
        ("t=-5,v1=00", "malformed"),
        ("t=\u0661,v1=00", "malformed"),
        ("t=1,t=2,v1=00", "malformed"),
        ("t=" + "9" * 40 + ",v1=00", "malformed"),
        ("t=1,v1=" + "0" * 5000, "malformed"),
        ("t=1772600767,v1=\u00e9", "forged"),
    ],
)
def test_a_header_of_another_shape_is_refused(given: str | None, said: str) -> None:
    assert reason(given) == said


def test_a_changed_body_time_or_secret_is_forged() -> None:
    good = header("whsec_a")
    assert reason(good, body=BODY + b" ") == "forged"
    assert reason(good.replace(f"t={int(NOW.timestamp())}", f"t={int(NOW.timestamp()) + 1}")) == "forged"
    assert reason(good, secrets=("whsec_b",)) == "forged"
    assert reason(good, secrets=("a",)) == "forged"
