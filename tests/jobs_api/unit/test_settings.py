"""What is offered on development keys alone."""

import pytest
from darkroom_jobs_api.settings import JobsApiSettings
from darkroom_servicekit.auth import DEVELOPMENT_KEY

OWN = "a-key-of-our-own-0123456789"


@pytest.mark.parametrize(
    ("wix", "jwt", "sandbox", "operator"),
    [
        (DEVELOPMENT_KEY, DEVELOPMENT_KEY, "http://127.0.0.1:1", True),
        (DEVELOPMENT_KEY, OWN, "http://127.0.0.1:1", False),
        (OWN, DEVELOPMENT_KEY, None, False),
        (OWN, OWN, None, False),
        (None, None, None, False),
    ],
)
def test_faults_and_the_operators_sign_in_never_show_with_keys_of_ones_own(
    wix: str | None, jwt: str | None, sandbox: str | None, *, operator: bool
) -> None:
    settings = JobsApiSettings(
        kafka_bootstrap_servers="k:1",
        database_url="postgresql://d",
        redis_url="redis://r",
        storage_url="file:///s",
        sandbox_url="http://127.0.0.1:1",
        wix_app_secret=wix,
        jwt_secret=jwt,
    )
    assert (settings.sandbox(), settings.offers_operator()) == (sandbox, operator)
