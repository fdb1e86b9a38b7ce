"""E-mail addresses as they stand on the wire: the domain in punycode, the local part as it is. Pure.

Source: RFC 5891 (IDNA 2008) for the domain; RFC 6531 (SMTPUTF8) for local parts outside ASCII.
"""

import idna

from darkroom_notifier.channels.door import SendFailed


def wire_address(address: str) -> str:
    """The address with its domain in ASCII. Raises SendFailed for a domain that has no such form."""
    local, at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{local}{at}{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError as error:
        told = "the domain of the address is not valid in international domain names (IDNA)"
        raise SendFailed("bad-address", told, again="never") from error


def needs_utf8(vendor: str) -> SendFailed:
    """The part before the @ has letters outside ASCII, and the vendor cannot carry them."""
    told = f"the part of the address before the @ has letters outside ASCII, and {vendor} does not offer SMTPUTF8"
    return SendFailed("bad-address", told, again="never")
