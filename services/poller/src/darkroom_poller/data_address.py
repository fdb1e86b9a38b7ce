"""Outputs that come inside their address (`data:`, RFC 2397). Pure."""

import base64
import binascii
import re

from darkroom_servicekit.fetch import FetchFailed, TooLarge

HEAD = re.compile(r"data:[A-Za-z0-9!#$&^_.+/-]*(?:;[A-Za-z0-9=_.-]+)*;base64,")
HEAD_CHARACTERS_MAX = 200


def read_data_address(address: str, *, bytes_max: int) -> bytes:
    """The bytes inside; the declared type is not believed anyway. Raises FetchFailed (not retryable), TooLarge."""
    head = HEAD.match(address[:HEAD_CHARACTERS_MAX])
    if head is None:
        raise FetchFailed("is not base64 inside a data: address", retryable=False)
    encoded = address[head.end() :]
    if len(encoded) // 4 * 3 > bytes_max + 2:
        raise TooLarge(bytes_max)
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FetchFailed("is broken base64", retryable=False) from error
