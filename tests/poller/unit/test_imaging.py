"""Decoding in a limited child: good pictures, bombs, broken ones, and children that die or hang."""

import asyncio
import io
import math
import os
import shutil
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import darkroom_poller
import pytest
from darkroom_poller.imaging import Unusable, examine
from darkroom_poller.imaging_costs import memory_bytes
from darkroom_poller.imaging_frames import ANSWER_HEAD, BrokenFrame, Order, pack_order, read_head
from darkroom_poller.imaging_workers import ImageLimits, ImagingFailed, ImagingWorkers, UnusablePicture
from darkroom_poller.metrics import PollerMetrics
from darkroom_poller.picture_bytes import Kind
from PIL import Image
from prometheus_client import CollectorRegistry
from support.picture_corpus import heic, photo
from support.pictures import picture, png_bomb

LIMITS = ImageLimits(pixels_max=50_000_000, thumbnail_pixels=400, seconds_max=60.0)
"""With more time than a busy machine may need; the time itself has a test of its own."""
CPU_SECONDS_MAX = 5.0


def make_workers(limits: ImageLimits = LIMITS) -> tuple[ImagingWorkers, PollerMetrics]:
    metrics = PollerMetrics(CollectorRegistry())
    return ImagingWorkers(1, limits, metrics), metrics


def killed(metrics: PollerMetrics) -> float:
    (family,) = metrics.image_workers_killed.collect()
    return next(sample.value for sample in family.samples if sample.name.endswith("_total"))


@pytest.fixture
async def workers() -> AsyncIterator[ImagingWorkers]:
    made, _ = make_workers()
    yield made
    await made.aclose()


