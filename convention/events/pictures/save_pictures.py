"""Save and remove the pictures of an event. Uploaded files are never served: the pixels are redrawn."""

import hashlib
from typing import Final

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import NotFound
from convention.events.models import Event, EventPicture
from convention.events.roles import lock_event
from convention.parsing.process import redraw_in_child

from .redraw import MAX_UPLOAD_BYTES, RULES, RedrawnPicture, SizeLimits, redraw_picture

SIZE_LIMITS: Final = {
    EventPicture.Kind.HEADER: SizeLimits(smallest=(600, 300), largest=(1600, 1200)),
    EventPicture.Kind.LOGO: SizeLimits(smallest=(32, 32), largest=(600, 300)),
    EventPicture.Kind.MAP: SizeLimits(smallest=(300, 200), largest=(1600, 1600)),
}
DIGEST_LENGTH: Final = 16


def save_picture(
    *, event: Event, kind: str, alt_text: str, alt_text_en: str, upload: UploadedFile | None
) -> EventPicture:
    """Replace the picture of that kind; without an upload, change the texts of the stored one.

    Raise UnreadableFile for anything but a JPEG, PNG or WebP of at most 10 MB, and NotFound if the picture
    whose texts should change is gone.
    """
    if upload is None:
        return change_alt_texts(event=event, kind=kind, alt_text=alt_text, alt_text_en=alt_text_en)
    # One byte more than allowed tells that the file is too large, without reading all of it. Decoding runs in
    # a child process: image libraries have had memory errors.
    limits = SIZE_LIMITS[EventPicture.Kind(kind)]
    picture = redraw_in_child(redraw_picture, upload.read(MAX_UPLOAD_BYTES + 1), limits, rules=RULES)
    return store_picture(event=event, kind=kind, picture=picture, alt_text=alt_text, alt_text_en=alt_text_en)


@transaction.atomic
def store_picture(
    *, event: Event, kind: str, picture: RedrawnPicture, alt_text: str = "", alt_text_en: str = ""
) -> EventPicture:
    """Store the redrawn picture and record the change."""
    lock_event(event)
    stored, _is_new = EventPicture.objects.update_or_create(
        event=event,
        kind=kind,
        defaults={
            "content": picture.content,
            "mimetype": picture.mimetype,
            "digest": hashlib.sha256(picture.content).hexdigest()[:DIGEST_LENGTH],
            "width": picture.width,
            "height": picture.height,
            "alt_text": alt_text,
            "alt_text_en": alt_text_en,
        },
    )
    update_pictures_version(event)
    record_action("event.picture", event, event=event, fields=[kind])
    return stored


@transaction.atomic
def change_alt_texts(*, event: Event, kind: str, alt_text: str, alt_text_en: str) -> EventPicture:
    """Change what is read to people who do not see the picture. Raise NotFound if it was removed."""
    lock_event(event)
    stored = event.pictures.filter(kind=kind).defer("content").first()
    if stored is None:
        raise NotFound(_("This picture was not found; it may have been removed."))
    stored.alt_text, stored.alt_text_en = alt_text, alt_text_en
    stored.save(update_fields=["alt_text", "alt_text_en"])
    update_pictures_version(event)
    record_action("event.picture", event, event=event, fields=["alt_text", "alt_text_en"])
    return stored


@transaction.atomic
def remove_picture(*, event: Event, kind: str) -> None:
    """Delete the picture of that kind; without one, do nothing."""
    lock_event(event)
    deleted, _by_model = EventPicture.objects.filter(event=event, kind=kind).delete()
    if deleted:
        update_pictures_version(event)
        record_action("event.remove_picture", event, event=event, fields=[kind])


def update_pictures_version(event: Event) -> None:
    """Store a digest of all pictures with the event, so that pages and caches notice a change.

    Call `lock_event` before: the digest must include what others changed at the same time.
    """
    rows = list(event.pictures.order_by("kind").values_list("kind", "digest", "alt_text", "alt_text_en"))
    version = hashlib.sha256(repr(rows).encode()).hexdigest()[:DIGEST_LENGTH] if rows else ""
    Event.objects.filter(pk=event.pk).update(pictures_version=version)
    event.pictures_version = version
