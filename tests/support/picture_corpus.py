"""Small pictures of every kind that a provider or a customer may send, honest and hostile, made by code.

Expected values are worked out by hand: from the tones written into the file, never by decoding it.
"""

import gzip
import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pillow_heif
from PIL import Image, ImageCms
from support.pictures import png_bomb

Pixel = tuple[int, ...]
RAMP = (0, 16384, 32768, 49151, 65535)
RAMP_SHOWN = (0, 64, 128, 191, 255)
"""RAMP / 257, rounded."""
SQUARES = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0))
"""Top left, top right, bottom left, bottom right, as a person sees them."""
CELL = 16


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A file and what must become of it: refused, or stored as `stored` with these pixels (within `within` steps)."""

    name: str
    make: Callable[[], bytes]
    stored: str | None = None
    size: tuple[int, int] | None = None
    pixels: tuple[tuple[tuple[int, int], Pixel], ...] = ()
    within: int = 2
    untouched: bool = False


def chunk(name: bytes, data: bytes, *, checksum: int | None = None) -> bytes:
    """A PNG chunk, with its own checksum or another one."""
    check = zlib.crc32(name + data) if checksum is None else checksum
    return struct.pack("!I", len(data)) + name + data + struct.pack("!I", check)


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *extra: bytes) -> bytes:
    """A PNG from its raw rows (each with its filter byte); `extra` chunks stand before the pixels."""
    header = struct.pack("!IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = b"".join((chunk(b"IHDR", header), *extra, chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")))
    return b"\x89PNG\r\n\x1a\n" + body


def ramp16(channels: int, colour: int, *extra: bytes) -> bytes:
    """Columns of CELL pixels with RAMP's values in every channel; alpha, where there is one, is full."""
    alpha = channels in (2, 4)
    row = b""
    for value in RAMP:
        pixel = struct.pack("!H", value) * (channels - alpha) + (b"\xff\xff" if alpha else b"")
        row += pixel * CELL
    return png(CELL * len(RAMP), CELL, 16, colour, (b"\0" + row) * CELL, *extra)


