"""What a picture file is by its bytes, and the same file without metadata. Pure, and without decoding any pixel.

JPEG, PNG and WebP lose everything that is not needed to show them: EXIF, XMP, IPTC, C2PA manifests, comments, thumbnails,
further pictures behind the first, and any bytes behind the end. What is dropped cannot make a picture unusable.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF", "GIF"]

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
PNG_CRITICAL = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
PNG_SHOWN = PNG_CRITICAL | {b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"pHYs", b"cICP", b"mDCV", b"cLLI"}
"""What changes how a browser shows the picture, and its print size."""
PNG_CHUNKS_MAX = 200_000
WEBP_SHOWN = frozenset({b"VP8X", b"VP8 ", b"VP8L", b"ALPH", b"ICCP", b"ANIM", b"ANMF"})
WEBP_METADATA_FLAGS = 0x0C
JPEG_SEGMENTS_MAX = 20_000
JPEG_DROPPED = frozenset({0xE1, *range(0xE3, 0xEE), 0xEF, 0xFE})
"""APP1 (EXIF, XMP), APP3 to APP13 (C2PA, IPTC and the rest), APP15 and comments. JFIF, ICC profiles and Adobe's mark stay."""
JPEG_NO_MARKERS = frozenset({0x00, *range(0xD0, 0xD8)})
"""Behind 0xFF inside a scan: a stuffed byte, or a restart mark."""
HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})
AVIF_BRANDS = frozenset({b"avif", b"avis"})
PROFILE_BYTES_MAX = 8_000_000
ORIENTATION_TAG = 0x0112
TEXT_BYTES_LOOKED_AT = 512


class Cut(Exception):
    """The file ends before its end mark."""


@dataclass(frozen=True)
class Essence:
    """A file without metadata, and the two things in its metadata that change how it looks."""

    kind: Kind
    data: bytes
    orientation: int = 1
    profile: bytes | None = field(default=None, repr=False)


