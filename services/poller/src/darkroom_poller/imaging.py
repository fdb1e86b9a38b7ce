"""The child process that decodes pictures (`imaging_workers` starts it). Everything hostile in a picture meets it here.

It has no settings, no way to write a file, and limits on memory and processor time; whatever goes wrong is an answer or its
death, never the parent's. Takes frames on stdin and answers on stdout (see `imaging_frames`); ends when stdin does.
"""

import io
import resource
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pillow_heif
from PIL import AvifImagePlugin, Image, ImageFile, UnidentifiedImageError

from darkroom_poller.imaging_costs import cpu_seconds, memory_bytes
from darkroom_poller.imaging_decode import is_srgb, on_checker, shown, without_full_alpha
from darkroom_poller.imaging_frames import REPLACEMENT_BYTES_MAX, Answer, Order, pack_answer, read_order
from darkroom_poller.picture_bytes import Cut, Essence, essence, kind_of

OPEN_FILES_MAX = 16
HEIC_THREADS_MAX = 4_096
"""The HEIC decoder starts one thread; the kernel counts those of all processes of the same user. Otherwise there are none."""
EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
"""Stored as they came, metadata apart."""
DECODERS = {"JPEG": ("JPEG",), "HEIF": ("HEIF",), "AVIF": ("AVIF",)}
"""By kind, where the decoder is not called like the kind alone. JPEG alone: never as MPO, for browsers show the first picture."""
WEB_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA"})
LOSSLESS = frozenset({"PNG", "GIF"})
THUMBNAIL_QUALITY = 80
RESULT_QUALITY = 92
PNG_EFFORT = 3
"""Of 9: half the time of the default for some per cent more bytes."""


class Unusable(Exception):
    """The bytes are no picture that we take; the message says why."""


def examine(data: bytes, order: Order) -> Answer:
    """Decode a picture wholly, within the limits, and make its thumbnail. Raises Unusable."""
    kind = kind_of(data)
    if kind is None:
        raise Unusable("not a picture of a format that is taken (JPEG, PNG, WebP, AVIF, HEIC, TIFF, GIF)")
    try:
        with _threads_for(kind):
            return _examine(essence(data, kind), data, order)
    except Cut as error:
        raise Unusable(str(error)) from error
    except UnidentifiedImageError as error:
        raise Unusable(f"a broken {kind} file") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unusable(f"it has more than {order.pixels_max} pixels") from error
    except MemoryError as error:
        raise Unusable("needs too much memory") from error
    except Unusable:
        raise
    except Exception as error:  # decoders raise what they like over broken data
        raise Unusable(f"cannot be decoded: {type(error).__name__}: {error}"[:200]) from error


def _examine(file: Essence, original: bytes, order: Order) -> Answer:
    """Judges the bytes without metadata: what is decoded is what is stored."""
    with Image.open(io.BytesIO(file.data), formats=DECODERS.get(file.kind, (file.kind,))) as picture:
        if order.kinds and file.kind not in order.kinds:
            raise Unusable(f"the format is {file.kind}, but only {', '.join(order.kinds)} count for this product")
        width, height = picture.size
        if width < 1 or height < 1 or width * height > order.pixels_max:
            raise Unusable(f"{width} x {height} are more than {order.pixels_max} pixels")
        profile = file.profile if file.kind in EXTENSIONS else picture.info.get("icc_profile")
        if _kept_as_it_is(picture, file, profile):
            readable = is_srgb(profile, grey=_is_grey(picture)) is not None
            kept = file.data if readable else essence(original, file.kind, keep_profile=False).data
            return _kept(picture, file, order, b"" if kept == original else kept)
        whole = without_full_alpha(shown(picture, file, profile))
        extension = "png" if file.kind in LOSSLESS or whole.mode in ("LA", "RGBA") else "jpg"
        replacement = _png(whole) if extension == "png" else _jpeg(whole, RESULT_QUALITY)
        if len(replacement) > REPLACEMENT_BYTES_MAX:
            raise Unusable(f"made into a {extension} file it has more than {REPLACEMENT_BYTES_MAX} bytes")
        width, height = whole.size
        return Answer(extension, width, height, _thumbnail(whole, order.thumbnail_pixels), replacement)


