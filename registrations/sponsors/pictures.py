"""Pictures that sponsors send: their pixels alone, drawn again and kept small."""

import io
import warnings
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from PIL import Image

from convention.errors import Unreadable

MAX_BYTES: Final = 5 * 1024 * 1024
MAX_SIZE: Final = (1200, 600)
MAX_PIXELS: Final = 16_000_000
"""Each takes four bytes several times over; a file of a few kilobytes may hold a hundred million."""
KINDS: Final = ("PNG", "JPEG")


@dataclass(frozen=True)
class Picture:
    """A PNG and its size in pixels."""

    content: bytes
    width: int
    height: int


def redraw(content: bytes) -> Picture:
    """Draw the pixels again, small and on white where they are transparent.

    Raises Unreadable for anything but a PNG or JPEG of at most 5 MB and 16 million pixels.
    """
    if len(content) > MAX_BYTES:
        raise Unreadable(_("This file is larger than %(most)d MB.") % {"most": MAX_BYTES // 1024**2})
    pixels = open_pixels(content)
    page = Image.new("RGBA", pixels.size, "white")
    page.alpha_composite(pixels)
    drawn = page.convert("RGB")
    drawn.thumbnail(MAX_SIZE)
    return Picture(encode_png(drawn), drawn.width, drawn.height)


def open_pixels(content: bytes) -> Image.Image:
    """Return the pixels with their transparency. Raises Unreadable: damaged, no picture, or far too large."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=KINDS) as sent:
                return read_pixels(sent)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Unreadable(_("This picture has too many pixels; 1200 by 600 are enough.")) from None
    except MemoryError:
        raise
    except Exception as error:  # a damaged picture fails in the library in a dozen ways
        raise Unreadable(_("Send a PNG or JPEG picture that opens on your own screen.")) from error


def read_pixels(sent: Image.Image) -> Image.Image:
    """Unpack the pixels. Raises DecompressionBombError for too many, before they are unpacked."""
    if sent.width * sent.height > MAX_PIXELS:
        raise Image.DecompressionBombError
    return sent.convert("RGBA")


def encode_png(picture: Image.Image) -> bytes:
    """Return a PNG without anything but pixels."""
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()
