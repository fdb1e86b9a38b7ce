"""The development key is for a platform that only its own machine reaches and that spends nothing."""

from typing import Any

import pytest
from darkroom_credits.settings import CreditsSettings
from darkroom_jobs_api.settings import JobsApiSettings
from darkroom_notifier.settings import NotifierSettings
from darkroom_poller.settings import PollerSettings
from darkroom_predictor.settings import PredictorSettings
from darkroom_servicekit.development import (
    DEVELOPMENT_KEY,
    DEVELOPMENT_WEBHOOK_SECRET,
    VENDORS,
    is_loopback,
    why_not_development,
)
from darkroom_servicekit.settings import ServiceSettings, read_settings
from pydantic import Field, ValidationError

OWN = "a-key-of-our-own-0123456789"


class SomeSettings(ServiceSettings):
    """A service that calls a provider."""

    kafka_bootstrap_servers: str = "k:1"
    database_url: str = "postgresql://d"
    redis_url: str = "redis://r"
    replicate_api_tokens: str = ""
    replicate_base_url: str = "https://api.replicate.com"
    stripe_webhook_secret: str | None = Field(default=None)


def some(**given: Any) -> SomeSettings:
    return SomeSettings(**given)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8400", "https://localhost", "https://darkroom.localhost:1", "http://[::1]:8400", "http://127.9.9.9"]
)
def test_loopback_is_this_machine(url: str) -> None:
    assert is_loopback(url)


@pytest.mark.parametrize(
    "url",
    ["https://tunnel.example", "http://10.0.0.1", "http://192.168.1.7", "http://0.0.0.0", "http://127.0.0.1.nip.io", "",
     "http://localhost.example", "http://127.0.0.1@tunnel.example", "http://[", "localhost"],
)  # fmt: skip
def test_everything_else_is_not(url: str) -> None:
    assert not is_loopback(url)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"public_url": "http://127.0.0.1:8400"},
        {
            "public_url": "https://darkroom.localhost",
            "replicate_api_tokens": "r8_x",
            "replicate_base_url": "https://127.0.0.1:1/r",
        },
    ],
)
@pytest.mark.parametrize("name", ["wix_app_secret", "jwt_secret"])
def test_in_development_the_key_is_good(given: dict[str, Any], name: str) -> None:
    some(**given, **{name: DEVELOPMENT_KEY})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"public_url": "https://tunnel.example"}, "DARKROOM_PUBLIC_URL"),
        ({"replicate_api_tokens": "r8_x"}, "DARKROOM_REPLICATE_API_TOKENS"),
        ({"public_url": "http://localhost", "replicate_api_tokens": "r8_x"}, "Replicate is a real vendor"),
    ],
)
@pytest.mark.parametrize("key", [DEVELOPMENT_KEY, f"{OWN}, {DEVELOPMENT_KEY}"])
@pytest.mark.parametrize("name", ["wix_app_secret", "jwt_secret"])
def test_in_bad_company_it_is_refused_and_a_key_of_ones_own_is_not(
    given: dict[str, Any], words: str, key: str, name: str
) -> None:
    with pytest.raises(ValidationError, match=words) as refused:
        some(**given, **{name: key})
    assert f"DARKROOM_{name.upper()}" in str(refused.value)
    some(**given, **{name: OWN})


@pytest.mark.parametrize(
    ("vendor", "real", "sandbox"),
    [
        ("Replicate", {"replicate_api_tokens": "r8_x"}, {"replicate_base_url": "http://127.0.0.1:1/replicate"}),
        ("Gemini", {"gemini_api_key": "k"}, {"gemini_base_url": "http://localhost:1/gemini"}),
        ("Stripe", {"stripe_api_key": "sk_live_x"}, {"stripe_base_url": "http://127.0.0.1:1/stripe"}),
        ("SendGrid", {"sendgrid_api_key": "SG.x"}, {"sendgrid_base_url": "http://127.0.0.1:1/sendgrid"}),
        ("Twilio", {"twilio_account_sid": "AC1"}, {"twilio_base_url": "http://[::1]:1/twilio"}),
        ("SMTP", {"smtp_url": "smtps://u:p@mail.example:465"}, {"smtp_url": "smtp://127.0.0.1:2525"}),
    ],
)
def test_every_vendor_that_is_signed_in_to_is_a_real_one_unless_its_address_is_on_loopback(
    vendor: str, real: dict[str, str], sandbox: dict[str, str]
) -> None:
    assert f"{vendor} is a real vendor" in (why_not_development(real) or "")
    elsewhere = {name: "https://vendor.example" for name in sandbox if name != "smtp_url"}
    assert f"{vendor} is a real vendor" in (why_not_development(real | elsewhere) or "")
    assert why_not_development(real | sandbox) is None


@pytest.mark.parametrize("settings", [CreditsSettings, JobsApiSettings, NotifierSettings, PollerSettings, PredictorSettings])
def test_no_setting_that_signs_in_to_a_vendor_is_unknown_to_the_rule(settings: type[ServiceSettings]) -> None:
    signs_in = {name for name in settings.model_fields if name.endswith(("_api_key", "_api_tokens", "_account_sid", "smtp_url"))}
    assert signs_in <= {credential for _, credential, _ in VENDORS}
    assert {address for _, credential, address in VENDORS if credential in signs_in} <= set(settings.model_fields)


def test_the_sandboxs_webhook_secret_is_as_well_known() -> None:
    with pytest.raises(ValidationError, match="DARKROOM_STRIPE_WEBHOOK_SECRET"):
        some(public_url="https://tunnel.example", stripe_webhook_secret=DEVELOPMENT_WEBHOOK_SECRET)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://keys.example", "keys.example", "https://a:b@keys.example/k", "https://"]
)
def test_a_key_set_is_fetched_by_http_alone(url: str) -> None:
    with pytest.raises(ValidationError, match="jwt_jwks_url"):
        some(jwt_jwks_url=url)


@pytest.mark.parametrize("secret", [",", "abc,def", f"{OWN},short", ",".join(f"{OWN}{n}" for n in range(11))])
def test_secrets_that_cannot_be_a_list_are_refused(secret: str) -> None:
    with pytest.raises(ValidationError, match="jwt_secret"):
        some(jwt_secret=secret)


def test_a_process_with_wrong_settings_ends_with_their_names_and_no_values(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DARKROOM_JWT_SECRET", DEVELOPMENT_KEY)
    monkeypatch.setenv("DARKROOM_PUBLIC_URL", "https://tunnel.example")
    with pytest.raises(SystemExit) as ended:
        read_settings(SomeSettings)
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert "DARKROOM_JWT_SECRET: the development key is known to everyone" in said
    assert DEVELOPMENT_KEY not in said
