"""Tokens that nobody may accept, by what is wrong with them: each begins as a good one for a tenant and has one fault."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

DAY = timedelta(days=1)
"""Longer than any session of tests: no token becomes good, or bad in another way, while it waits for its turn."""
ANOTHER_KEY = "another-key-that-nobody-here-has-ever-seen"
TOKEN_BYTES_TOO_MANY = 4097
COMMON_KEYS = ("", "secret", "changeme", "your-256-bit-secret", "darkroom", "null", "undefined", "0")


def forged_tokens(instance_id: str, key: str) -> dict[str, str]:
    """Forged tokens for `instance_id` by name. `key` signs good ones, of both kinds, where they are put to the test."""
    now = datetime.now(UTC)
    return {
        **{f"instance token, {name}": token for name, token in _instance_tokens(instance_id, key, now).items()},
        **{f"JWT, {name}": token for name, token in _jwts(instance_id, key, now).items()},
        **{f"no token, {name}": token for name, token in _nonsense(instance_id).items()},
    }


def _instance_tokens(instance_id: str, key: str, now: datetime) -> dict[str, str]:
    claims = {"instanceId": instance_id, "uid": "u-1", "permissions": "OWNER", "signDate": now.isoformat()}
    good = _signed(claims, key)
    signature, payload = good.split(".")
    other = _encode(json.dumps(claims | {"instanceId": "another-shop"}).encode())
    decoded, padded = json.dumps(claims).encode(), json.dumps(claims, indent=1).encode()
    old, older = now - timedelta(hours=25), now - timedelta(seconds=1)
    return {
        **_misspelt(good),
        "foreign key": _signed(claims, ANOTHER_KEY),
        **{f"signed with {guess!r}": _signed(claims, guess) for guess in COMMON_KEYS},
        "payload of another shop": f"{signature}.{other}",
        "payload spelt another way": f"{signature}.{_encode(padded)}",
        "no signature": f".{payload}",
        "no payload": f"{signature}.",
        "parts in the other order": f"{payload}.{signature}",
        "signature twice": f"{signature}{signature}.{payload}",
        "signature of the decoded payload": f"{_encode(hmac.digest(key.encode(), decoded, 'sha256'))}.{payload}",
        "signed with SHA-1": f"{_encode(hmac.digest(key.encode(), payload.encode(), 'sha1'))}.{payload}",
        "signed with SHA-512": f"{_encode(hmac.digest(key.encode(), payload.encode(), 'sha512'))}.{payload}",
        "signature in hex": f"{hmac.new(key.encode(), payload.encode(), 'sha256').hexdigest()}.{payload}",
        "a day old": _signed(claims | {"signDate": old.isoformat()}, key),
        "expired a second ago": _signed(claims | {"expirationDate": older.isoformat()}, key),
        "expired, but signed now": _signed(claims | {"expirationDate": old.isoformat()}, key),
        "no date": _signed({name: value for name, value in claims.items() if name != "signDate"}, key),
        "date in words": _signed(claims | {"signDate": "today"}, key),
        "date as a number": _signed(claims | {"signDate": int(now.timestamp())}, key),
        "date null": _signed(claims | {"signDate": None}, key),
        "an anonymous visitor's": _signed(claims | {"aid": "visitor-1"}, key),
        **{f"instance {bad!r}"[:40]: _signed(claims | {"instanceId": bad}, key) for bad in _bad_instances()},
        "no instance": _signed({name: value for name, value in claims.items() if name != "instanceId"}, key),
        "payload is a list": _signed([claims], key),
        "payload is a text": _signed(instance_id, key),
        "payload is no JSON": _sign(_encode(b"instanceId=" + instance_id.encode()), key),
    }


def _jwts(instance_id: str, key: str, now: datetime) -> dict[str, str]:
    claims: dict[str, Any] = {
        "sub": "u-1",
        "instance_id": instance_id,
        "roles": ["operator"],
        "iss": "darkroom",
        "aud": "darkroom",
        "iat": int(now.timestamp()),
        "exp": int((now + DAY).timestamp()),
    }

    def changed(**changes: Any) -> str:
        kept = {name: value for name, value in (claims | changes).items() if value is not None}
        return jwt.encode(kept, key, algorithm="HS256")

    good = changed()
    header, payload, signature = good.split(".")
    other = _encode(json.dumps(claims | {"instance_id": "another-shop"}).encode())
    return {
        **_misspelt(good),
        **_other_algorithms(claims, payload, key),
        **{f"signed with {guess!r}": _hand_made({"alg": "HS256", "typ": "JWT"}, payload, guess) for guess in COMMON_KEYS},
        **_keys_in_the_header(payload),
        "foreign key": jwt.encode(claims, ANOTHER_KEY, algorithm="HS256"),
        "no signature": f"{header}.{payload}.",
        "two parts": f"{header}.{payload}",
        "payload of another shop": f"{header}.{other}.{signature}",
        "without its header": f".{payload}.{signature}",
        "critical extension": jwt.encode(claims, key, algorithm="HS256", headers={"crit": ["x"], "x": 1}),
        "expired": changed(exp=int((now - DAY).timestamp())),
        "never expires": changed(exp=None),
        "expiry in words": changed(exp="never"),
        "no time of issue": changed(iat=None),
        "issued in half a day": changed(iat=int((now + DAY / 2).timestamp())),
        "not good for half a day": changed(nbf=int((now + DAY / 2).timestamp())),
        "another issuer": changed(iss="https://evil.example"),
        "no issuer": changed(iss=None),
        "another audience": changed(aud="another-service"),
        "audiences without ours": changed(aud=["another-service", "a-third"]),
        "no audience": changed(aud=None),
        "no subject": changed(sub=None),
        "no instance": changed(instance_id=None),
        **{f"instance {bad!r}"[:40]: changed(instance_id=bad) for bad in _bad_instances() if bad is not None},
        "roles as text": changed(roles="operator"),
        "roles as an object": changed(roles={"operator": True}),
    }


def _other_algorithms(claims: Mapping[str, Any], payload: str, key: str) -> dict[str, str]:
    """Algorithms that are not ours: none in all spellings, other hashes, keys of the sender's own."""
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = rsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = rsa_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    elliptic = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    spelt = {f"alg {alg!r}": f"{_encode(json.dumps({'alg': alg, 'typ': 'JWT'}).encode())}.{payload}." for alg in NONE_SPELLINGS}
    no_alg = {"typ": "JWT"}
    return {
        **spelt,
        "alg none with a signature": _hand_made({"alg": "none"}, payload, key),
        "no alg": _hand_made(no_alg, payload, key),
        "HS384": jwt.encode(dict(claims), key * 2, algorithm="HS384"),
        "HS512": jwt.encode(dict(claims), key * 2, algorithm="HS512"),
        "RS256 of one's own": jwt.encode(dict(claims), private, algorithm="RS256"),
        "PS256 of one's own": jwt.encode(dict(claims), private, algorithm="PS256"),
        "ES256 of one's own": jwt.encode(dict(claims), elliptic, algorithm="ES256"),
        "HS256 with a public key as its secret": _hand_made({"alg": "HS256", "typ": "JWT"}, payload, public),
    }


