"""Redraw the uploaded pictures of an event, so that nothing but pixels is stored; run in a child process."""

from dataclasses import dataclass
from functools import partial
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from PIL import ExifTags, Image, ImageOps

from convention.errors import UnreadableFile
from convention.parsing.pictures import (
    PictureRules,
    decode_picture,
    encode_jpeg,
    encode_png,
    flatten_on_white,
)

MAX_UPLOAD_BYTES: Final = 10 * 1024 * 1024
RULES: Final = PictureRules(
    formats=("JPEG", "PNG", "WEBP"),
    max_bytes=MAX_UPLOAD_BYTES,
    # The largest photographs of phones have 50 million pixels.
    max_pixels=52_000_000,
    too_large=gettext_lazy("This picture is larger than %(most)d MB. Choose a smaller one."),
    too_many_pixels=gettext_lazy("This picture has too many pixels. Choose a smaller one."),
    unreadable=gettext_lazy("This file cannot be read as a picture. Choose a JPEG, PNG or WebP."),
)

# Of photographs stored on their side; the other four are upright or upside down.
SIDEWAYS_ORIENTATIONS: Final = (5, 6, 7, 8)


@dataclass(frozen=True)
class SizeLimits:
    """The smallest accepted size and the largest stored size, each as width and height in pixels."""

    smallest: tuple[int, int]
    largest: tuple[int, int]


@dataclass(frozen=True)
class RedrawnPicture:
    """A picture as it is stored, with its size in pixels."""

    content: bytes
    mimetype: str
    width: int
    height: int


def redraw_picture(image_bytes: bytes, limits: SizeLimits) -> RedrawnPicture:
    """Redraw the pixels upright and on white, as JPEG or PNG, whichever is smaller.

    Raise UnreadableFile for anything but a JPEG, PNG or WebP of at most 10 MB, and for a picture too small or
    too narrow.
    """
    redrawn_image = decode_picture(image_bytes, RULES, partial(unpack_picture, limits=limits))
    redrawn_image.thumbnail(limits.largest)
    if redrawn_image.width < limits.smallest[0] or redrawn_image.height < limits.smallest[1]:
        # Large enough as uploaded, but too thin once its long side fits.
        raise UnreadableFile(
            _(
                "This picture is too long and narrow: scaled down to %(largest)s pixels, it would be smaller "
                "than %(smallest)s. Crop it first."
            )
            % {"largest": _format_size(limits.largest), "smallest": _format_size(limits.smallest)}
        )
    files = [(encode_jpeg(redrawn_image), "image/jpeg"), (encode_png(redrawn_image), "image/png")]
    content, mimetype = min(files, key=lambda file: len(file[0]))
    return RedrawnPicture(content, mimetype, redrawn_image.width, redrawn_image.height)


def unpack_picture(image: Image.Image, *, limits: SizeLimits) -> Image.Image:
    """Return the upright pixels on white. Raise UnreadableFile for a picture too small."""
    smallest, largest = limits.smallest, limits.largest
    width, height = image.size
    if image.getexif().get(ExifTags.Base.Orientation) in SIDEWAYS_ORIENTATIONS:
        # Shown upright below; unpacking a large picture to measure it would cost its memory.
        width, height = height, width
    if width < smallest[0] or height < smallest[1]:
        raise UnreadableFile(
            _("This picture is too small: it needs at least %(width)d by %(height)d pixels.")
            % {"width": smallest[0], "height": smallest[1]}
        )
    # A JPEG is unpacked at a fraction of its size, in a fraction of the memory.
    image.draft("RGB", (2 * max(largest), 2 * max(largest)))
    image.thumbnail((2 * max(largest), 2 * max(largest)))
    return flatten_on_white(ImageOps.exif_transpose(image))


def _format_size(size: tuple[int, int]) -> str:
    return f"{size[0]}\u202f×\u202f{size[1]}"
