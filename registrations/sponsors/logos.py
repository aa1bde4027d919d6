"""Save sponsors' logos. Uploaded files are never served: the pixels are redrawn."""

import hashlib

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import NotOpenNow
from convention.parsing.process import redraw_in_child
from registrations.models import SponsorLogo, Sponsorship

from .pictures import LOGO_RULES, MAX_UPLOAD_BYTES, LogoPicture, redraw_picture


def save_logo(*, sponsorship: Sponsorship, upload: UploadedFile) -> SponsorLogo:
    """Replace the sponsor's logo.

    Raise UnreadableFile for anything but a PNG or JPEG of at most 5 MB, and NotOpenNow for a cancelled
    sponsorship.
    """
    if sponsorship.cancelled_at:
        raise NotOpenNow(_("This sponsorship has been cancelled; no logo is shown."))
    # One byte more than allowed tells that the file is too large, without reading all of it. Decoding runs in
    # a child process: image libraries have had memory errors.
    picture = redraw_in_child(redraw_picture, upload.read(MAX_UPLOAD_BYTES + 1), rules=LOGO_RULES)
    return store_logo(sponsorship, picture)


@transaction.atomic
def store_logo(sponsorship: Sponsorship, picture: LogoPicture) -> SponsorLogo:
    """Store the redrawn picture and record the change."""
    logo, _made = SponsorLogo.objects.update_or_create(
        sponsorship=sponsorship,
        defaults={
            "content": picture.content,
            # Part of the logo's address, so that browsers fetch a replaced logo.
            "digest": hashlib.sha256(picture.content).hexdigest()[:16],
            "width": picture.width,
            "height": picture.height,
        },
    )
    record_action("sponsorship.logo", sponsorship, event=sponsorship.event, fields=["logo"])
    return logo
