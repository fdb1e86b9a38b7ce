"""What belongs to development alone: keys that anyone can read in the sources, and the rule where they may be used. Pure.

They are for a platform that only its own machine can reach and that spends nothing: the public address is on loopback, and every
vendor with a key is reached on loopback too (the sandbox, a stub). Anything else needs keys of its own.
"""

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

DEVELOPMENT_KEY = "darkroom-development-key-never-in-production"
"""Signs the tokens of `darkroom token` on a local stack. Anyone can know it."""
DEVELOPMENT_WEBHOOK_SECRET = "whsec_darkroom_development_never_in_production"  # noqa: S105 - anyone can know it
"""Signs the events of the sandbox' Stripe."""
WELL_KNOWN = frozenset({DEVELOPMENT_KEY, DEVELOPMENT_WEBHOOK_SECRET})

VENDORS = (
    ("Replicate", "replicate_api_tokens", "replicate_base_url"),
    ("Gemini", "gemini_api_key", "gemini_base_url"),
    ("Stripe", "stripe_api_key", "stripe_base_url"),
    ("SendGrid", "sendgrid_api_key", "sendgrid_base_url"),
    ("Twilio", "twilio_account_sid", "twilio_base_url"),
    ("SMTP", "smtp_url", "smtp_url"),
)
"""Each vendor's settings: what signs us in there, and its address; without an address it is the vendor's own."""


def is_loopback(url: str) -> bool:
    """Whether only this machine reaches the address: 127.0.0.0/8, ::1, and the names that RFC 6761 keeps for them."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def why_not_development(settings: Mapping[str, str | None]) -> str | None:
    """Why well-known keys must not be used with these settings (by their field names), in words; None where they may."""
    public_url = settings.get("public_url")
    if public_url and not is_loopback(public_url):
        return "DARKROOM_PUBLIC_URL is an address that others can reach"
    for vendor, credential, address in VENDORS:
        if settings.get(credential) and not is_loopback(settings.get(address) or ""):
            return f"{vendor} is a real vendor (DARKROOM_{credential.upper()})"
    return None
