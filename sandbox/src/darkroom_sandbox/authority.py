"""The sandbox' own certificate authority, made at the first start and kept, and the certificate it serves with.

The authority outlives a restart: who trusts it once goes on trusting the sandbox. Its key stays in the sandbox' folder.
"""

import ipaddress
import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFE = timedelta(days=3_650)
CERTIFICATE_LIFE = timedelta(days=365)
CLOCK_SLACK = timedelta(days=1)
"""Certificates are good from a day ago on, so that a clock that is behind accepts them."""
NAMES = ("localhost", "127.0.0.1", "::1")


def server_context(*, folder: Path, ca_file: Path) -> ssl.SSLContext:
    """TLS for the server. Writes the authority's certificate to `ca_file`; keys stay in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    key_file, chain_file = folder / "authority.key", folder / "server.pem"
    authority_key, authority = _kept(key_file, ca_file) or _made(key_file, ca_file)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    certificate = (
        _builder("Darkroom sandbox", authority.subject, key.public_key(), (now - CLOCK_SLACK, now + CERTIFICATE_LIFE))
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in NAMES]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    _write_privately(chain_file, _pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain_file)
    return context


def _kept(key_file: Path, ca_file: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None:
    """The authority of an earlier start; None when a file is missing or they do not belong together."""
    try:
        key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        authority = x509.load_pem_x509_certificate(ca_file.read_bytes())
    except (OSError, ValueError):
        return None
    good = isinstance(key, ec.EllipticCurvePrivateKey) and key.public_key() == authority.public_key()
    lasting = authority.not_valid_after_utc > datetime.now(UTC) + CERTIFICATE_LIFE
    return (key, authority) if isinstance(key, ec.EllipticCurvePrivateKey) and good and lasting else None


def _made(key_file: Path, ca_file: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = _subject("Darkroom sandbox authority")
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    authority = (
        _builder("Darkroom sandbox authority", subject, key.public_key(), (now - CLOCK_SLACK, now + AUTHORITY_LIFE))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_privately(key_file, _pem(key))
    ca_file.parent.mkdir(parents=True, exist_ok=True)
    draft = ca_file.with_name(f".{ca_file.name}.{os.getpid()}")
    draft.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    draft.replace(ca_file)
    return key, authority


def _builder(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, life: tuple[datetime, datetime]
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_subject(name))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(life[0])
        .not_valid_after(life[1])
    )


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _write_privately(file: Path, content: bytes) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
