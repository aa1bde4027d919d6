"""Redraw uploaded logos, so that nothing but pixels is stored; run in a child process."""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _

from convention.parsing.pictures import PictureRules, decode_picture, encode_png, flatten_on_white

MAX_UPLOAD_BYTES: Final = 5 * 1024 * 1024
MAX_LOGO_SIZE: Final = (1200, 600)
LOGO_RULES: Final = PictureRules(
    formats=("PNG", "JPEG"),
    max_bytes=MAX_UPLOAD_BYTES,
    max_pixels=16_000_000,
    too_large=_("This file is larger than %(most)d MB."),
    too_many_pixels=_("This image has too many pixels. Choose a smaller one; 1200 × 600 is enough."),
    unreadable=_("Send a PNG or JPEG image; this file cannot be read."),
)


@dataclass(frozen=True)
class LogoPicture:
    """A PNG with its size in pixels."""

    content: bytes
    width: int
    height: int


def redraw_picture(image_bytes: bytes) -> LogoPicture:
    """Redraw the pixels, at most MAX_LOGO_SIZE, on white where they are transparent.

    Raise UnreadableFile for anything but a PNG or JPEG of at most 5 MB and 16 million pixels.
    """
    drawn = decode_picture(image_bytes, LOGO_RULES, flatten_on_white)
    drawn.thumbnail(MAX_LOGO_SIZE)
    return LogoPicture(encode_png(drawn), drawn.width, drawn.height)