def ramp_pixels(channels: int = 3) -> tuple[tuple[tuple[int, int], Pixel], ...]:
    middles = [(CELL * place + CELL // 2, CELL // 2) for place in range(len(RAMP))]
    return tuple((at, (value,) * channels) for at, value in zip(middles, RAMP_SHOWN, strict=True))


def squares(side: int = 64) -> Image.Image:
    image = Image.new("RGB", (side, side // 2))
    for place, colour in enumerate(SQUARES):
        x, y = place % 2 * side // 2, place // 2 * side // 4
        image.paste(colour, (x, y, x + side // 2, y + side // 4))
    return image


SQUARES_SEEN = tuple(zip(((8, 4), (56, 4), (8, 28), (56, 28)), SQUARES, strict=True))


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def turned(orientation: int, kind: str) -> bytes:
    """The squares, stored so that a viewer who obeys the orientation sees them upright."""
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose: FLIP_LR, 180, FLIP_TB, TRANSPOSE, 90, TRANSVERSE, 270
    image = squares()
    if orientation > 1:
        image = image.transpose(Image.Transpose(back[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"quality": 95} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    return saved(image, kind, exif=exif, **options)


def photo(kind: str = "JPEG", **options: Any) -> bytes:
    plain: dict[str, Any] = {"quality": 95} if kind == "JPEG" else {}
    return saved(squares(), kind, **(plain | options))


def with_place() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E], exif[0x013B], exif[0xA431] = "SECRET-TEXT", "SECRET-PERSON", "SECRET-SERIAL"
    exif.get_ifd(0x8825)[1] = "N"
    return exif


def cut_out(mode: str, kind: str = "PNG", **options: Any) -> bytes:
    """A red square in the middle of nothing."""
    image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    image.paste((255, 0, 0, 255), (24, 24, 40, 40))
    return saved(image.convert(mode), kind, **options)


def keyed(mode: str, **options: Any) -> bytes:
    """Black is the colour key; the middle is white."""
    image = Image.new(mode, (64, 64), 0)
    white = (255, 255, 255) if mode == "RGB" else 255 if mode == "L" else 1
    image.paste(white, (24, 24, 40, 40))
    if mode == "P":
        image.putpalette([0, 0, 0, 255, 255, 255])
    return saved(image, "PNG", transparency=(0, 0, 0) if mode == "RGB" else 0, **options)


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile() -> bytes:
    """A profile in which red and green are exchanged: nobody can miss whether it was obeyed."""
    data = bytearray(srgb_profile())
    tags = int.from_bytes(data[128:132], "big")
    entries = {bytes(data[132 + 12 * n : 136 + 12 * n]): 136 + 12 * n for n in range(tags)}
    red, green = entries[b"rXYZ"], entries[b"gXYZ"]
    data[red : red + 8], data[green : green + 8] = data[green : green + 8], data[red : red + 8]
    return bytes(data)


def cmyk(**options: Any) -> bytes:
    image = Image.new("CMYK", (64, 32), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (32, 0, 64, 32))
    return saved(image, "JPEG", quality=95, **options)


def heic(*, orientation: int = 1, mode: str = "RGB") -> bytes:
    image = squares().convert(mode) if mode != "RGBA" else Image.open(io.BytesIO(cut_out("RGBA")))
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    pillow_heif.from_pillow(image).save(out, quality=-1, exif=exif.tobytes() if orientation != 1 else None)
    return out.getvalue()


def frames(kind: str, **options: Any) -> bytes:
    parts = [Image.new("RGB", (32, 32), colour) for colour in ("red", "blue")]
    return saved(parts[0], kind, save_all=True, append_images=parts[1:], **options)


def tiff16() -> bytes:
    row = b"".join(struct.pack("<H", value) * CELL for value in RAMP)
    return saved(Image.frombytes("I;16", (CELL * len(RAMP), CELL), row * CELL), "TIFF")


def float_tiff() -> bytes:
    image = Image.new("F", (CELL * len(RAMP), CELL))
    for place, value in enumerate(RAMP):
        image.paste(value / 65535, (place * CELL, 0, (place + 1) * CELL, CELL))
    return saved(image, "TIFF")


def text_chunk(name: bytes) -> bytes:
    packed = zlib.compress(b"A" * 1_600_000)
    return chunk(name, b"Comment\0\1\0\0\0" + packed if name == b"iTXt" else b"Comment\0\0" + packed)


def plain_png(*extra: bytes) -> bytes:
    """One grey of 128."""
    return png(32, 32, 8, 0, (b"\0" + b"\x80" * 32) * 32, *extra)


def grey_at(value: int) -> tuple[tuple[tuple[int, int], Pixel], ...]:
    return (((16, 16), (value, value, value)),)


def junk_in_jpeg(marker: int, body: bytes) -> bytes:
    data = photo()
    return data[:2] + bytes((0xFF, marker)) + struct.pack("!H", len(body) + 2) + body + data[2:]


def low_grey_key(depth: int) -> bytes:
    """Grey of few bits: value 0 is the key, all ones is white."""
    byte = {1: b"\x0f", 2: b"\x0f", 4: b"\x0f"}[depth]
    width = 2 * (4 // depth) if depth < 4 else 2
    return png(width, 4, depth, 0, (b"\0" + byte) * 4, chunk(b"tRNS", b"\0\0"))


def deep_key() -> bytes:
    """16-bit grey, 300 is the key; 301 rounds to the same 8 bits and stays."""
    row = struct.pack("!H", 300) * 16 + struct.pack("!H", 301) * 16
    return png(32, 32, 16, 0, (b"\0" + row) * 32, chunk(b"tRNS", struct.pack("!H", 300)))


SQ: dict[str, Any] = {"size": (64, 32), "pixels": SQUARES_SEEN, "within": 12}
EXACT: dict[str, Any] = {"size": (64, 32), "pixels": SQUARES_SEEN}
RED: Pixel = (255, 0, 0, 255)
CUT: dict[str, Any] = {"size": (64, 64), "pixels": (((2, 2), (0, 0, 0, 0)), ((32, 32), RED)), "within": 12}
KEYED: dict[str, Any] = {"size": (64, 64), "pixels": (((2, 2), (0, 0, 0, 0)), ((32, 32), (255, 255, 255, 255)))}
FIRST: dict[str, Any] = {"size": (32, 32), "pixels": (((16, 16), (255, 0, 0)),), "within": 12}

TONES = (
    Sample(name="16-bit grey", make=lambda: ramp16(1, 0), stored="png", pixels=ramp_pixels()),
    Sample(name="16-bit grey with alpha", make=lambda: ramp16(2, 4), stored="png", pixels=ramp_pixels()),
    Sample(name="16-bit colour", make=lambda: ramp16(3, 2), stored="png", pixels=ramp_pixels(), untouched=True),
    Sample(name="16-bit colour with alpha", make=lambda: ramp16(4, 6), stored="png", pixels=ramp_pixels(), untouched=True),
    Sample(name="16-bit grey TIFF", make=tiff16, stored="jpg", pixels=ramp_pixels()),
    Sample(name="floating-point TIFF", make=float_tiff, stored="jpg", pixels=ramp_pixels()),
    Sample(name="CMYK without a profile", make=cmyk, stored="jpg", pixels=(((8, 8), (255,) * 3), ((56, 8), (0,) * 3))),
    Sample(name="CMYK with a broken profile", make=lambda: cmyk(icc_profile=b"no profile"), stored="jpg", size=(64, 32)),
    Sample(name="CMYK TIFF", make=lambda: saved(Image.new("CMYK", (32, 32), (0, 255, 255, 0)), "TIFF"), stored="jpg", **FIRST),
    Sample(
        name="Lab TIFF",
        make=lambda: saved(Image.new("LAB", (32, 32), (255, 128, 128)), "TIFF"),
        stored="jpg",
        pixels=(((16, 16), (255, 255, 255)),),
        within=6,
    ),
    Sample(
        name="another profile in a JPEG",
        make=lambda: saved(Image.new("RGB", (32, 32), (0, 255, 0)), "JPEG", quality=95, icc_profile=swapped_profile()),
        stored="jpg",
        **FIRST,
    ),
    Sample(
        name="another profile in a PNG",
        make=lambda: saved(Image.new("RGB", (32, 32), (0, 255, 0)), "PNG", icc_profile=swapped_profile()),
        stored="png",
        **FIRST,
    ),
    Sample(
        name="another profile in a WebP",
        make=lambda: saved(Image.new("RGB", (32, 32), (0, 255, 0)), "WEBP", lossless=True, icc_profile=swapped_profile()),
        stored="jpg",
        **FIRST,
    ),
    Sample(name="sRGB's own profile", make=lambda: photo(icc_profile=srgb_profile()), stored="jpg", untouched=True, **SQ),
    Sample(name="broken profile", make=lambda: photo(icc_profile=b"not a profile"), stored="jpg", **SQ),
    Sample(
        name="grey JPEG",
        make=lambda: saved(Image.new("L", (32, 32), 128), "JPEG"),
        stored="jpg",
        untouched=True,
        pixels=grey_at(128),
    ),
    Sample(
        name="black and white PNG",
        make=lambda: saved(Image.new("1", (32, 32), 1), "PNG"),
        stored="png",
        untouched=True,
        pixels=grey_at(255),
    ),
)

ALPHA = (
    Sample(name="cut-out RGBA", make=lambda: cut_out("RGBA"), stored="png", untouched=True, **CUT),
    Sample(name="cut-out palette", make=lambda: cut_out("P"), stored="png", size=(64, 64)),
    Sample(name="cut-out WebP", make=lambda: cut_out("RGBA", "WEBP", lossless=True), stored="webp", untouched=True, **CUT),
    Sample(name="cut-out AVIF", make=lambda: cut_out("RGBA", "AVIF", quality=95), stored="png", **CUT),
    Sample(name="cut-out HEIC", make=lambda: heic(mode="RGBA"), stored="png", **CUT),
    Sample(name="cut-out TIFF", make=lambda: cut_out("RGBA", "TIFF"), stored="png", **CUT),
    Sample(name="cut-out GIF", make=lambda: cut_out("RGBA", "GIF"), stored="png", **CUT),
    Sample(name="colour key in RGB", make=lambda: keyed("RGB"), stored="png", untouched=True, **KEYED),
    Sample(name="colour key in grey", make=lambda: keyed("L"), stored="png", untouched=True, **KEYED),
    Sample(name="colour key in a palette", make=lambda: keyed("P"), stored="png", untouched=True, **KEYED),
    Sample(name="colour key of 1 bit", make=lambda: low_grey_key(1), stored="png", size=(8, 4)),
    Sample(name="colour key of 2 bits", make=lambda: low_grey_key(2), stored="png", size=(4, 4)),
    Sample(name="colour key of 4 bits", make=lambda: low_grey_key(4), stored="png", size=(2, 4)),
    Sample(name="colour key of 16 bits", make=deep_key, stored="png", pixels=(((4, 4), (1, 1, 1, 0)), ((28, 4), (1, 1, 1, 255)))),
)

FORMATS = (
    Sample(name="JPEG", make=photo, stored="jpg", untouched=True, **SQ),
    Sample(name="progressive JPEG", make=lambda: photo(progressive=True), stored="jpg", untouched=True, **SQ),
    Sample(name="JPEG with restart marks", make=lambda: photo(restart_marker_blocks=1), stored="jpg", untouched=True, **SQ),
    Sample(name="PNG", make=lambda: photo("PNG"), stored="png", untouched=True, **EXACT),
    Sample(name="WebP", make=lambda: photo("WEBP", quality=95), stored="webp", untouched=True, size=(64, 32)),
    Sample(name="lossless WebP", make=lambda: photo("WEBP", lossless=True), stored="webp", untouched=True, **EXACT),
    Sample(name="AVIF", make=lambda: photo("AVIF", quality=95), stored="jpg", size=(64, 32), pixels=SQUARES_SEEN, within=16),
    Sample(name="HEIC", make=heic, stored="jpg", size=(64, 32), pixels=SQUARES_SEEN, within=16),
    Sample(name="TIFF", make=lambda: photo("TIFF"), stored="jpg", **SQ),
    Sample(name="TIFF with LZW", make=lambda: photo("TIFF", compression="tiff_lzw"), stored="jpg", **SQ),
    Sample(name="GIF", make=lambda: photo("GIF"), stored="png", **EXACT),
    Sample(name="animated GIF", make=lambda: frames("GIF"), stored="png", **FIRST),
    Sample(name="animated PNG", make=lambda: frames("PNG"), stored="png", **FIRST),
    Sample(name="animated WebP", make=lambda: frames("WEBP", lossless=True), stored="jpg", **FIRST),
    Sample(name="animated AVIF", make=lambda: frames("AVIF", quality=95), stored="jpg", **FIRST),
    Sample(name="TIFF of two pages", make=lambda: frames("TIFF"), stored="jpg", **FIRST),
    Sample(name="MPO", make=lambda: frames("MPO", quality=95), stored="jpg", **FIRST),
)

TURNED = tuple(
    Sample(
        name=f"{kind} turned by {orientation}",
        make=lambda o=orientation, k=kind: turned(o, k),  # type: ignore[misc]
        stored={"JPEG": "jpg", "PNG": "png", "WEBP": "jpg"}[kind],
        **SQ,
    )
    for kind, orientations in (("JPEG", range(2, 9)), ("PNG", (3, 6)), ("WEBP", (6,)))
    for orientation in orientations
)

METADATA = (
    Sample(name="iTXt of 1.6 MB", make=lambda: plain_png(text_chunk(b"iTXt")), stored="png", pixels=grey_at(128)),
    Sample(name="zTXt of 1.6 MB", make=lambda: plain_png(text_chunk(b"zTXt")), stored="png", pixels=grey_at(128)),
    Sample(name="junk eXIf", make=lambda: plain_png(chunk(b"eXIf", b"\xff" * 50)), stored="png", pixels=grey_at(128)),
    Sample(
        name="cut eXIf", make=lambda: plain_png(chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x09\x01")), stored="png", pixels=grey_at(128)
    ),
    Sample(
        name="tEXt with a wrong checksum",
        make=lambda: plain_png(chunk(b"tEXt", b"a\0b", checksum=7)),
        stored="png",
        pixels=grey_at(128),
    ),
    Sample(
        name="gAMA with a wrong checksum",
        make=lambda: plain_png(chunk(b"gAMA", b"\0\0\xb1\x8f", checksum=7)),
        stored="png",
        pixels=grey_at(128),
    ),
    Sample(name="broken iCCP", make=lambda: plain_png(chunk(b"iCCP", b"x\0\0junk")), stored="png", pixels=grey_at(128)),
    Sample(name="unknown chunk", make=lambda: plain_png(chunk(b"caBX", b"SECRET-MANIFEST")), stored="png", pixels=grey_at(128)),
    Sample(
        name="place and person in a JPEG", make=lambda: photo(exif=with_place(), comment=b"SECRET-COMMENT"), stored="jpg", **SQ
    ),
    Sample(name="place and person in a PNG", make=lambda: photo("PNG", exif=with_place()), stored="png", **EXACT),
    Sample(
        name="place and person in a WebP",
        make=lambda: photo("WEBP", lossless=True, exif=with_place(), xmp=b"SECRET-XMP"),
        stored="webp",
        **EXACT,
    ),
    Sample(
        name="place and person in an AVIF",
        make=lambda: photo("AVIF", quality=95, exif=with_place(), xmp=b"SECRET-XMP"),
        stored="jpg",
        size=(64, 32),
    ),
    Sample(name="IPTC in a JPEG", make=lambda: junk_in_jpeg(0xED, b"Photoshop 3.0\0SECRET-IPTC"), stored="jpg", **SQ),
    Sample(
        name="XMP in a JPEG", make=lambda: junk_in_jpeg(0xE1, b"http://ns.adobe.com/xap/1.0/\0SECRET-XMP"), stored="jpg", **SQ
    ),
    Sample(name="junk EXIF in a JPEG", make=lambda: junk_in_jpeg(0xE1, b"Exif\0\0\xff\xff\xff"), stored="jpg", **SQ),
    Sample(name="a ZIP behind a JPEG", make=lambda: photo() + b"PK\x03\x04SECRET-ZIP", stored="jpg", **SQ),
    Sample(name="a page behind a PNG", make=lambda: photo("PNG") + b"<html>SECRET-PAGE", stored="png", **EXACT),
    Sample(name="a page behind a WebP", make=lambda: photo("WEBP", lossless=True) + b"<html>SECRET-PAGE", stored="webp", **EXACT),
)

HOSTILE = (
    Sample(name="nothing", make=lambda: b""),
    Sample(name="a page", make=lambda: b"<!doctype html><title>Be right back</title>"),
    Sample(name="JSON", make=lambda: b'{"detail":"not yet"}'),
    Sample(name="SVG", make=lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    Sample(name="PDF", make=lambda: b"%PDF-1.7\n"),
    Sample(name="PostScript", make=lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
    Sample(name="gzip", make=lambda: gzip.compress(photo())),
    Sample(name="BMP", make=lambda: photo("BMP")),
    Sample(name="JPEG 2000", make=lambda: b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100)),
    Sample(name="film", make=lambda: b"\0\0\0\x18ftypmp42" + bytes(100)),
    Sample(name="cut JPEG", make=lambda: photo()[:-40]),
    Sample(name="cut PNG", make=lambda: photo("PNG")[:-20]),
    Sample(name="cut WebP", make=lambda: photo("WEBP")[:-20]),
    Sample(name="cut AVIF", make=lambda: photo("AVIF")[:-60]),
    Sample(name="cut HEIC", make=lambda: heic()[:-60]),
    Sample(name="cut TIFF", make=lambda: photo("TIFF")[:300]),
    Sample(name="JPEG's first bytes alone", make=lambda: b"\xff\xd8\xff\xe0" + bytes(1000)),
    Sample(name="PNG's first bytes alone", make=lambda: b"\x89PNG\r\n\x1a\n" + bytes(1000)),
    Sample(name="WebP's first bytes alone", make=lambda: b"RIFF\0\x10\0\0WEBPVP8 " + bytes(1000)),
    Sample(name="AVIF's first bytes alone", make=lambda: b"\0\0\0\x18ftypavif" + bytes(100)),
    Sample(name="HEIC's first bytes alone", make=lambda: b"\0\0\0\x18ftypheic" + bytes(100)),
    Sample(name="wrong checksum of the header", make=lambda: plain_png().replace(b"IHDR\0\0\0 ", b"IHDR\0\0\0!", 1)),
    Sample(name="900 megapixels", make=lambda: png_bomb(30_000, 30_000)),
    Sample(name="a line of two milliards", make=lambda: png_bomb(2_000_000_000, 1)[:10_000]),
)

CORPUS = TONES + ALPHA + FORMATS + TURNED + METADATA + HOSTILE
