"""Decoding for the child: a picture becomes 8 bits of sRGB, upright, with its transparency, as a person would see it.

16 bits are scaled, never cut off; colour keys become transparency; CMYK, Lab and wide-gamut colours are converted by their
profile. A profile that cannot be read counts for nothing, as in browsers.
"""

import io
from collections.abc import Callable
from functools import lru_cache
from itertools import product

from PIL import Image, ImageChops, ImageCms, ImageFile, ImageOps

from darkroom_poller.picture_bytes import Essence

RGB_ALIKE_MAX = 2
"""A profile that moves no probe by more than this many of 255 steps is sRGB by another name."""
PROBES = tuple(product((0, 64, 128, 192, 255), repeat=3))
GREY_PROBES = tuple(range(0, 256, 5))
TONES_16 = [round(value / 257) for value in range(65536)]
"""0 to 65,535 on 0 to 255."""
CHECKER_SIDE = 8
CHECKER = ((255, 255, 255), (222, 222, 222))
"""Behind transparency: both light and patterned, so that cut-outs of any colour show, on light pages and on dark ones."""
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
WITHOUT_METADATA = frozenset({"JPEG", "PNG", "WEBP"})
"""Their essence tells the orientation."""
FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
RELATIVE = ImageCms.Intent.RELATIVE_COLORIMETRIC


def shown(picture: ImageFile.ImageFile | Image.Image, essence: Essence, profile: bytes | None) -> Image.Image:
    """The first frame as L, RGB, LA or RGBA in sRGB, upright. `profile`: the file's colour profile, if it has one."""
    plain = _eight_bits(_with_key(picture, essence))
    coloured = _in_srgb(plain, profile)
    if essence.orientation > 1:
        return _turned(coloured, essence.orientation)
    return coloured if essence.kind in WITHOUT_METADATA else ImageOps.exif_transpose(coloured)


def is_srgb(profile: bytes | None, *, grey: bool = False) -> bool | None:
    """Whether colours of this profile are those of sRGB; None if the profile cannot be read."""
    return True if profile is None else _is_srgb(profile, grey)


def without_full_alpha(picture: Image.Image) -> Image.Image:
    """The picture without an alpha channel that hides nothing."""
    if picture.mode in ("RGBA", "LA") and picture.getchannel("A").getextrema()[0] == 255:
        return picture.convert(picture.mode[:-1])
    return picture


def on_checker(picture: Image.Image) -> Image.Image:
    """A transparent picture before a light chequered ground; others as they are."""
    if picture.mode not in ("RGBA", "LA"):
        return picture if picture.mode == "RGB" else picture.convert("RGB")
    ground = Image.new("RGB", picture.size, CHECKER[0])
    columns = bytes(255 * (x // CHECKER_SIDE % 2) for x in range(picture.width))
    rows = bytes(255 * (y // CHECKER_SIDE % 2) for y in range(picture.height))
    across = Image.frombytes("L", (picture.width, 1), columns).resize(picture.size)
    down = Image.frombytes("L", (1, picture.height), rows).resize(picture.size)
    ground.paste(CHECKER[1], mask=ImageChops.difference(across, down))
    ground.paste(picture.convert("RGB"), mask=picture.getchannel("A"))
    return ground


def _with_key(picture: Image.Image, essence: Essence) -> Image.Image:
    """A PNG's colour key as an alpha channel: its value is in the file's own depth, the decoded pixels are in 8 bits."""
    key = picture.info.get("transparency")
    if key is None or essence.kind != "PNG" or picture.mode not in ("1", "L", "I", "I;16", "RGB"):
        return picture
    depth = essence.data[24]
    if picture.mode in ("I", "I;16"):
        lut = [255] * 65536
        lut[int(key)] = 0
        alpha = picture.convert("I").point(lut, "L")
        return Image.merge("LA", (_tones(picture), alpha))
    scale: Callable[[int], int] = (lambda v: v >> 8) if depth == 16 else lambda v: v * 255 // ((1 << depth) - 1)
    channels = picture.convert("L").split() if picture.mode == "1" else picture.split()
    keys = key if isinstance(key, tuple) else (key,)
    alpha = Image.new("L", picture.size, 0)
    for channel, value in zip(channels, keys, strict=True):
        wanted = scale(int(value))
        alpha = ImageChops.lighter(alpha, channel.point([255 * (level != wanted) for level in range(256)]))
    return Image.merge("LA" if len(channels) == 1 else "RGBA", (*channels, alpha))


def _tones(picture: Image.Image) -> Image.Image:
    return picture.convert("I").point(TONES_16, "L")


def _eight_bits(picture: Image.Image) -> Image.Image:
    mode = picture.mode
    if mode in ("L", "LA", "RGB", "RGBA", "CMYK", "LAB"):
        return picture
    if mode.startswith("I;16"):
        return _tones(picture)
    if mode == "I":
        extremes = [float(value) for value in picture.getextrema()]  # type: ignore[arg-type]  # of one channel
        scale = 1.0 if extremes[0] >= 0 and extremes[1] <= 65535 else 65535 / 4294967295
        return picture.point(lambda value: value * scale).point(TONES_16, "L")
    if mode == "F":
        brightest = float(picture.getextrema()[1])  # type: ignore[arg-type]  # of one channel
        factor = 255.0 if brightest <= 1.0 else 255.0 / brightest if brightest > 255.0 else 1.0
        return picture.point(lambda value: value * factor + 0.5).convert("L")
    if mode in ("P", "PA"):
        return picture.convert("RGBA" if mode == "PA" or "transparency" in picture.info else "RGB")
    return picture.convert("L" if mode == "1" else "RGBA" if mode in ("RGBa", "La") else "RGB")


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    if picture.mode == "LAB":
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        return _converted(picture, lab) or picture.convert("RGB")
    alpha = picture.getchannel("A") if picture.mode in ("LA", "RGBA") else None
    colours = picture.convert(picture.mode[:-1]) if alpha else picture
    done = None
    if profile is not None and (colours.mode == "CMYK" or is_srgb(profile, grey=colours.mode == "L") is False):
        done = _converted(colours, _opened(profile))
    if done is None:
        if colours.mode != "CMYK":
            return picture
        done = colours.convert("RGB")
    if alpha:
        done.putalpha(alpha)
    return done


def _converted(picture: Image.Image, profile: ImageCms.ImageCmsProfile | None) -> Image.Image | None:
    if profile is None:
        return None
    try:
        return ImageCms.profileToProfile(picture, profile, SRGB, renderingIntent=RELATIVE, outputMode="RGB", flags=FLAGS)
    except (ImageCms.PyCMSError, ValueError):
        return None


def _opened(profile: bytes) -> ImageCms.ImageCmsProfile | None:
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(profile))
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return None


@lru_cache(maxsize=32)
def _is_srgb(profile: bytes, grey: bool) -> bool | None:
    opened = _opened(profile)
    levels = [value for probe in PROBES for value in probe]
    if grey:
        probe = Image.frombytes("L", (len(GREY_PROBES), 1), bytes(GREY_PROBES))
    else:
        probe = Image.frombytes("RGB", (len(PROBES), 1), bytes(levels))
    done = _converted(probe, opened)
    if done is None:
        return None
    moved = ImageChops.difference(done, probe.convert("RGB")).getextrema()
    return all(int(most) <= RGB_ALIKE_MAX for _, most in moved)  # type: ignore[misc]  # three channels


def _turned(picture: Image.Image, orientation: int) -> Image.Image:
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    return picture.transpose(turns[orientation])
