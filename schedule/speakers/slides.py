"""Slides of sessions: speakers upload them and agree to publish them, organizers may hide them."""

import hashlib
from pathlib import PurePath
from typing import Any, Final

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.api.throttles import consume_rate_limit
from convention.audit.record import record_action
from convention.errors import ConventionError, NotFound
from convention.parsing.process import parse_in_child
from convention.text.normalize import normalize_whitespace
from schedule.editing.revision import raise_revision
from schedule.models import SessionFile, SessionSpeaker, Speaker

from .slide_formats import MAX_SLIDES_BYTES, SUFFIXES, recognize_slides

# By version, never changed from the first release on: a stored consent names the version that was agreed to.
CONSENT_TEXTS: Final = {
    1: _(
        "I agree to these slides being published on the session’s page once the session has ended, "
        "for anyone to download. I can withdraw my consent at any time."
    ),
}
CURRENT_CONSENT_VERSION: Final = max(CONSENT_TEXTS)
MAX_UPLOADS_PER_HOUR: Final = 20
MAX_FILES: Final = 5
MAX_NAME_CHARS: Final = 150


class TooManyFiles(ConventionError):
    """The speaker has uploaded as many files to the session as allowed."""

    kind = "too-many-files"
    status = 409


def upload_slides(
    *, speaker: Speaker, session_id: int, upload: UploadedFile, consent_version: int | None
) -> SessionFile:
    """Store slides for the speaker's own session, published later if a consent is given.

    The same file again only changes the consent. Raise UnreadableFile, NotFound for a session that is not
    theirs, TooManyFiles and TooManyRequests.
    """
    consume_rate_limit("speaker-slides", str(speaker.pk), limit=MAX_UPLOADS_PER_HOUR, window_seconds=3600)
    # One byte more than allowed shows that the file is too large, without reading all of it.
    content = upload.read(MAX_SLIDES_BYTES + 1)
    content_type = parse_in_child(recognize_slides, content)
    values = {
        "name": clean_file_name(upload.name or "", content_type),
        "content_type": content_type,
        "content": content,
        "byte_count": len(content),
        "consented_at": timezone.now() if consent_version else None,
        "consent_version": consent_version,
    }
    return store_slides(
        speaker=speaker, session_id=session_id, digest=hashlib.sha256(content).hexdigest(), values=values
    )


def clean_file_name(name: str, content_type: str) -> str:
    """Return a name of one line with the suffix of the content, whatever it was called."""
    stem = normalize_whitespace(PurePath(name.replace("\\", "/")).stem)[:MAX_NAME_CHARS]
    return f"{stem or 'slides'}{SUFFIXES[content_type]}"


@transaction.atomic
def store_slides(*, speaker: Speaker, session_id: int, digest: str, values: dict[str, Any]) -> SessionFile:
    """Store checked slides. Raise NotFound and TooManyFiles."""
    # Locked, so that two uploads at once do not exceed the limit together.
    appearances = SessionSpeaker.objects.select_for_update(of=("self",)).filter(speaker=speaker)
    appearance = appearances.filter(session=session_id, session__cancelled_at=None).first()
    if appearance is None:
        raise NotFound(_("You are no longer a speaker in this session."))
    files = SessionFile.objects.filter(session=session_id, speaker=speaker)
    if files.exclude(digest=digest).count() >= MAX_FILES:
        raise TooManyFiles(_("You have uploaded five files for this session. Remove one first."))
    file, _is_new = SessionFile.objects.update_or_create(
        session_id=session_id, speaker=speaker, digest=digest, defaults=values
    )
    _finish_change(file, "session_file.upload")
    return file


@transaction.atomic
def publish_slides(*, file: SessionFile) -> None:
    """Note that the speaker agrees to publish the slides; a repeat changes nothing. Raise NotFound."""
    locked = _lock_file(file)
    if locked.consented_at is None:
        locked.consented_at, locked.consent_version = timezone.now(), CURRENT_CONSENT_VERSION
        locked.save(update_fields=["consented_at", "consent_version"])
        _finish_change(locked, "session_file.consent")


@transaction.atomic
def withdraw_slides(*, file: SessionFile) -> None:
    """Stop publishing the slides at the speaker's wish; a repeat changes nothing. Raise NotFound."""
    locked = _lock_file(file)
    if locked.consented_at:
        locked.consented_at = locked.consent_version = None
        locked.save(update_fields=["consented_at", "consent_version"])
        _finish_change(locked, "session_file.withdraw")


@transaction.atomic
def remove_slides(*, file: SessionFile) -> None:
    """Delete the slides; record it first, since a deleted row has no key. Raise NotFound."""
    locked = _lock_file(file)
    _finish_change(locked, "session_file.remove")
    locked.delete()


@transaction.atomic
def toggle_slides(*, file: SessionFile) -> SessionFile:
    """Hide the slides from the public whatever their speaker agreed to, or show them again.

    Return them without their content. Raise NotFound.
    """
    locked = _lock_file(file)
    verb = "session_file.show" if locked.hidden_at else "session_file.hide"
    locked.hidden_at = None if locked.hidden_at else timezone.now()
    locked.save(update_fields=["hidden_at"])
    _finish_change(locked, verb)
    return locked


def _lock_file(file: SessionFile) -> SessionFile:
    # Their speaker may remove them while an organizer hides them.
    return find_file(SessionFile.objects.select_for_update(of=("self",)).defer("content"), file.pk)


def _finish_change(file: SessionFile, verb: str) -> None:
    event = file.session.event
    record_action(verb, file, event=event, fields=["slides"])
    # Cached pages of the session list the files.
    raise_revision(event=event)


def list_own_files(speaker: Speaker) -> "dict[int, list[SessionFile]]":
    """Return the speaker's files by session, without their content."""
    files: dict[int, list[SessionFile]] = {}
    for file in SessionFile.objects.filter(speaker=speaker).defer("content"):
        files.setdefault(file.session_id, []).append(file)
    return files


def get_own_file(speaker: Speaker, pk: int) -> SessionFile:
    """Return a file that this speaker uploaded. Raise NotFound."""
    return find_file(SessionFile.objects.filter(speaker=speaker), pk)


def find_file(files: "QuerySet[SessionFile]", pk: int) -> SessionFile:
    """Return one of these files with its session and event. Raise NotFound."""
    file = files.select_related("session__event").filter(pk=pk).first()
    if file is None:
        raise NotFound(_("This file was not found; it may have been removed."))
    return file
