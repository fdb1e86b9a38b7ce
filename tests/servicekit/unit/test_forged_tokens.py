"""More than eighty ways of forging a token, none of which gives a principal."""

from datetime import UTC, datetime

import pytest
from darkroom_servicekit.auth import Authenticator, InvalidToken, TokenKeys
from support.forged_tokens import forged_tokens

KEY = "the-one-key-of-these-tests-0123456789abcdef"
FORGED = forged_tokens("shop-a", KEY)
AUTHENTICATOR = Authenticator(TokenKeys(wix_app_secret=KEY, jwt_secret=KEY))


def test_there_are_more_than_eighty() -> None:
    assert len(set(FORGED.values())) >= 80


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_refused_with_its_reason(name: str) -> None:
    with pytest.raises(InvalidToken):
        AUTHENTICATOR.authenticate(FORGED[name], datetime.now(UTC))
