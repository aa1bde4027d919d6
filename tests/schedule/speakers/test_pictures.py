"""Uploaded photographs are redrawn: square, upright, without metadata."""

import io

import pytest
from django.utils import translation
from PIL import Image

from convention.errors import UnreadableFile
from schedule.speakers.pictures import MAX_UPLOAD_BYTES, redraw_photo
from tests.schedule.speakers.factories import make_image


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photograph_becomes_a_square_jpeg(kind):
    photo = Image.open(io.BytesIO(redraw_photo(make_image(1200, 900, kind=kind))))

    assert photo.format == "JPEG"
    assert photo.size == (800, 800)


def test_a_small_photograph_is_not_enlarged():
    assert Image.open(io.BytesIO(redraw_photo(make_image(300, 200)))).size == (200, 200)


def test_metadata_is_removed():
    content = redraw_photo(make_image(exif=True))

    assert b"Secret Camera" not in content
    assert not Image.open(io.BytesIO(content)).getexif()


def test_a_rotated_photograph_is_shown_upright():
    image = Image.new("RGB", (400, 800), "white")
    image.paste("black", (0, 0, 400, 100))
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = 3  # upside down
    image.save(file, "JPEG", exif=exif)

    photo = Image.open(io.BytesIO(redraw_photo(file.getvalue())))

    assert photo.getpixel((200, 10)) == pytest.approx((255, 255, 255), abs=5)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"GIF89a", "JPEG, PNG or WebP"),
        (make_image(kind="GIF"), "JPEG, PNG or WebP"),
        (make_image()[:2000], "JPEG, PNG or WebP"),
        (b"x" * (MAX_UPLOAD_BYTES + 1), "larger than 10 MB"),
        (make_image(50, 50), "too small"),
        (make_image(9000, 6000, kind="PNG"), "too many pixels"),
    ],
)
def test_invalid_files_are_refused_with_an_error_message(content, sentence):
    with translation.override("en"), pytest.raises(UnreadableFile, match=sentence):
        redraw_photo(content)
