"""Every kind of picture through the decoding child: what is stored shows what a person should see, without metadata."""

import io
from collections.abc import AsyncIterator

import pytest
from darkroom_poller.imaging_workers import ImageLimits, ImagingWorkers, UnusablePicture
from darkroom_poller.metrics import PollerMetrics
from PIL import Image
from prometheus_client import CollectorRegistry
from support.picture_corpus import CORPUS, Sample

GOOD = [sample for sample in CORPUS if sample.stored]
BAD = [sample for sample in CORPUS if not sample.stored]
THUMBNAIL_WITHIN = 30
"""A JPEG of few pixels with hard edges between full colours."""


@pytest.fixture(scope="module")
async def workers() -> AsyncIterator[ImagingWorkers]:
    made = ImagingWorkers(1, ImageLimits(50_000_000, 400, 60.0), PollerMetrics(CollectorRegistry()))
    yield made
    await made.aclose()


def test_the_corpus_is_large_and_its_names_are_its_own() -> None:
    assert len(CORPUS) >= 60
    assert len({sample.name for sample in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("sample", GOOD, ids=lambda sample: sample.name)
async def test_an_honest_picture_is_stored_as_it_looks(workers: ImagingWorkers, sample: Sample) -> None:
    data = sample.make()
    answer = await workers.examine(data)
    kept = answer.replacement or data
    assert answer.extension == sample.stored
    assert not (sample.untouched and answer.replacement), "the bytes needed no change"
    assert b"SECRET" not in kept
    assert b"SECRET" not in answer.thumbnail
    with Image.open(io.BytesIO(kept)) as whole, Image.open(io.BytesIO(answer.thumbnail)) as small:
        assert whole.size == (answer.width, answer.height) == (sample.size or whole.size)
        assert whole.getexif().get(0x0112, 1) == 1
        assert small.size == whole.size, "the corpus is smaller than a thumbnail"
        for at, pixel in sample.pixels:
            near(whole, at, pixel, sample.within)
            if len(pixel) == 3 or pixel[3] == 255:
                near(small, at, pixel[:3], max(sample.within, THUMBNAIL_WITHIN if sample.within > 2 else 3))
            elif at[0] < 8 and at[1] < 8:
                near(small, at, (255, 255, 255), 40)


def near(picture: Image.Image, at: tuple[int, int], pixel: tuple[int, ...], within: int) -> None:
    seen = picture.convert("RGBA" if len(pixel) == 4 else "RGB").getpixel(at)
    assert isinstance(seen, tuple)
    if len(pixel) == 4 and pixel[3] == 0:
        assert seen[3] == 0, f"{seen} at {at} is not transparent"
        return
    assert all(abs(a - b) <= within for a, b in zip(seen, pixel, strict=True)), f"{seen} at {at}, expected {pixel}"


@pytest.mark.parametrize("sample", BAD, ids=lambda sample: sample.name)
async def test_what_is_no_whole_picture_is_refused_in_words(workers: ImagingWorkers, sample: Sample) -> None:
    with pytest.raises(UnusablePicture, match=r"\w{3}"):
        await workers.examine(sample.make())
