"""Files that people answer with: kept apart until their registration is booked, then with it."""

import datetime
import secrets
from collections.abc import Iterable, Mapping
from pathlib import PurePath

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.errors import Unreadable
from convention.events.models import Event
from convention.text import tidy

from .models import AnswerFile, Question, Registration

LARGEST = 5 * 1024 * 1024
UNCLAIMED_FOR = datetime.timedelta(days=1)
KINDS = {
    ".pdf": ("application/pdf", b"%PDF-"),
    ".png": ("image/png", b"\x89PNG\r\n"),
    ".jpg": ("image/jpeg", b"\xff\xd8\xff"),
    ".jpeg": ("image/jpeg", b"\xff\xd8\xff"),
}
"""What may be sent in: by the name's ending, how it is served and how its content begins."""


def keep_file(*, question: Question, upload: UploadedFile) -> AnswerFile:
    """Keep a file for the question, nobody's yet; its token stands in the answer.

    Raises Unreadable for a kind that is not taken, or more than 5 MB.
    """
    name = tidy(PurePath(upload.name or "").name)[:200]
    content_type, begins = KINDS.get(PurePath(name).suffix.lower(), ("", b""))
    content = upload.read(LARGEST + 1)
    if not content_type or not content.startswith(begins):
        raise Unreadable(_("Send a PDF, PNG or JPEG file."))
    if len(content) > LARGEST:
        raise Unreadable(_("This file is larger than %(most)d MB.") % {"most": LARGEST // 1024**2})
    return AnswerFile.objects.create(
        event=question.event,
        question=question,
        token=secrets.token_urlsafe(32),
        name=name,
        content_type=content_type,
        content=content,
    )


def files_named(
    event: Event, answers: Iterable[Mapping[str, object]], of: Registration | None = None
) -> dict[str, str]:
    """The names by token of files that these answers may mean: nobody's yet, or that registration's."""
    tokens = [token for given in answers for token in tokens_in(given)]
    if not tokens:
        return {}
    rows = AnswerFile.objects.filter(event=event, token__in=tokens)
    mine = rows.filter(registration=of) if of else rows.none()
    return dict((rows.filter(registration=None) | mine).values_list("token", "name"))


def tokens_in(given: Mapping[str, object]) -> list[str]:
    """What in these answers, as typed or as kept, may be a file's token."""
    values = [value.get("file") if isinstance(value, Mapping) else value for value in given.values()]
    return [value for value in values if isinstance(value, str) and len(value) == 43]


def claim_files(registration: Registration) -> None:
    """Its answers' files are the registration's from now on; those it answered with before are removed."""
    kept = [value["file"] for value in registration.answers.values() if is_file(value)]
    AnswerFile.objects.filter(registration=registration).exclude(token__in=kept).delete()
    AnswerFile.objects.filter(token__in=kept, registration=None).update(registration=registration)


def is_file(kept: object) -> bool:
    """Whether a stored answer is a file."""
    return isinstance(kept, Mapping) and "file" in kept


def forget_unclaimed() -> None:
    """Recurring work: files of registrations that were never finished."""
    AnswerFile.objects.filter(registration=None, created_at__lt=timezone.now() - UNCLAIMED_FOR).delete()
