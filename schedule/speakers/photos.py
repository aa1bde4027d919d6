"""Photographs of speakers, and the consent to publish them."""

import datetime
import enum
import hashlib
from collections.abc import Callable
from functools import partial
from typing import Final

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.api.throttles import consume_rate_limit
from convention.audit.record import record_action
from convention.errors import NotFound
from convention.events.models import Event
from convention.parsing.process import redraw_in_child
from convention.personal_data import Agreement, DataSubject
from schedule.editing.revision import raise_revision
from schedule.models import Speaker, SpeakerPhoto

from .pictures import MAX_UPLOAD_BYTES, PHOTO_RULES, redraw_photo

# By version, never changed from the first release on: a stored consent names the version that was agreed to.
CONSENT_TEXTS: Final = {
    1: _(
        "I agree to my photograph being published with my name in the programme on this "
        "event’s website. I can withdraw my consent at any time."
    ),
}
CURRENT_CONSENT_VERSION: Final = max(CONSENT_TEXTS)
MAX_UPLOADS_PER_HOUR: Final = 20
DIGEST_LENGTH: Final = 16


class PhotoUploader(enum.Enum):
    """The person who uploads a speaker’s photograph; the value names their rate limit."""

    SPEAKER = "speaker-photo"
    ORGANIZER = "organizer-photo"


def save_photo(
    *,
    speaker: Speaker,
    upload: UploadedFile,
    set_consent: Callable[..., None] | None = None,
    uploader: PhotoUploader = PhotoUploader.SPEAKER,
) -> SpeakerPhoto:
    """Replace the speaker's photograph, and give or withdraw the consent to it in the same transaction.

    Without `set_consent`, a consent given for the former photograph stays.

    Raise UnreadableFile for anything but a JPEG, PNG or WebP of at most 10 MB, and TooManyRequests.
    """
    consume_rate_limit(uploader.value, str(speaker.pk), limit=MAX_UPLOADS_PER_HOUR, window_seconds=3600)
    # One byte more than allowed shows that the file is too large, without reading all of it. Decoding runs in
    # a child process: image libraries have had memory errors.
    content = redraw_in_child(redraw_photo, upload.read(MAX_UPLOAD_BYTES + 1), rules=PHOTO_RULES)
    with transaction.atomic():
        photo = store_photo(speaker=speaker, content=content)
        if set_consent:
            set_consent(speaker=speaker)
    return photo


@transaction.atomic
def store_photo(*, speaker: Speaker, content: bytes) -> SpeakerPhoto:
    """Store the redrawn photograph and record the change."""
    photo, _is_new = SpeakerPhoto.objects.update_or_create(
        speaker=speaker,
        defaults={
            "content": content,
            "digest": hashlib.sha256(content).hexdigest()[:DIGEST_LENGTH],
            "uploaded_at": timezone.now(),
        },
    )
    record_action("speaker.photo", speaker, event=speaker.event, fields=["photo"])
    raise_revision(event=speaker.event)
    return photo


@transaction.atomic
def remove_photo(*, speaker: Speaker) -> None:
    """Delete the photograph with its consent; without one, do nothing."""
    deleted, _by_model = SpeakerPhoto.objects.filter(speaker=speaker).delete()
    if deleted:
        record_action("speaker.remove_photo", speaker, event=speaker.event, fields=["photo"])
        raise_revision(event=speaker.event)


@transaction.atomic
def give_photo_consent(*, speaker: Speaker) -> None:
    """Note that the speaker agrees to publish the photograph; a repeat changes nothing. Raise NotFound."""
    photo = _lock_photo(speaker)
    if not photo.is_public:
        photo.consented_at, photo.withdrawn_at = timezone.now(), None
        photo.consent_version = CURRENT_CONSENT_VERSION
        _save_consent(photo, "speaker.photo_consent")


@transaction.atomic
def withdraw_photo_consent(*, speaker: Speaker) -> None:
    """Stop publishing the photograph; a repeat changes nothing. Raise NotFound."""
    photo = _lock_photo(speaker)
    if photo.is_public:
        photo.withdrawn_at = timezone.now()
        _save_consent(photo, "speaker.photo_withdraw")


def _lock_photo(speaker: Speaker) -> SpeakerPhoto:
    photo = SpeakerPhoto.objects.select_for_update().filter(speaker=speaker).defer("content").first()
    if photo is None:
        raise NotFound(_("This photograph was not found; it may have been removed."))
    photo.speaker = speaker
    return photo


def _save_consent(photo: SpeakerPhoto, verb: str) -> None:
    photo.save(update_fields=["consented_at", "consent_version", "withdrawn_at"])
    record_action(verb, photo.speaker, event=photo.speaker.event, fields=["photo"])
    raise_revision(event=photo.speaker.event)


def find_photo(speaker: Speaker) -> SpeakerPhoto | None:
    """Return the photograph, published or not, without its content."""
    return SpeakerPhoto.objects.filter(speaker=speaker).defer("content").first()


@transaction.atomic
def delete_old_photos(before: datetime.datetime) -> int:
    """Delete the photographs of events that ended before `before`; return their number."""
    events = Event.objects.filter(ends_at__lt=before, speakers__photo__isnull=False).distinct()
    for event in list(events):
        raise_revision(event=event)
    rows = SpeakerPhoto.objects.filter(speaker__event__ends_at__lt=before)
    return rows.delete()[1].get(SpeakerPhoto._meta.label, 0)


def list_photo_agreements(subject: DataSubject) -> list[Agreement]:
    """Return the consents that the person gave as a speaker of their account."""
    if not subject.person_id:
        return []
    # By person, not by address: an organizer may have typed a wrong one, and withdrawing needs the account.
    photos = SpeakerPhoto.objects.filter(speaker__person=subject.person_id, consented_at__isnull=False)
    return [
        Agreement(
            key=f"speaker-photo-{photo.pk}",
            title=f"{photo.speaker.event.title} · {photo.speaker.name}",
            text=CONSENT_TEXTS[photo.consent_version or CURRENT_CONSENT_VERSION],
            version=photo.consent_version or CURRENT_CONSENT_VERSION,
            given_at=photo.consented_at,
            withdrawn_at=photo.withdrawn_at,
            withdraw_consent=partial(withdraw_photo_consent, speaker=photo.speaker),
        )
        for photo in photos.select_related("speaker__event").defer("content")
    ]
