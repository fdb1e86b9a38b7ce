"""Pictures for tests, good and bad, made on the spot."""

import io
import random
import struct
import zlib

from PIL import Image, ImageDraw


def picture(width: int = 320, height: int = 240, *, kind: str = "JPEG", mode: str = "RGB", seed: int = 0) -> bytes:
    """A real picture with some content."""
    image = Image.new("RGB", (width, height), (200, 180 + seed % 70, 160))
    draw = ImageDraw.Draw(image)
    for step in range(0, width, 16):
        draw.line((step, 0, width - step, height), fill=(step % 256, seed % 256, 90), width=3)
    out = io.BytesIO()
    image.convert(mode).save(out, kind)
    return out.getvalue()


def noise(width: int, height: int) -> bytes:
    """A PNG that nothing compresses: about three bytes a pixel."""
    out = io.BytesIO()
    Image.frombytes("RGB", (width, height), random.Random(7).randbytes(3 * width * height)).save(out, "PNG")
    return out.getvalue()


def png_bomb(width: int, height: int) -> bytes:
    """A small PNG that claims, and truly holds, very many black pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + name + data + struct.pack("!I", zlib.crc32(name + data))

    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack("!IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
