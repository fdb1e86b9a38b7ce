"""Tokens: the accepted kinds give a principal; every forged, old or foreign one is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from darkroom_servicekit.auth import Authenticator, InvalidToken, TokenKeys, make_instance_token, make_jwt
from support.signed_tokens import instance_token

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
WIX_KEY = "wix-secret-of-the-tests-0123456789ab"
JWT_KEY = "jwt-secret-of-the-tests-0123456789ab"
AUTHENTICATOR = Authenticator(TokenKeys(wix_app_secret=WIX_KEY, jwt_secret=JWT_KEY))


GOOD = {"instanceId": "shop-a", "uid": "u-1", "permissions": "OWNER", "signDate": "2026-05-04T11:59:00.000Z"}


def test_an_instance_token_signed_by_the_documented_recipe_names_its_tenant() -> None:
    principal = AUTHENTICATOR.authenticate(instance_token(GOOD, WIX_KEY), NOW)

    assert (principal.instance_id, principal.subject, principal.roles) == ("shop-a", "u-1", frozenset({"owner"}))


def test_a_token_we_make_is_accepted_until_it_expires() -> None:
    token = make_instance_token("shop-a", key=WIX_KEY, now=NOW, ttl=HOUR)

    assert AUTHENTICATOR.authenticate(token, NOW + HOUR - timedelta(seconds=1)).instance_id == "shop-a"
    with pytest.raises(InvalidToken, match="expired"):
        AUTHENTICATOR.authenticate(token, NOW + HOUR)


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        (GOOD | {"signDate": "2026-05-03T11:00:00Z"}, "expired"),
        (GOOD | {"expirationDate": "2026-05-04T11:00:00Z"}, "expired"),
        (GOOD | {"aid": "anonymous-1"}, "anonymous"),
        ({name: value for name, value in GOOD.items() if name != "signDate"}, "signDate"),
        (GOOD | {"signDate": "yesterday"}, "signDate"),
        (GOOD | {"instanceId": ""}, "instance id"),
        (GOOD | {"instanceId": 7}, "instance id"),
        (GOOD | {"instanceId": "_platform"}, "instance id"),
        (GOOD | {"instanceId": "x" * 101}, "instance id"),
    ],
)
def test_an_instance_token_with_doubtful_claims_is_refused(claims: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidToken, match=why):
        AUTHENTICATOR.authenticate(instance_token(claims, WIX_KEY), NOW)


def test_a_changed_payload_or_signature_or_foreign_key_is_refused() -> None:
    signature, payload = instance_token(GOOD, WIX_KEY).split(".")
    other = instance_token(GOOD | {"instanceId": "shop-b"}, WIX_KEY).split(".")[1]
    for forged in (
        f"{signature}.{other}",
        f"{'A' * len(signature)}.{payload}",
        instance_token(GOOD, "another-key"),
        f".{payload}",
    ):
        with pytest.raises(InvalidToken):
            AUTHENTICATOR.authenticate(forged, NOW)


@pytest.mark.parametrize("text", ["", "abc", "a.b.c.d", "ä.b", "!!.??", "x" * 5000, "a.b", "..", "a.b.c"])
def test_what_is_no_token_is_refused_in_words(text: str) -> None:
    with pytest.raises(InvalidToken):
        AUTHENTICATOR.authenticate(text, NOW)


def test_a_jwt_gives_subject_and_roles() -> None:
    token = make_jwt("shop-a", key=JWT_KEY, now=datetime.now(UTC), ttl=HOUR, subject="eve", roles=("operator",))

    principal = AUTHENTICATOR.authenticate(token, datetime.now(UTC))

    assert (principal.instance_id, principal.subject, principal.roles) == ("shop-a", "eve", frozenset({"operator"}))


def jwt_claims(**changes: Any) -> dict[str, Any]:
    at = datetime.now(UTC)
    claims = {"sub": "u", "instance_id": "shop-a", "iss": "darkroom", "aud": "darkroom", "iat": at, "exp": at + HOUR}
    return {name: value for name, value in (claims | changes).items() if value is not None}


@pytest.mark.parametrize(
    "claims",
    [
        jwt_claims(exp=datetime(2020, 1, 1, tzinfo=UTC)),
        jwt_claims(exp=None),
        jwt_claims(iat=None),
        jwt_claims(sub=None),
        jwt_claims(iss="another"),
        jwt_claims(iss=None),
        jwt_claims(aud="another"),
        jwt_claims(aud=None),
        jwt_claims(nbf=datetime.now(UTC) + HOUR),
        jwt_claims(instance_id=None),
        jwt_claims(roles="operator"),
    ],
)
def test_a_jwt_with_doubtful_claims_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        AUTHENTICATOR.authenticate(jwt.encode(claims, JWT_KEY, algorithm="HS256"), datetime.now(UTC))


def test_the_jwt_algorithm_is_ours_and_never_the_tokens() -> None:
    none = jwt.encode(jwt_claims(), "", algorithm="none")
    hs512 = jwt.encode(jwt_claims(), JWT_KEY + JWT_KEY, algorithm="HS512")
    for forged in (none, hs512, jwt.encode(jwt_claims(), "another-key-of-enough-length-for-hs256", algorithm="HS256")):
        with pytest.raises(InvalidToken):
            AUTHENTICATOR.authenticate(forged, datetime.now(UTC))


@pytest.mark.parametrize("listed", ["{new},{old}", " {old} , {new} ,"])
def test_while_one_secret_replaces_another_tokens_of_both_are_good(listed: str) -> None:
    new = "the-next-secret-of-the-tests-0123456789"
    both = TokenKeys(wix_app_secret=listed.format(new=new, old=WIX_KEY), jwt_secret=listed.format(new=new, old=JWT_KEY))
    now = datetime.now(UTC)
    for wix, jwt_key in ((WIX_KEY, JWT_KEY), (new, new)):
        for token in (
            make_instance_token("shop-a", key=wix, now=now, ttl=HOUR),
            make_jwt("shop-a", key=jwt_key, now=now, ttl=HOUR),
        ):
            assert Authenticator(both).authenticate(token, now).instance_id == "shop-a"
    with pytest.raises(InvalidToken):
        Authenticator(both).authenticate(make_jwt("shop-a", key="a-third-secret-of-nobody-0123456789", now=now, ttl=HOUR), now)


def test_a_kind_of_token_without_its_key_is_refused() -> None:
    closed = Authenticator(TokenKeys())
    for token in (instance_token(GOOD, WIX_KEY), jwt.encode(jwt_claims(), JWT_KEY, algorithm="HS256")):
        with pytest.raises(InvalidToken, match="not accepted here"):
            closed.authenticate(token, NOW)