def children() -> set[int]:
    """The decoding children of this process."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # a thread that has just ended
            found |= {int(pid) for pid in (task / "children").read_text().split()}
    return {pid for pid in found if is_decoding_child(pid)}


def is_decoding_child(pid: int) -> bool:
    try:
        return b"darkroom_poller.imaging" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # one that has just been reaped
        return False


def cpu_seconds(pid: int) -> float:
    """What a process has computed so far, whatever else the machine did meanwhile."""
    user, system = about(pid, "stat").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def about(pid: int, what: str) -> str:
    """What the kernel says of a process."""
    return Path(f"/proc/{pid}/{what}").read_text()


NEVER_RAISED = {"Max address space": 1_200_000_000, "Max file size": 0, "Max open files": 16, "Max core file size": 0}
"""The limits that a child cannot raise again: the hard ones, too, are at most this."""


def limits_of(pid: int) -> dict[str, tuple[float, float]]:
    """The soft and the hard limit of each kind that the kernel holds a process to."""
    found = {}
    for line in about(pid, "limits").splitlines()[1:]:
        soft, hard = (math.inf if one == "unlimited" else float(one) for one in line[26:].split()[:2])
        found[line[:26].strip()] = (soft, hard)
    return found


@pytest.mark.parametrize(("kind", "extension"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp")])
async def test_a_picture_is_measured_and_gets_a_small_copy(workers: ImagingWorkers, kind: str, extension: str) -> None:
    answer = await workers.examine(picture(1000, 500, kind=kind))
    assert (answer.extension, answer.width, answer.height, answer.replacement) == (extension, 1000, 500, b"")
    with Image.open(io.BytesIO(answer.thumbnail)) as small:
        assert (small.format, small.size) == ("JPEG", (400, 200))


async def test_a_small_picture_is_not_enlarged(workers: ImagingWorkers) -> None:
    answer = await workers.examine(picture(64, 48))
    with Image.open(io.BytesIO(answer.thumbnail)) as small:
        assert small.size == (64, 48)


async def test_a_turned_picture_is_measured_as_it_is_seen(workers: ImagingWorkers) -> None:
    image = Image.new("RGB", (800, 400), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    image.save(out, "JPEG", exif=exif)
    answer = await workers.examine(out.getvalue())
    assert (answer.width, answer.height) == (400, 800)
    with Image.open(io.BytesIO(answer.thumbnail)) as small:
        assert small.size == (200, 400)


async def test_what_browsers_do_not_show_is_made_into_what_they_do(workers: ImagingWorkers) -> None:
    answer = await workers.examine(picture(600, 400, mode="CMYK"))
    assert answer.extension == "jpg"
    with Image.open(io.BytesIO(answer.replacement)) as whole:
        assert (whole.format, whole.mode, whole.size) == ("JPEG", "RGB", (600, 400))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1"])
async def test_transparency_and_palettes_have_thumbnails_on_white(workers: ImagingWorkers, mode: str) -> None:
    image = Image.new("RGBA", (500, 500), (0, 0, 0, 0)).convert(mode) if mode != "1" else Image.new("1", (500, 500), 1)
    out = io.BytesIO()
    image.save(out, "PNG")
    answer = await workers.examine(out.getvalue())
    with Image.open(io.BytesIO(answer.thumbnail)) as small:
        corner = small.convert("RGB").getpixel((0, 0))
    assert corner == ((255, 255, 255) if mode in ("RGBA", "LA", "1") else corner)


def other_format(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, kind)
    return out.getvalue()


BROKEN = {
    "nothing": b"",
    "text": b"<html>Not found</html>",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "bmp": other_format("BMP"),
    "jpeg 2000": b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(100),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "truncated jpeg": picture(800, 600)[:-400],
    "half a jpeg": picture(800, 600)[: len(picture(800, 600)) // 2],
    "truncated png": picture(800, 600, kind="PNG")[:-500],
    "truncated webp": picture(800, 600, kind="WEBP")[:-500],
    "jpeg's magic alone": b"\xff\xd8\xff\xe0" + bytes(1000),
    "png's magic alone": b"\x89PNG\r\n\x1a\n" + bytes(1000),
    "webp's magic alone": b"RIFF\x00\x10\x00\x00WEBPVP8 " + bytes(1000),
    "900 megapixels": png_bomb(30_000, 30_000),
    "a line of two milliards": png_bomb(2_000_000_000, 1)[:10_000],
}


@pytest.mark.parametrize("name", BROKEN)
async def test_what_is_no_picture_of_ours_is_refused_in_words(name: str) -> None:
    made, metrics = make_workers()
    await made.examine(picture())
    (child,) = children()
    before = cpu_seconds(child)
    with pytest.raises(UnusablePicture) as refused:
        await made.examine(BROKEN[name])
    assert str(refused.value)
    assert cpu_seconds(child) - before < CPU_SECONDS_MAX
    assert (await made.examine(picture())).extension == "jpg"
    assert killed(metrics) == 0
    await made.aclose()


async def test_fifty_megapixels_are_decoded_and_one_more_line_is_not(workers: ImagingWorkers) -> None:
    answer = await workers.examine(png_bomb(10_000, 5_000))
    assert (answer.width, answer.height) == (10_000, 5_000)
    with pytest.raises(UnusablePicture, match="pixels"):
        await workers.examine(png_bomb(10_000, 5_001))


LARGE = replace(LIMITS, pixels_max=100_000_000, memory_bytes_max=2_400_000_000)


async def test_an_order_may_allow_more_pixels_or_fewer_than_usual_but_never_more_than_the_ceiling() -> None:
    made, _ = make_workers(LARGE)
    assert (await made.examine(png_bomb(10_000, 10_000), pixels_max=200_000_000)).width == 10_000
    for side, pixels_max in ((10_001, 200_000_000), (10_000, 50_000_000), (101, 10_000)):
        with pytest.raises(UnusablePicture, match="pixels"):
            await made.examine(png_bomb(side, side), pixels_max=pixels_max)
    await made.aclose()


async def test_the_format_that_is_decoded_must_be_one_of_the_kinds(workers: ImagingWorkers) -> None:
    assert (await workers.examine(picture(kind="PNG"), kinds=("JPEG", "PNG"))).extension == "png"
    assert (await workers.examine(heic(), kinds=("HEIF",))).width == 64
    refused: list[tuple[bytes, tuple[Kind, ...]]] = [
        (picture(kind="PNG"), ("JPEG", "WEBP")),
        (photo("AVIF"), ("HEIF",)),
        (heic(), ("AVIF",)),
    ]
    for data, kinds in refused:
        with pytest.raises(UnusablePicture, match=f"only {', '.join(kinds)} count"):
            await workers.examine(data, kinds=kinds)


def test_a_kind_is_what_was_decoded_whatever_the_file_was_called() -> None:
    order = Order(picture(kind="PNG"), 50_000_000, 400, kinds=("JPEG", "WEBP"))
    with pytest.raises(Unusable, match="the format is PNG, but only JPEG, WEBP count"):
        examine(order.data, order)
    assert examine(order.data, replace(order, kinds=("PNG",))).extension == "png"


def test_memory_grows_with_the_pixels_beyond_the_usual() -> None:
    assert [memory_bytes(pixels) for pixels in (1, 50_000_000, 75_000_000, 100_000_000)] == [
        1_200_000_000,
        1_200_000_000,
        1_800_000_000,
        2_400_000_000,
    ]


MEMORY_OF_ORDERS = """
import resource
from darkroom_poller import imaging
from darkroom_poller.imaging_frames import Order
imaging.confine(2_000_000_000)
for pixels_max in (10_000, 75_000_000, 100_000_000):
    with imaging.memory_for_one(Order(b"", pixels_max, 400)):
        print(*resource.getrlimit(resource.RLIMIT_AS))
