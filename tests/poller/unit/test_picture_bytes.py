"""The rules of pictures' bytes and tones, without a child process."""

import io

import pytest
from darkroom_poller.imaging_decode import shown
from darkroom_poller.picture_bytes import Cut, essence, kind_of, looks_like_text, orientation_of
from PIL import Image
from support.picture_corpus import METADATA, RAMP_SHOWN, Sample, photo, ramp16, turned

WITH_SECRETS = [sample for sample in METADATA if b"SECRET" in sample.make() and kind_of(sample.make()) in ("JPEG", "PNG", "WEBP")]


def test_sixteen_bits_are_scaled_to_eight() -> None:
    data = ramp16(1, 0)
    with Image.open(io.BytesIO(data)) as picture:
        seen = shown(picture, essence(data, "PNG"), None)
    assert [seen.getpixel((16 * place + 8, 8)) for place in range(5)] == list(RAMP_SHOWN)


@pytest.mark.parametrize("sample", WITH_SECRETS, ids=lambda sample: sample.name)
def test_the_essence_of_a_file_names_nobody(sample: Sample) -> None:
    data = sample.make()
    kind = kind_of(data)
    assert kind is not None
    assert b"SECRET" not in essence(data, kind).data


def test_the_essence_of_a_file_without_metadata_is_the_file() -> None:
    for kind in ("JPEG", "PNG", "WEBP"):
        data = photo(kind)
        assert essence(data, kind).data == data


@pytest.mark.parametrize("orientation", range(2, 9))
def test_the_orientation_is_read_before_it_is_dropped(orientation: int) -> None:
    assert essence(turned(orientation, "JPEG"), "JPEG").orientation == orientation


@pytest.mark.parametrize("junk", [b"", b"Exif\0\0", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff", b"\xff" * 40])
def test_junk_in_exif_is_no_orientation(junk: bytes) -> None:
    assert orientation_of(junk) == 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_file_cut_anywhere_is_cut_and_nothing_else(kind: str) -> None:
    data = photo(kind)
    for length in range(12, len(data) - 1, 7):
        with pytest.raises(Cut):
            essence(data[:length], kind)  # type: ignore[arg-type]  # a literal of Kind


def test_text_is_told_from_pictures_and_drawings() -> None:
    assert looks_like_text(b"<!doctype html>\n<p>Wait")
    assert looks_like_text('{"detail":"später"}'.encode())
    assert not looks_like_text(b"<?xml version='1.0'?><svg/>")
    assert not looks_like_text(photo())