@contextmanager
def _threads_for(kind: str) -> Iterator[None]:
    """Let the HEIC decoder start its thread, without which it decodes nothing; no other decoder may."""
    allowed = resource.getrlimit(resource.RLIMIT_NPROC)
    if kind != "HEIF":
        yield
        return
    resource.setrlimit(resource.RLIMIT_NPROC, (allowed[1], allowed[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NPROC, allowed)


def _is_grey(picture: Image.Image) -> bool:
    return picture.mode in ("1", "L", "LA")


def _kept_as_it_is(picture: ImageFile.ImageFile, file: Essence, profile: bytes | None) -> bool:
    """Whether browsers, and everyone else who reads the file, see what a person should."""
    if file.kind not in EXTENSIONS or picture.mode not in WEB_MODES or file.orientation != 1:
        return False
    if file.kind == "WEBP" and getattr(picture, "n_frames", 1) > 1:
        return False
    return is_srgb(profile, grey=_is_grey(picture)) is not False


def _kept(picture: ImageFile.ImageFile, file: Essence, order: Order, replacement: bytes) -> Answer:
    width, height = picture.size
    side = order.thumbnail_pixels
    picture.draft("RGB", (side, side))  # JPEG decodes at a fraction of its size, and still reads every byte
    picture.load()
    thumbnail = _thumbnail(shown(picture, file, None), side)
    return Answer(EXTENSIONS[file.kind], width, height, thumbnail, replacement)


def _thumbnail(picture: Image.Image, side: int) -> bytes:
    picture.thumbnail((side, side), Image.Resampling.HAMMING, reducing_gap=2.0)  # half of LANCZOS' cost, hard to tell apart
    return _jpeg(on_checker(picture), THUMBNAIL_QUALITY)


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, exif=b"", icc_profile=None, comment=b"")
    return out.getvalue()


def _png(picture: Image.Image) -> bytes:
    bare = picture.copy()
    bare.info = {}
    out = io.BytesIO()
    bare.save(out, "PNG", compress_level=PNG_EFFORT)
    return out.getvalue()


def confine(memory_bytes_max: int) -> None:
    """Give up all that decoding does not need. Not to be undone by this process."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes_max, memory_bytes_max))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES_MAX, OPEN_FILES_MAX))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, HEIC_THREADS_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("error", Image.DecompressionBombWarning)


def limit_next_picture(cpu_seconds_max: int) -> None:
    """Processor time for one more picture; the kernel ends the process when it takes more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    allowed = int(used.ru_utime + used.ru_stime) + cpu_seconds_max
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, resource.getrlimit(resource.RLIMIT_CPU)[1]))


@contextmanager
def memory_for_one(order: Order) -> Iterator[None]:
    """Hold one picture to the memory that its pixels may take; the whole is what this process may ever have."""
    whole = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (min(whole, memory_bytes(order.pixels_max)), whole))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (whole, whole))


def load_decoders() -> None:
    """Import all that decoding needs, while files may still be opened."""
    Image.init()
    pillow_heif.register_heif_opener(thumbnails=False, decode_threads=1)
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # the child may not start threads


def main() -> None:
    """Answer orders until stdin ends. The argument: the most memory that any order may need, in bytes."""
    load_decoders()
    answer_orders(int(sys.argv[1]))


def answer_orders(memory_bytes_max: int) -> None:
    """Give up all rights, then answer until stdin ends."""
    confine(memory_bytes_max)
    while (order := read_order(sys.stdin.buffer)) is not None:
        limit_next_picture(cpu_seconds(order.pixels_max))
        Image.MAX_IMAGE_PIXELS = order.pixels_max
        try:
            with memory_for_one(order):
                answer = examine(order.data, order)
        except Unusable as error:
            answer = Answer("", 0, 0, b"", b"", refused=str(error))
        sys.stdout.buffer.write(pack_answer(answer))
        sys.stdout.buffer.flush()
