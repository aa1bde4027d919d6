"""Redraw uploaded pictures, so that nothing but pixels is stored."""

import io
import warnings
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from PIL import Image

from convention.errors import UnreadableFile

MAX_UPLOAD_BYTES: Final = 5 * 1024 * 1024
MAX_LOGO_SIZE: Final = (1200, 600)
# A pixel takes four bytes, in several copies; a file of a few kilobytes may unpack to a hundred million.
MAX_UPLOAD_PIXELS: Final = 16_000_000
IMAGE_FORMATS: Final = ("PNG", "JPEG")


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
    if len(image_bytes) > MAX_UPLOAD_BYTES:
        raise UnreadableFile(
            _("This file is larger than %(most)d MB.") % {"most": MAX_UPLOAD_BYTES // 1024**2}
        )
    pixels = decode_picture(image_bytes)
    page = Image.new("RGBA", pixels.size, "white")
    page.alpha_composite(pixels)
    drawn = page.convert("RGB")
    drawn.thumbnail(MAX_LOGO_SIZE)
    return LogoPicture(encode_png(drawn), drawn.width, drawn.height)


def decode_picture(image_bytes: bytes) -> Image.Image:
    """Return the pixels with their transparency. Raise UnreadableFile."""
    try:
        with warnings.catch_warnings():
            # Pillow only warns between its limit and twice that.
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Named formats only: the decoders of rare ones are the least tested.
            with Image.open(io.BytesIO(image_bytes), formats=IMAGE_FORMATS) as sent:
                return unpack_pixels(sent)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise UnreadableFile(_("This image has too many pixels; 1200 × 600 are enough.")) from None
    # Not the file's fault as far as we know: the child process reports it.
    except MemoryError:
        raise
    except Exception as error:  # Pillow raises many kinds of errors for damaged files
        raise UnreadableFile(_("Send a PNG or JPEG image; this file cannot be read.")) from error


def unpack_pixels(image: Image.Image) -> Image.Image:
    """Return the unpacked pixels. Raise DecompressionBombError for too many, before unpacking them."""
    # The size is read from the header; `convert` is what unpacks.
    if image.width * image.height > MAX_UPLOAD_PIXELS:
        raise Image.DecompressionBombError
    return image.convert("RGBA")


def encode_png(picture: Image.Image) -> bytes:
    """Return a PNG without any metadata."""
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()
