"""Files that answer questions: unclaimed until their registration is booked."""

import datetime
import secrets
from collections.abc import Iterable, Mapping
from pathlib import PurePath

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.errors import ConventionError, UnreadableFile
from convention.events.models import Event
from convention.text.normalize import normalize_whitespace
from registrations.models import AnswerFile, Question, Registration

from .storage_use import FILES_SETTING, StorageUse

MAX_FILE_BYTES = 5 * 1024 * 1024
# Between the upload and the end of the booking.
UNCLAIMED_LIFETIME = datetime.timedelta(days=1)
# Media type and first bytes of accepted files, by suffix. The browser's own media type is not trusted.
ACCEPTED_FILE_TYPES = {
    ".pdf": ("application/pdf", b"%PDF-"),
    ".png": ("image/png", b"\x89PNG\r\n"),
    ".jpg": ("image/jpeg", b"\xff\xd8\xff"),
    ".jpeg": ("image/jpeg", b"\xff\xd8\xff"),
}


class FileStorageFull(ConventionError):
    """No more files can be stored, for this event or in all."""

    kind = "storage-full"
    status = 507


def save_answer_file(
    *, question: Question, upload: UploadedFile, registration: Registration | None = None
) -> AnswerFile:
    """Save an uploaded file; the answer refers to it by its token.

    `registration` is given if it is booked already. Raise UnreadableFile for another type or more than
    `MAX_FILE_BYTES`, and FileStorageFull.
    """
    name = normalize_whitespace(PurePath(upload.name or "").name)[:200]
    content_type, signature = ACCEPTED_FILE_TYPES.get(PurePath(name).suffix.lower(), ("", b""))
    # Reading one byte more than allowed detects a file that is too large.
    content = upload.read(MAX_FILE_BYTES + 1)
    if not content_type or not content.startswith(signature):
        raise UnreadableFile(_("Send a PDF, PNG or JPEG file."))
    if len(content) > MAX_FILE_BYTES:
        raise UnreadableFile(_("This file is larger than %(most)d MB.") % {"most": MAX_FILE_BYTES // 1024**2})
    if not has_file_space(question.event, size=len(content), registration=registration):
        raise FileStorageFull(describe_full_storage(registration))
    return AnswerFile.objects.create(
        event=question.event,
        question=question,
        token=secrets.token_urlsafe(32),
        name=name,
        content_type=content_type,
        content=content,
        size=len(content),
    )


def has_file_space(event: Event, *, size: int = 1, registration: Registration | None = None) -> bool:
    """Return whether one more file of that size can be stored, for the event and in all.

    Unclaimed files take at most half of the space: the rest is reserved for registrations that are booked.
    """
    scopes = (
        (AnswerFile.objects.filter(event=event), f"{FILES_SETTING}_EVENT"),
        (AnswerFile.objects.all(), FILES_SETTING),
    )
    for rows, kind in scopes:
        ceiling = StorageUse.load_ceiling(kind)
        if not StorageUse.measure_rows(rows).has_space(size, ceiling):
            return False
        # A flood of uploads by visitors must not keep attendees from sending theirs.
        if registration is None and not StorageUse.measure_rows(rows.filter(registration=None)).has_space(
            size, ceiling.halve()
        ):
            return False
    return True


def can_store_files(event: Event, questions: Iterable[Question]) -> bool:
    """Return whether a required file can be stored; True if none is required."""
    needs_file = any(
        question.is_required and not question.is_hidden and question.kind == Question.Kind.FILE
        for question in questions
    )
    return not needs_file or has_file_space(event)


def describe_full_storage(registration: Registration | None) -> str:
    """Return what an attendee can do if there is no space for their file."""
    if registration:
        return _("No more files can be stored at the moment. Try again later, or send it to the organizer.")
    return _(
        "No more files can be stored at the moment. Continue without this file; you can add it later from "
        "the page of your registration."
    )


def load_file_names(
    event: Event, answers: Iterable[Mapping[str, object]], registration: Registration | None = None
) -> dict[str, str]:
    """Return name by token of the files in these answers: unclaimed ones, or the registration's own."""
    tokens = [token for given in answers for token in extract_file_tokens(given)]
    if not tokens:
        return {}
    rows = AnswerFile.objects.filter(event=event, token__in=tokens)
    # A file of another registration is not found: its token alone must not attach it here.
    own_files = rows.filter(registration=registration) if registration else rows.none()
    return dict((rows.filter(registration=None) | own_files).values_list("token", "name"))


def extract_file_tokens(given: Mapping[str, object]) -> list[str]:
    """Return what may be file tokens in typed or stored answers."""
    values = [value.get("file") if isinstance(value, Mapping) else value for value in given.values()]
    # The length of `secrets.token_urlsafe(32)`: other texts need no query.
    return [value for value in values if isinstance(value, str) and len(value) == 43]


def claim_answer_files(registration: Registration) -> None:
    """Assign the files in its answers to the registration, and delete its former ones."""
    tokens = [value["file"] for value in registration.answers.values() if is_file_answer(value)]
    AnswerFile.objects.filter(registration=registration).exclude(token__in=tokens).delete()
    AnswerFile.objects.filter(token__in=tokens, registration=None).update(registration=registration)


def is_file_answer(stored: object) -> bool:
    return isinstance(stored, Mapping) and "file" in stored


def remove_unclaimed_files() -> None:
    """Delete files of registrations that were not finished within `UNCLAIMED_LIFETIME`; a periodic job."""
    AnswerFile.objects.filter(registration=None, created_at__lt=timezone.now() - UNCLAIMED_LIFETIME).delete()
