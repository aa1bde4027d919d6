"""Logos: what a sponsor sends is never served; it is read, drawn anew and kept small."""

import hashlib
import io
import warnings

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image

from convention.audit.record import record
from convention.errors import Closed, Unreadable

from ..models import SponsorLogo, Sponsorship

LARGEST = 5 * 1024 * 1024
WIDEST, HIGHEST = 1200, 600
MOST_PIXELS = 16_000_000
"""Each takes four bytes several times over; a file of a few kilobytes may hold a hundred million."""
KINDS = ("PNG", "JPEG")


@transaction.atomic
def keep_logo(*, sponsorship: Sponsorship, upload: UploadedFile) -> SponsorLogo:
    """Keep a sponsor's logo instead of the one before.

    Raises Unreadable for anything but a PNG or JPEG of at most 5 MB, and Closed where it was cancelled.
    """
    if sponsorship.cancelled_at:
        raise Closed(_("This sponsorship was cancelled; no logo is shown."))
    picture = drawn_anew(upload.read(LARGEST + 1))
    content = encoded(picture)
    logo, _made = SponsorLogo.objects.update_or_create(
        sponsorship=sponsorship,
        defaults={
            "content": content,
            "digest": hashlib.sha256(content).hexdigest()[:16],
            "width": picture.width,
            "height": picture.height,
        },
    )
    record("sponsorship.logo", sponsorship, event=sponsorship.event, fields=["logo"])
    return logo


def drawn_anew(content: bytes) -> Image.Image:
    """The pixels alone, on white where they are transparent, without a margin. Raises Unreadable."""
    if len(content) > LARGEST:
        raise Unreadable(_("This file is larger than %(most)d MB.") % {"most": LARGEST // 1024**2})
    pixels = opened(content)
    page = Image.new("RGBA", pixels.size, "white")
    page.alpha_composite(pixels)
    drawn = page.convert("RGB")
    drawn.thumbnail((WIDEST, HIGHEST))
    return drawn


def opened(content: bytes) -> Image.Image:
    """Its pixels with their transparency. Raises Unreadable: no picture, damaged, or far too many pixels."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=KINDS) as sent:
                return pixels_of(sent)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Unreadable(_("This picture has too many pixels; 1200 by 600 are enough.")) from None
    except Exception as error:  # a damaged picture fails in the library in a dozen ways
        raise Unreadable(_("Send a PNG or JPEG picture that opens on your own screen.")) from error


def pixels_of(sent: Image.Image) -> Image.Image:
    """The pixels, which are only read now. Raises DecompressionBombError for far too many."""
    if sent.width * sent.height > MOST_PIXELS:
        raise Image.DecompressionBombError
    return sent.convert("RGBA")


def encoded(picture: Image.Image) -> bytes:
    """A PNG without anything but pixels."""
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()
