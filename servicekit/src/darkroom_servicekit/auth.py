"""Who is asking: Wix instance tokens and JWTs, in a header or a page's cookie, become a Principal; anything doubtful is refused.

The tenant comes from the signed token alone, never from a parameter. Source of the instance token's format: Wix, "parse the
app instance query parameter" (`signature.payload`, HMAC-SHA256 over the encoded payload). JWT algorithms are pinned by setting.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from fastapi import Request

from darkroom_servicekit.development import DEVELOPMENT_KEY as DEVELOPMENT_KEY
from darkroom_servicekit.key_sets import KeySet
from darkroom_servicekit.problems import Problem
from darkroom_servicekit.revocation import Revocations
from darkroom_servicekit.session_cookie import SAFE_METHODS, SESSION_COOKIE, comes_from_own_page, own_origin
from darkroom_servicekit.signing_keys import parse_secrets, signed_by_any

TOKEN_BYTES_MAX = 4096
CLOCK_LEEWAY_SECONDS = 30
INSTANCE_TOKEN_AGE_MAX = timedelta(hours=24)
"""For instance tokens that carry no expirationDate; Wix states no limit for signDate."""
INSTANCE_ID_MAX = 100


class InvalidToken(Exception):
    """A token that is not accepted; the message says why, for our logs and tests, not for the caller."""


class NotTheOwner(InvalidToken):
    """A good instance token of somebody who is not the owner of the shop's site, such as one of its members."""


@dataclass(frozen=True)
class Principal:
    """Someone acting within one tenant."""

    instance_id: str
    subject: str
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    expires_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, kw_only=True)
class TokenKeys:
    """The keys and rules by which tokens are checked. A kind of token without its key is refused.

    A secret may be several (`new,old`): each of them verifies. `wix_app_id`: tokens that name another app are refused.
    """

    wix_app_id: str | None = None
    wix_app_secret: str | None = None
    jwt_secret: str | None = None
    jwt_algorithm: Literal["HS256", "RS256"] = "HS256"
    jwt_issuer: str = "darkroom"
    jwt_audience: str = "darkroom"


class Authenticator:
    """Checks bearer tokens. `public_url` is where our own pages live; without it no page may change anything by its cookie.

    `revocations`: the tokens that were given back; None where nobody can. `key_set`: the keys of RS256, in place of a secret.
    """

    def __init__(
        self,
        keys: TokenKeys,
        *,
        public_url: str | None = None,
        revocations: Revocations | None = None,
        key_set: KeySet | None = None,
    ) -> None:
        self._keys = keys
        self._wix_secrets = parse_secrets(keys.wix_app_secret)
        self._jwt_secrets = parse_secrets(keys.jwt_secret)
        self._revocations = revocations
        self._key_set = key_set
        self.own_origin = own_origin(public_url)

    async def admit(self, token: str, now: datetime) -> Principal:
        """The principal of a token that was not given back. Raises InvalidToken, KeysUnavailable."""
        principal = await self.identify(token, now)
        if await self.is_revoked(token_digest(token)):
            raise InvalidToken("given back")
        return principal

    async def identify(self, token: str, now: datetime) -> Principal:
        """As `authenticate`, but first wait, briefly, for a key that is not known yet. Raises InvalidToken, KeysUnavailable."""
        if self._key_set is not None and token.count(".") == 2 and len(token) <= TOKEN_BYTES_MAX:
            await self._key_set.wait_for(self._key_name(token))
        return self.authenticate(token, now)

    async def is_revoked(self, digest: str) -> bool:
        """Whether the token of this digest was given back."""
        return self._revocations is not None and await self._revocations.has(digest)

    def authenticate(self, token: str, now: datetime) -> Principal:
        """The principal of a token, were it not given back. Raises InvalidToken, KeysUnavailable."""
        if len(token) > TOKEN_BYTES_MAX:
            raise InvalidToken("too long")
        match token.count("."):
            case 1:
                return self._from_instance_token(token, now)
            case 2:
                return self._from_jwt(token)
            case _:
                raise InvalidToken("neither an instance token nor a JWT")

    def _from_instance_token(self, token: str, now: datetime) -> Principal:
        if not self._wix_secrets:
            raise InvalidToken("instance tokens are not accepted here")
        signature, payload = token.split(".")
        if not signed_by_any(self._wix_secrets, payload.encode(), _only_base64url(signature)):
            raise InvalidToken("signature does not match")
        claims = _json_object(_base64url(payload))
        if self._keys.wix_app_id and claims.get("appDefId", self._keys.wix_app_id) != self._keys.wix_app_id:
            raise InvalidToken("a token of another app")
        if claims.get("aid"):
            raise InvalidToken("an anonymous visitor of the site, not its owner")
        expires_at = _instance_expiry(claims)
        if now >= expires_at:
            raise InvalidToken("expired")
        instance_id = _instance_id(claims.get("instanceId"))
        if claims.get("permissions") != "OWNER":
            raise NotTheOwner("not the owner of the shop's site")
        subject = str(claims.get("uid") or claims.get("siteOwnerId") or "owner")
        return Principal(instance_id, subject, frozenset({"owner"}), expires_at=expires_at)

    def _from_jwt(self, token: str) -> Principal:
        keys = self._jwt_secrets if self._key_set is None else self._key_set.keys(self._key_name(token))
        if not keys:
            raise InvalidToken("JWTs are not accepted here" if self._key_set is None else "signed with an unknown key")
        _only_base64url(token.rpartition(".")[2])
        claims = self._claims(token, keys)
        roles = claims.get("roles") or []
        if not isinstance(roles, list):
            raise InvalidToken("roles is not a list")
        return Principal(
            _instance_id(claims.get("instance_id")),
            str(claims["sub"]),
            frozenset(str(role) for role in roles),
            frozenset(str(claims.get("scope") or "").split()),
            datetime.fromtimestamp(claims["exp"], UTC),
        )

    def _claims(self, token: str, keys: Sequence[str | RSAPublicKey]) -> dict[str, Any]:
        """The claims of a JWT that one of the keys signed. Raises InvalidToken."""
        for key in keys:
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    key,
                    algorithms=[self._keys.jwt_algorithm],
                    issuer=self._keys.jwt_issuer,
                    audience=self._keys.jwt_audience,
                    leeway=CLOCK_LEEWAY_SECONDS,
                    options={"require": ["exp", "iat", "iss", "aud", "sub"]},
                )
            except jwt.InvalidSignatureError:
                continue
            except jwt.PyJWTError as error:
                raise InvalidToken(str(error)) from error
            return claims
        raise InvalidToken("signature does not match")

    def _key_name(self, token: str) -> str | None:
        """The `kid` of a JWT of our algorithm; nothing of it is checked yet. Raises InvalidToken."""
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError as error:
            raise InvalidToken(str(error)) from error
        if header.get("alg") != self._keys.jwt_algorithm:
            raise InvalidToken("another algorithm")
        return header.get("kid")


