"""Whom the clients of the services trust: the authorities of the system and those that ship with certifi.

`SSL_CERT_FILE` and `SSL_CERT_DIR` name other authorities in place of the system's, as OpenSSL reads them.
"""

import ssl
from functools import cache

import certifi


@cache
def client_tls() -> ssl.SSLContext:
    """The one TLS context of this process' clients; reading all authorities takes some 50 ms and a megabyte."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
