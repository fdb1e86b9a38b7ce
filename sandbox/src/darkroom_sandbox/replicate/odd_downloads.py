"""Odd ways in which the first download of an output can go; every later one goes well. And odd metadata of PNG outputs."""

import gzip
import struct
import zlib
from typing import Literal

from starlette.responses import Response, StreamingResponse

FirstDownload = Literal["good", "gzip", "wrongType", "noLength", "cut", "empty", "page", "redirect"]
OutputMetadata = Literal["none", "iTXt", "zTXt", "junkExif", "wrongChecksum"]

PNG_HEAD_BYTES = 33
"""The magic and the IHDR chunk; odd metadata stands behind it."""
TEXT_BYTES = 1_600_000
PAGE = b"<!doctype html><title>One moment</title><p>We will be right back."


def odd_download(kind: FirstDownload, content: bytes, *, media_type: str, to: str) -> Response:
    """The answer to a first download; `to` is where a redirect leads."""
    match kind:
        case "gzip":
            return Response(gzip.compress(content), headers={"content-encoding": "gzip"}, media_type=media_type)
        case "wrongType":
            return Response(content, media_type="text/plain")
        case "noLength":
            return StreamingResponse(iter([content]), media_type=media_type)
        case "cut":
            return StreamingResponse(iter([content[: len(content) // 2]]), media_type=media_type)
        case "empty":
            return Response(b"", media_type=media_type)
        case "page":
            return Response(PAGE, media_type="text/html")
        case "redirect":
            return Response(status_code=302, headers={"location": to})
        case _:
            return Response(content, media_type=media_type)


def with_metadata(content: bytes, kind: OutputMetadata) -> bytes:
    """A PNG with an odd chunk that every browser ignores; other formats, and `none`, as they are."""
    if kind == "none" or not content.startswith(b"\x89PNG"):
        return content
    return content[:PNG_HEAD_BYTES] + _chunk(kind) + content[PNG_HEAD_BYTES:]


def _chunk(kind: OutputMetadata) -> bytes:
    packed = zlib.compress(b"A" * TEXT_BYTES)
    name, body = {
        "iTXt": (b"iTXt", b"Comment\0\1\0\0\0" + packed),
        "zTXt": (b"zTXt", b"Comment\0\0" + packed),
        "junkExif": (b"eXIf", b"\xff" * 40),
        "wrongChecksum": (b"tEXt", b"Comment\0text"),
    }[kind]
    check = zlib.crc32(name + body) ^ (1 if kind == "wrongChecksum" else 0)
    return struct.pack("!I", len(body)) + name + body + struct.pack("!I", check)
