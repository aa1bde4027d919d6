"""Redraw uploaded photographs, so that nothing but pixels is stored; run in a child process."""

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import Image, ImageOps

from convention.errors import UnreadableFile
from convention.parsing.pictures import PictureRules, decode_picture, encode_jpeg, flatten_on_white

MAX_UPLOAD_BYTES: Final = 10 * 1024 * 1024
MIN_SIDE: Final = 100
PHOTO_SIDE: Final = 800
PHOTO_RULES: Final = PictureRules(
    formats=("JPEG", "PNG", "WEBP"),
    max_bytes=MAX_UPLOAD_BYTES,
    # The largest photographs of phones have 50 million pixels.
    max_pixels=52_000_000,
    too_large=gettext_lazy("This photograph is larger than %(most)d MB. Choose a smaller one."),
    too_many_pixels=gettext_lazy(
        "This photograph has too many pixels. Choose a smaller one; 800 × 800 is enough."
    ),
    unreadable=gettext_lazy("This file cannot be read as a photograph. Choose a JPEG, PNG or WebP."),
)
# The head is in the upper part of a portrait: only a fifth of what is cropped is cropped at the top.
CENTER: Final = (0.5, 0.2)


def redraw_photo(image_bytes: bytes) -> bytes:
    """Return the photograph as a square JPEG of at most PHOTO_SIDE pixels, upright and without metadata.

    Raise UnreadableFile for anything but a JPEG, PNG or WebP of at most 10 MB.
    """
    return encode_jpeg(crop_square(decode_picture(image_bytes, PHOTO_RULES, unpack_photo)))


def unpack_photo(image: Image.Image) -> Image.Image:
    """Return the upright pixels on white, at most a few times PHOTO_SIDE for a JPEG."""
    if min(image.size) < MIN_SIDE:
        raise UnreadableFile(
            _("This photograph is too small: it needs at least %(side)d by %(side)d pixels.")
            % {"side": MIN_SIDE}
        )
    # A JPEG is unpacked at a fraction of its size, in a fraction of the memory.
    image.draft("RGB", (2 * PHOTO_SIDE, 2 * PHOTO_SIDE))
    image.thumbnail((4 * PHOTO_SIDE, 4 * PHOTO_SIDE))
    return flatten_on_white(ImageOps.exif_transpose(image))


def crop_square(image: Image.Image) -> Image.Image:
    """Return the largest square of the image, at most PHOTO_SIDE pixels wide."""
    side = min(*image.size, PHOTO_SIDE)
    return ImageOps.fit(image, (side, side), method=Image.Resampling.LANCZOS, centering=CENTER)
