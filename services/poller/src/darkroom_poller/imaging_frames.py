"""What goes over the pipes between the poller and its decoding children: fixed heads, then as many bytes as they say. Pure."""

import struct
from dataclasses import dataclass
from typing import BinaryIO, get_args

from darkroom_poller.picture_bytes import Kind

ORDER_HEAD = struct.Struct("!IIBI")  # pixels at most, side of the thumbnail, a bit for each kind, bytes of the picture
ANSWER_HEAD = struct.Struct("!5sIIIII")  # extension, width, height, bytes of thumbnail, of replacement, of refusal
KINDS: tuple[Kind, ...] = get_args(Kind)
EXTENSIONS = frozenset({"jpg", "png", "webp"})
THUMBNAIL_BYTES_MAX = 2_000_000
REPLACEMENT_BYTES_MAX = 100_000_000
REFUSAL_BYTES_MAX = 4_000


class BrokenFrame(Exception):
    """A child says what no child of ours would say."""


@dataclass(frozen=True)
class Order:
    """A picture to look at."""

    data: bytes
    pixels_max: int
    thumbnail_pixels: int
    kinds: tuple[Kind, ...] = ()
    """The formats that count; empty: all."""


@dataclass(frozen=True)
class Answer:
    """What a picture is; `replacement` where the original is not fit for browsers; or why it was `refused`."""

    extension: str
    width: int
    height: int
    thumbnail: bytes
    replacement: bytes
    refused: str = ""


@dataclass(frozen=True)
class AnswerHead:
    """The first bytes of an answer, already checked against the limits."""

    extension: str
    width: int
    height: int
    thumbnail_bytes: int
    replacement_bytes: int
    refusal_bytes: int


def pack_order(order: Order) -> bytes:
    """The head of an order; the picture's bytes follow it."""
    kinds = sum(1 << place for place, kind in enumerate(KINDS) if kind in order.kinds)
    return ORDER_HEAD.pack(order.pixels_max, order.thumbnail_pixels, kinds, len(order.data))


def read_order(stream: BinaryIO) -> Order | None:
    """The next order; None at the end."""
    head = stream.read(ORDER_HEAD.size)
    if len(head) < ORDER_HEAD.size:
        return None
    pixels_max, thumbnail_pixels, bits, size = ORDER_HEAD.unpack(head)
    data = stream.read(size)
    kinds = tuple(kind for place, kind in enumerate(KINDS) if bits & 1 << place)
    return Order(data, pixels_max, thumbnail_pixels, kinds) if len(data) == size else None


def pack_answer(answer: Answer) -> bytes:
    """An answer, head and all."""
    refusal = answer.refused.encode()[:REFUSAL_BYTES_MAX]
    sizes = (len(answer.thumbnail), len(answer.replacement), len(refusal))
    head = ANSWER_HEAD.pack(answer.extension.encode(), answer.width, answer.height, *sizes)
    return head + answer.thumbnail + answer.replacement + refusal


def read_head(data: bytes) -> AnswerHead:
    """The head of an answer. Raises BrokenFrame: the child may have been taken over by the picture it decoded."""
    raw, width, height, thumbnail_bytes, replacement_bytes, refusal_bytes = ANSWER_HEAD.unpack(data)
    extension = raw.rstrip(b"\0").decode("ascii", "replace")
    too_large = (
        thumbnail_bytes > THUMBNAIL_BYTES_MAX or replacement_bytes > REPLACEMENT_BYTES_MAX or refusal_bytes > REFUSAL_BYTES_MAX
    )
    if too_large or (not refusal_bytes and (extension not in EXTENSIONS or not thumbnail_bytes or not width or not height)):
        raise BrokenFrame("an answer out of bounds")
    return AnswerHead(extension, width, height, thumbnail_bytes, replacement_bytes, refusal_bytes)
