"""Decode uploaded pictures for redrawing, so that nothing but pixels is stored; run in a child process.

Each use has its own `PictureRules` and decides how the pixels are unpacked and encoded.
"""

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from PIL import Image

from convention.errors import UnreadableFile

JPEG_QUALITY: Final = 85


@dataclass(frozen=True)
class PictureRules:
    """The files that are accepted, and a sentence for each reason to refuse one.

    `too_large` has a placeholder `most`, for the number of megabytes.
    """

    formats: tuple[str, ...]
    max_bytes: int
    # A pixel takes four bytes, in several copies; a file of a few kilobytes may unpack to a hundred million.
    max_pixels: int
    too_large: str | Promise
    too_many_pixels: str | Promise
    unreadable: str | Promise


def decode_picture(
    image_bytes: bytes, rules: PictureRules, unpack: Callable[[Image.Image], Image.Image]
) -> Image.Image:
    """Return the pixels that `unpack` makes of an accepted file. Raise UnreadableFile for any other."""
    if len(image_bytes) > rules.max_bytes:
        raise UnreadableFile(str(rules.too_large) % {"most": rules.max_bytes // 1024**2})
    try:
        with warnings.catch_warnings():
            # Pillow only warns between its limit and twice that.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Named formats only: the decoders of rare ones are the least tested.
            with Image.open(io.BytesIO(image_bytes), formats=rules.formats) as uploaded_image:
                _check_size(uploaded_image, rules)
                return unpack(uploaded_image)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise UnreadableFile(str(rules.too_many_pixels)) from None
    # The child process reports a MemoryError as FileTooDemanding.
    except (UnreadableFile, MemoryError):
        raise
    except Exception as error:  # Pillow raises many kinds of errors for damaged files
        raise UnreadableFile(str(rules.unreadable)) from error


def _check_size(image: Image.Image, rules: PictureRules) -> None:
    """Raise DecompressionBombError for too many pixels, by the header: nothing is unpacked yet."""
    if image.width * image.height > rules.max_pixels:
        raise Image.DecompressionBombError


def flatten_on_white(image: Image.Image) -> Image.Image:
    """Return the pixels without transparency and metadata, on white."""
    pixels = image.convert("RGBA")
    background = Image.new("RGBA", pixels.size, "white")
    background.alpha_composite(pixels)
    return background.convert("RGB")


def encode_png(picture: Image.Image) -> bytes:
    """Return a PNG without any metadata."""
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def encode_jpeg(picture: Image.Image) -> bytes:
    """Return a JPEG without any metadata."""
    # A new image has no metadata to save.
    clean = Image.new("RGB", picture.size)
    clean.paste(picture)
    file = io.BytesIO()
    clean.save(file, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return file.getvalue()