def kind_of(data: bytes) -> Kind | None:
    """The format by the first bytes; None if it is none that is taken."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(PNG_MAGIC):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if data[:4] in (b"II*\0", b"MM\0*"):
        return "TIFF"
    return _kind_by_brands(data) if data[4:8] == b"ftyp" else None


def looks_like_text(data: bytes) -> bool:
    """Whether a page or a message came in the place of a file: HTML, JSON or words, but not an SVG drawing."""
    head = data[:TEXT_BYTES_LOOKED_AT].lstrip(b"\xef\xbb\xbf \t\r\n")
    if b"<svg" in data[:TEXT_BYTES_LOOKED_AT].lower() or head.startswith((b"%!PS", b"%PDF")):
        return False
    return not any(byte < 0x20 and byte not in b"\t\r\n\f\x1b" for byte in head)


def essence(data: bytes, kind: Kind, *, keep_profile: bool = True) -> Essence:
    """The file without metadata; other formats than JPEG, PNG and WebP as they are. Raises Cut."""
    match kind:
        case "JPEG":
            return _jpeg(data, keep_profile)
        case "PNG":
            return _png(data, keep_profile)
        case "WEBP":
            return _webp(data, keep_profile)
        case _:
            return Essence(kind, data)


def orientation_of(exif: bytes) -> int:
    """The orientation in an EXIF block, 1 to 8; 1 where there is none or the block is junk."""
    block = exif.removeprefix(b"Exif\0\0")
    order: Literal["<", ">"] = "<" if block[:2] == b"II" else ">"
    try:
        (start,) = struct.unpack_from(order + "4xI", block)
        (entries,) = struct.unpack_from(order + "H", block, start)
        for entry in range(min(entries, 1_000)):
            tag, kind, value = struct.unpack_from(order + "HH4xH", block, start + 2 + 12 * entry)
            if tag == ORIENTATION_TAG and kind == 3:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def _kind_by_brands(data: bytes) -> Kind | None:
    size = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[place : place + 4] for place in (8, *range(16, max(16, size - 3), 4))}
    if brands & AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands & HEIF_BRANDS else None


def _png(data: bytes, keep_profile: bool) -> Essence:
    kept, orientation, profile = [PNG_MAGIC], 1, None
    seen_data = False
    for name, body, whole, good in _png_chunks(data):
        if name == b"eXIf" and not seen_data:
            orientation = orientation_of(body)
        if name not in PNG_SHOWN or (name not in PNG_CRITICAL and not good):
            continue
        seen_data = seen_data or name == b"IDAT"
        if name == b"iCCP":
            profile = _png_profile(body)
            if profile is None or not keep_profile:
                continue
        kept.append(whole)
    return Essence("PNG", b"".join(kept), orientation, profile)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes, bool]]:
    """Name, body, the whole chunk, and whether its checksum is right; up to and with IEND. Raises Cut."""
    place = len(PNG_MAGIC)
    for _ in range(PNG_CHUNKS_MAX):
        if place + 12 > len(data):
            raise Cut("the PNG ends before its end")
        size, name = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        end = place + 12 + size
        if end > len(data):
            raise Cut("the PNG ends inside a chunk")
        body, check = data[place + 8 : end - 4], data[end - 4 : end]
        good = name == b"IDAT" or zlib.crc32(name + body).to_bytes(4, "big") == check
        yield name, body, data[place:end], good
        if name == b"IEND":
            return
        place = end
    raise Cut("the PNG has too many chunks")


def _png_profile(body: bytes) -> bytes | None:
    _, _, packed = body.partition(b"\0")
    try:
        unpacker = zlib.decompressobj()
        profile = unpacker.decompress(packed[1:], PROFILE_BYTES_MAX)
    except zlib.error:
        return None
    return profile if unpacker.eof else None


def _jpeg(data: bytes, keep_profile: bool) -> Essence:
    kept, orientation, parts = [b"\xff\xd8"], 1, dict[int, bytes]()
    place = 2
    for _ in range(JPEG_SEGMENTS_MAX):
        begin = _next_marker(data, place)
        marker = data[begin + 1]
        if place > 2 and _ends_with_scan(kept):
            kept.append(data[place:begin])  # the scan itself, up to the next marker
        if marker == 0xD9:
            kept.append(b"\xff\xd9")
            return Essence("JPEG", b"".join(kept), orientation, _joined(parts))
        end = begin + 2 + int.from_bytes(data[begin + 2 : begin + 4], "big")
        if end > len(data) or end < begin + 4:
            raise Cut("the JPEG ends inside a segment")
        segment, body = data[begin:end], data[begin + 4 : end]
        place = end
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            orientation = orientation_of(body)
        if marker == 0xE2 and body.startswith(b"ICC_PROFILE\0") and len(body) > 14:
            parts.setdefault(body[12], body[14:])
            if not keep_profile:
                continue
        elif marker == 0xE2 or marker in JPEG_DROPPED:
            continue
        kept.append(segment)
    raise Cut("the JPEG has too many segments")


def _next_marker(data: bytes, place: int) -> int:
    """Where the next marker begins. Raises Cut."""
    while True:
        place = data.find(b"\xff", place)
        if place < 0 or place + 1 >= len(data):
            raise Cut("the JPEG ends before its end")
        code = data[place + 1]
        if code == 0xFF:
            place += 1
        elif code in JPEG_NO_MARKERS:
            place += 2
        else:
            return place


def _ends_with_scan(kept: list[bytes]) -> bool:
    """Whether the last segment kept is a start of scan, behind which come the compressed pixels."""
    return kept[-1][:2] == b"\xff\xda"


def _joined(parts: dict[int, bytes]) -> bytes | None:
    whole = b"".join(parts[number] for number in sorted(parts))
    return whole if whole and len(whole) <= PROFILE_BYTES_MAX else None


def _webp(data: bytes, keep_profile: bool) -> Essence:
    size = int.from_bytes(data[4:8], "little") + 8
    if size > len(data) + 1:  # an odd last chunk without its padding is seen in the wild
        raise Cut("the WebP ends before its end")
    kept, orientation, profile, place = list[bytes](), 1, None, 12
    while place + 8 <= min(size, len(data)):
        name, length = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "little")
        body = data[place + 8 : place + 8 + length]
        place += 8 + length + length % 2
        if len(body) < length:
            raise Cut("the WebP ends inside a chunk")
        if name == b"EXIF":
            orientation = orientation_of(body)
        if name == b"ICCP":
            profile = body if len(body) <= PROFILE_BYTES_MAX else None
        if name not in WEBP_SHOWN or (name == b"ICCP" and not (keep_profile and profile)):
            continue
        if name == b"VP8X" and body:
            dropped = WEBP_METADATA_FLAGS | (0 if keep_profile else 0x20)
            body = bytes([body[0] & ~dropped]) + body[1:]
        kept.append(name + length.to_bytes(4, "little") + body + b"\0" * (length % 2))
    chunks = b"WEBP" + b"".join(kept)
    return Essence("WEBP", b"RIFF" + len(chunks).to_bytes(4, "little") + chunks, orientation, profile)
