"""Logos: what a sponsor sends is never served; it is read, drawn anew and kept small."""

import hashlib

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import Closed
from convention.parsing.process import parse

from ..models import SponsorLogo, Sponsorship
from .pictures import MAX_BYTES, Picture, redraw


def keep_logo(*, sponsorship: Sponsorship, upload: UploadedFile) -> SponsorLogo:
    """Keep a sponsor's logo instead of the one before.

    Raises Unreadable for anything but a PNG or JPEG of at most 5 MB, and Closed where it was cancelled.
    """
    if sponsorship.cancelled_at:
        raise Closed(_("This sponsorship was cancelled; no logo is shown."))
    return store_logo(sponsorship, parse(redraw, upload.read(MAX_BYTES + 1)))


@transaction.atomic
def store_logo(sponsorship: Sponsorship, picture: Picture) -> SponsorLogo:
    """Store the picture as the sponsor's logo, and record that it changed."""
    logo, _made = SponsorLogo.objects.update_or_create(
        sponsorship=sponsorship,
        defaults={
            "content": picture.content,
            "digest": hashlib.sha256(picture.content).hexdigest()[:16],
            "width": picture.width,
            "height": picture.height,
        },
    )
    record("sponsorship.logo", sponsorship, event=sponsorship.event, fields=["logo"])
    return logo