print(*resource.getrlimit(resource.RLIMIT_AS))
"""


async def test_each_picture_has_the_memory_that_its_own_pixels_may_take_and_never_more_than_the_child() -> None:
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", MEMORY_OF_ORDERS, stdout=PIPE)
    answer, _ = await child.communicate()
    soft = [line.split()[0] for line in answer.decode().splitlines()]
    assert soft == ["1200000000", "1800000000", "2000000000", "2000000000"]
    assert {line.split()[1] for line in answer.decode().splitlines()} == {"2000000000"}


async def test_pictures_that_may_be_large_are_decoded_one_after_the_other() -> None:
    made = ImagingWorkers(2, LARGE, PollerMetrics(CollectorRegistry()))
    async with made._pixels.hold(60_000_000):
        waiting = asyncio.create_task(made.examine(picture(), pixels_max=60_000_000))
        for _ in range(10):
            await asyncio.sleep(0)
        assert made._free.qsize() == 2, "no child is taken before its pixels fit"
    assert (await waiting).width == 320
    await made.aclose()


async def test_a_child_that_was_killed_is_replaced() -> None:
    made, _ = make_workers()
    await made.examine(picture())
    (child,) = children()
    os.kill(child, signal.SIGKILL)
    with suppress(ImagingFailed):  # its end may not have been noticed yet: that one picture is tried again by its owner
        await made.examine(picture())
    assert (await made.examine(picture())).width == 320
    (other,) = children()
    assert other != child
    await made.aclose()
    assert not children()


async def test_a_child_that_hangs_is_killed() -> None:
    made, metrics = make_workers()
    await made.examine(picture())
    (child,) = children()
    os.kill(child, signal.SIGSTOP)
    made._limits = replace(LIMITS, seconds_max=0.5)
    with pytest.raises(ImagingFailed, match="not decoded within"):
        await made.examine(picture())
    assert killed(metrics) == 1
    assert not children()
    await made.aclose()


async def test_a_child_has_none_of_our_settings_and_limits_on_all_it_could_use(
    workers: ImagingWorkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DARKROOM_MEDIA_SECRET", "canary")
    await workers.examine(picture())
    (child,) = children()
    assert "canary" not in about(child, "environ")
    limits = limits_of(child)
    for name, most in NEVER_RAISED.items():
        assert max(limits[name]) <= most, name
    assert limits["Max processes"][0] == 0
    assert limits["Max cpu time"][0] <= 20


async def test_only_a_heic_picture_may_have_a_thread_and_only_while_it_is_decoded(workers: ImagingWorkers) -> None:
    assert (await workers.examine(heic())).width == 64
    (child,) = children()
    assert limits_of(child)["Max processes"][0] == 0


async def test_a_picture_that_needs_more_memory_than_a_child_may_use_is_refused_and_the_child_goes_on() -> None:
    made, metrics = make_workers(replace(LIMITS, pixels_max=2_000_000_000))
    with pytest.raises(UnusablePicture, match="memory"):
        await made.examine(png_bomb(36_000, 36_000))
    assert (await made.examine(picture())).width == 320
    assert killed(metrics) == 0
    await made.aclose()


AFTER_A_SECOND_OF_WORK = """
import resource, time
from darkroom_poller.imaging import limit_next_picture
while time.process_time() < 1.1:
    pass
limit_next_picture(10)
print(resource.getrlimit(resource.RLIMIT_CPU)[0])
"""


async def test_a_picture_has_its_whole_time_whatever_the_pictures_before_it_took() -> None:
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", AFTER_A_SECOND_OF_WORK, stdout=PIPE)
    answer, _ = await child.communicate()
    assert 11 <= int(answer) <= 20


async def test_a_child_runs_the_code_of_its_parent_wherever_that_was_imported_from(tmp_path: Path) -> None:
    shutil.copytree(Path(darkroom_poller.__file__).parent, tmp_path / "darkroom_poller")
    with (tmp_path / "darkroom_poller" / "imaging.py").open("a") as file:
        file.write("\n\ndef main() -> None:\n    print(__file__, sys.path[0])\n")
    parent = "import subprocess; from darkroom_poller.imaging_workers import COMMAND; subprocess.run(COMMAND, check=True)"
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-c", parent, stdout=PIPE, env={**os.environ, "PYTHONPATH": str(tmp_path)}
    )
    answer, _ = await started.communicate()
    file_name, first_on_path = answer.decode().split()
    assert file_name == str(tmp_path / "darkroom_poller" / "imaging.py")
    assert first_on_path != str(tmp_path), "modules beside the package would come before the standard library"


def test_an_answer_out_of_bounds_is_not_believed() -> None:
    for head in (
        (b"exe", 1, 1, 10, 0, 0),
        (b"jpg", 0, 1, 10, 0, 0),
        (b"jpg", 1, 1, 0, 0, 0),
        (b"jpg", 1, 1, 2**31, 0, 0),
        (b"jpg", 1, 1, 10, 2**31, 0),
        (b"", 0, 0, 0, 0, 2**31),
    ):
        with pytest.raises(BrokenFrame):
            read_head(ANSWER_HEAD.pack(*head))


AS_NOBODY = """
import os, sys
from darkroom_poller import imaging
imaging.load_decoders()
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
imaging.answer_orders(1_200_000_000)
"""


@pytest.mark.parametrize("kind", ["HEIC", "AVIF", "JPEG", "TIFF"])
async def test_every_format_is_decoded_under_the_limits_of_an_ordinary_user(kind: str) -> None:
    data = heic() if kind == "HEIC" else photo(kind)
    order = pack_order(Order(data, 50_000_000, 400)) + data
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", AS_NOBODY, stdin=PIPE, stdout=PIPE)
    answer, _ = await child.communicate(order)
    assert read_head(answer[: ANSWER_HEAD.size]).width == 64, answer[-300:]