def make_instance_token(instance_id: str, *, key: str, now: datetime, ttl: timedelta, subject: str = "owner") -> str:
    """An owner's instance token as Wix signs them; it names no app, so it is good whatever the app's id."""
    claims = {
        "instanceId": instance_id,
        "signDate": now.astimezone(UTC).isoformat(),
        "expirationDate": (now + ttl).astimezone(UTC).isoformat(),
        "uid": subject,
        "permissions": "OWNER",
    }
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=")
    signature = base64.urlsafe_b64encode(hmac.digest(key.encode(), payload, "sha256")).rstrip(b"=")
    return f"{signature.decode()}.{payload.decode()}"


def make_jwt(
    instance_id: str, *, key: str, now: datetime, ttl: timedelta, subject: str = "user", roles: tuple[str, ...] = ()
) -> str:
    """A JWT (HS256) for development and tests."""
    claims = {
        "sub": subject,
        "instance_id": instance_id,
        "roles": list(roles),
        "iss": "darkroom",
        "aud": "darkroom",
        "iat": int(now.timestamp()),
        "exp": int((now + ttl).timestamp()),
        "jti": secrets.token_hex(8),  # so that giving one back leaves those of the same second alone
    }
    return jwt.encode(claims, key, algorithm="HS256")


def bearer_principal(authenticator: Authenticator) -> Callable[[Request], Awaitable[Principal]]:
    """A FastAPI dependency: the principal of `Authorization: Bearer …` or of a page's cookie, else `401`.

    The token of a shop's member who is not its owner: `403`. A cookie alone changes nothing for a page that is not ours: `403`.
    """

    async def principal(request: Request) -> Principal:
        token = bearer_token(request)
        if token is None:
            token = request.cookies.get(SESSION_COOKIE)
            if not token:
                raise unauthorized("Send a token as `Authorization: Bearer …`.")
            if request.method not in SAFE_METHODS:
                require_own_page(request, authenticator)
        try:
            return await authenticator.admit(token, datetime.now(UTC))
        except InvalidToken as error:
            raise refusal(error) from error

    return principal


def refusal(error: InvalidToken) -> Problem:
    """The answer to a token that is not accepted: `401`, or `403` for one that is good but not the owner's."""
    if isinstance(error, NotTheOwner):
        detail = "Only the owner of the shop's site may act for the shop."
        return Problem(403, "Not the owner", detail, kind="/problems/not-the-owner")
    return unauthorized("The token is wrong or no longer good.")


def bearer_token(request: Request) -> str | None:
    """The token of `Authorization: Bearer …`; None without that header. Raises Problem (401) for another scheme."""
    header = request.headers.get("authorization")
    if not header:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthorized("Send a token as `Authorization: Bearer …`.")
    return token.strip()


def require_own_page(request: Request, authenticator: Authenticator) -> None:
    """Raises Problem (403) unless one of our own pages made the request."""
    if not comes_from_own_page(request.headers, authenticator.own_origin):
        raise Problem(403, "Not from here", "This page may not act for a signed-in shop.", kind="/problems/foreign-page")


def unauthorized(detail: str) -> Problem:
    """`401` with the challenge that RFC 6750 asks for."""
    return Problem(401, "Not signed in", detail, kind="/problems/unauthorized", headers={"WWW-Authenticate": "Bearer"})


def token_digest(token: str) -> str:
    """How a secret token is stored: its SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def _instance_id(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= INSTANCE_ID_MAX or value.startswith("_"):
        raise InvalidToken("no usable instance id")
    return value


def _instance_expiry(claims: dict[str, Any]) -> datetime:
    try:
        if claims.get("expirationDate"):
            return _utc(claims["expirationDate"])
        return _utc(claims["signDate"]) + INSTANCE_TOKEN_AGE_MAX
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidToken("neither a signDate nor an expirationDate that can be read") from error


def _utc(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _base64url(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidToken("not base64url") from error


def _only_base64url(text: str) -> bytes:
    """A signature in its one spelling. Decoders pass over unused bits and foreign characters: one token, many texts."""
    data = _base64url(text)
    if base64.urlsafe_b64encode(data).rstrip(b"=") != text.encode():
        raise InvalidToken("a signature has one spelling")
    return data


def _json_object(data: bytes) -> dict[str, Any]:
    try:
        claims = json.loads(data)
    except ValueError as error:
        raise InvalidToken("payload is not JSON") from error
    if not isinstance(claims, dict):
        raise InvalidToken("payload is not an object")
    return claims
