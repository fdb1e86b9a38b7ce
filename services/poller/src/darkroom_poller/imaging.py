"""The child process that decodes pictures: `python -I -m darkroom_poller.imaging`. Everything hostile in a picture meets it here.

It has no settings, no way to write a file, and limits on memory and processor time; whatever goes wrong is an answer or its
death, never the parent's. Takes frames on stdin and answers on stdout (see `imaging_frames`); ends when stdin does.
"""

import io
import resource
import sys
import warnings

from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from darkroom_poller.imaging_frames import Answer, Order, pack_answer, read_order

MEMORY_BYTES_MAX = 1_200_000_000
CPU_SECONDS_MAX = 10
"""For one picture."""
OPEN_FILES_MAX = 16
FORMATS = ("JPEG", "PNG", "WEBP")
EXTENSIONS = {"JPEG": "jpg", "MPO": "jpg", "PNG": "png", "WEBP": "webp"}
"""MPO is a JPEG with more pictures behind the first, such as a gain map; browsers show the first."""
WEB_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA"})
PROFILE_BYTES_MAX = 20_000
THUMBNAIL_QUALITY = 80
RESULT_QUALITY = 92
WHITE = (255, 255, 255)


class Unusable(Exception):
    """The bytes are no picture that we take; the message says why."""


def examine(data: bytes, order: Order) -> Answer:
    """Decode a picture wholly, within the limits, and make its thumbnail. Raises Unusable."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            return _examine(picture, order)
    except UnidentifiedImageError as error:
        raise Unusable("neither JPEG, PNG nor WebP") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unusable("too many pixels") from error
    except MemoryError as error:
        raise Unusable("needs too much memory") from error
    except Exception as error:  # decoders raise what they like over broken data
        raise Unusable(f"cannot be decoded: {type(error).__name__}: {error}"[:200]) from error


def _examine(picture: ImageFile.ImageFile, order: Order) -> Answer:
    width, height = picture.size
    if width < 1 or height < 1 or width * height > order.pixels_max:
        raise Unusable(f"{width} x {height} pixels are too many")
    if picture.format in ("PNG", "WEBP") and getattr(picture, "n_frames", 1) > 1:
        raise Unusable("more than one frame")
    extension, web_ready = EXTENSIONS[str(picture.format)], picture.mode in WEB_MODES
    turned = picture.getexif().get(0x0112, 1) in (5, 6, 7, 8)
    side = order.thumbnail_pixels
    if web_ready:
        picture.draft("RGB", (side, side))  # JPEG decodes at a fraction of its size, and still reads every byte
        picture.load()
        replacement = b""
    else:
        replacement, extension = _jpeg(ImageOps.exif_transpose(picture).convert("RGB"), RESULT_QUALITY), "jpg"
    thumbnail = _thumbnail(picture, side)
    if turned:
        width, height = height, width
    return Answer(extension, width, height, thumbnail, replacement)


def _thumbnail(picture: Image.Image, side: int) -> bytes:
    small = picture if picture.mode in ("RGB", "RGBA", "L", "LA") else picture.convert("RGBA")
    small.thumbnail((side, side), Image.Resampling.HAMMING, reducing_gap=2.0)  # half of LANCZOS' cost, and hard to tell apart
    small = ImageOps.exif_transpose(small)
    if small.mode in ("RGBA", "LA"):
        ground = Image.new("RGB", small.size, WHITE)
        ground.paste(small.convert("RGBA"), mask=small.getchannel("A"))
        small = ground
    return _jpeg(small.convert("RGB"), THUMBNAIL_QUALITY, profile=picture.info.get("icc_profile"))


def _jpeg(picture: Image.Image, quality: int, *, profile: bytes | None = None) -> bytes:
    out = io.BytesIO()
    kept = profile if profile and len(profile) <= PROFILE_BYTES_MAX else None
    picture.save(out, "JPEG", quality=quality, icc_profile=kept)
    return out.getvalue()


def confine() -> None:
    """Give up all that decoding does not need. Not to be undone by this process."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES_MAX, OPEN_FILES_MAX))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("error", Image.DecompressionBombWarning)


def limit_next_picture() -> None:
    """Processor time for one more picture; the kernel ends the process when it takes more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(used.ru_utime + used.ru_stime) + CPU_SECONDS_MAX
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def main() -> None:
    """Answer orders until stdin ends."""
    Image.init()
    confine()
    while (order := read_order(sys.stdin.buffer)) is not None:
        limit_next_picture()
        Image.MAX_IMAGE_PIXELS = order.pixels_max
        try:
            answer = examine(order.data, order)
        except Unusable as error:
            answer = Answer("", 0, 0, b"", b"", refused=str(error))
        sys.stdout.buffer.write(pack_answer(answer))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