def _keys_in_the_header(payload: str) -> dict[str, str]:
    """Headers that bring or name the key by which they want to be checked."""
    secret = _encode(ANOTHER_KEY.encode())
    headers: dict[str, dict[str, Any]] = {
        "its own key": {"alg": "HS256", "jwk": {"kty": "oct", "k": secret}},
        "its own key set": {"alg": "HS256", "jku": "https://evil.example/keys"},
        "its own certificate": {"alg": "HS256", "x5u": "https://evil.example/cert"},
        "a key's name that is a path": {"alg": "HS256", "kid": "../../../../dev/null"},
        "a key's name that is SQL": {"alg": "HS256", "kid": "x' UNION SELECT 'another"},
    }
    return {name: _hand_made(header, payload, ANOTHER_KEY) for name, header in headers.items()}


def _misspelt(good: str) -> dict[str, str]:
    """A good token with some letters wrong: a decoder may forgive what a signature must not."""
    last = good[-1]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    neighbour = alphabet[alphabet.index(last) ^ 1]
    edits: dict[str, Callable[[str], str]] = {
        "last letter gone": lambda text: text[:-1],
        "half": lambda text: text[: len(text) // 2],
        "first letter gone": lambda text: text[1:],
        "last letter another": lambda text: text[:-1] + neighbour,
        "padded": lambda text: text + "=",
        "with a foreign letter": lambda text: text[:-3] + "!" + text[-3:],
        "in capitals": str.upper,
        "one dot more": lambda text: text + ".",
        "with a part more": lambda text: text + ".e30.e30",
        "twice": lambda text: f"{text}{text}",
    }
    return {name: edit(good) for name, edit in edits.items()}


def _nonsense(instance_id: str) -> dict[str, str]:
    return {
        "a word": "token",
        "the shop's name": instance_id,
        "dots": "...",
        "one dot": ".",
        "null": "null",
        "JSON": json.dumps({"instanceId": instance_id}),
        "base64 of JSON": _encode(json.dumps({"instanceId": instance_id}).encode()),
        "a basic password": base64.b64encode(f"{instance_id}:password".encode()).decode(),
        "very long": "A" * TOKEN_BYTES_TOO_MANY,
        "very long with dots": f"{'A' * 1400}.{'A' * 1400}.{'A' * 1400}",
    }


NONE_SPELLINGS = ("none", "None", "NONE", "nOnE", "")


def _bad_instances() -> tuple[Any, ...]:
    """Also `_platform`, the name of what belongs to no tenant."""
    return "", 7, True, None, ["shop"], {"id": "shop"}, "_platform", "x" * 101


def _signed(claims: Any, key: str) -> str:
    return _sign(_encode(json.dumps(claims).encode()), key)


def _sign(payload: str, key: str) -> str:
    return f"{_encode(hmac.digest(key.encode(), payload.encode(), 'sha256'))}.{payload}"


def _hand_made(header: Mapping[str, Any], payload: str, key: str) -> str:
    signed = f"{_encode(json.dumps(header).encode())}.{payload}"
    return f"{signed}.{_encode(hmac.digest(key.encode(), signed.encode(), 'sha256'))}"


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
