"""Redraw uploaded photographs, so that nothing but pixels is stored; run in a child process."""

import io
import warnings
from typing import Final

from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from convention.errors import UnreadableFile

MAX_UPLOAD_BYTES: Final = 10 * 1024 * 1024
MIN_SIDE: Final = 100
PHOTO_SIDE: Final = 800
# The largest photographs of phones have 50 million pixels.
MAX_UPLOAD_PIXELS: Final = 52_000_000
JPEG_QUALITY: Final = 85
IMAGE_FORMATS: Final = ("JPEG", "PNG", "WEBP")
# Of a portrait, the head is in the upper part: a fifth of what is cut off is cut at the top.
CENTER: Final = (0.5, 0.2)


def redraw_photo(image_bytes: bytes) -> bytes:
    """Return the photograph as a square JPEG of at most PHOTO_SIDE pixels, upright and without metadata.

    Raise UnreadableFile for anything but a JPEG, PNG or WebP of at most 10 MB.
    """
    if len(image_bytes) > MAX_UPLOAD_BYTES:
        raise UnreadableFile(
            _("This photograph is larger than %(most)d MB. Choose a smaller one.")
            % {"most": MAX_UPLOAD_BYTES // 1024**2}
        )
    square = crop_square(decode_photo(image_bytes))
    file = io.BytesIO()
    square.save(file, "JPEG", quality=JPEG_QUALITY, optimize=True)
    return file.getvalue()


def decode_photo(image_bytes: bytes) -> Image.Image:
    """Return the upright pixels, at most a few times PHOTO_SIDE for a JPEG. Raise UnreadableFile."""
    try:
        with warnings.catch_warnings():
            # Pillow only warns between its limit and twice that.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Named formats only: the decoders of rare ones are the least tested.
            with Image.open(io.BytesIO(image_bytes), formats=IMAGE_FORMATS) as sent:
                return unpack_photo(sent)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise UnreadableFile(
            _("This photograph has too many pixels. Choose a smaller one; 800 by 800 are enough.")
        ) from None
    except (UnreadableFile, MemoryError):
        raise
    except Exception as error:  # Pillow raises many kinds of errors for damaged files
        raise UnreadableFile(
            _("This file cannot be read as a photograph. Choose a JPEG, PNG or WebP.")
        ) from error


def unpack_photo(image: Image.Image) -> Image.Image:
    """Return the pixels on white. Raise DecompressionBombError before unpacking too many."""
    if image.width * image.height > MAX_UPLOAD_PIXELS:
        raise Image.DecompressionBombError
    if min(image.size) < MIN_SIDE:
        raise UnreadableFile(
            _("This photograph is too small: it needs at least %(side)d by %(side)d pixels.")
            % {"side": MIN_SIDE}
        )
    # A JPEG is unpacked at a fraction of its size, in a fraction of the memory.
    image.draft("RGB", (2 * PHOTO_SIDE, 2 * PHOTO_SIDE))
    image.thumbnail((4 * PHOTO_SIDE, 4 * PHOTO_SIDE))
    upright = ImageOps.exif_transpose(image).convert("RGBA")
    page = Image.new("RGBA", upright.size, "white")
    page.alpha_composite(upright)
    return page.convert("RGB")


def crop_square(image: Image.Image) -> Image.Image:
    """Return the largest square of the image, at most PHOTO_SIDE pixels wide."""
    side = min(*image.size, PHOTO_SIDE)
    square = ImageOps.fit(image, (side, side), method=Image.Resampling.LANCZOS, centering=CENTER)
    # A new image has no metadata to save.
    clean = Image.new("RGB", square.size)
    clean.paste(square)
    return clean
