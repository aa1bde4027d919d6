"""Files that people answer with: kept apart until their registration is booked, then with it."""

import datetime
import secrets
from collections.abc import Iterable, Mapping
from pathlib import PurePath

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.errors import ConventionError, Unreadable
from convention.events.models import Event
from convention.text import tidy

from .models import AnswerFile, Question, Registration
from .stored_use import FILES, Use

LARGEST = 5 * 1024 * 1024
UNCLAIMED_FOR = datetime.timedelta(days=1)
KINDS = {
    ".pdf": ("application/pdf", b"%PDF-"),
    ".png": ("image/png", b"\x89PNG\r\n"),
    ".jpg": ("image/jpeg", b"\xff\xd8\xff"),
    ".jpeg": ("image/jpeg", b"\xff\xd8\xff"),
}
"""What may be sent in: by the name's ending, how it is served and how its content begins."""


class FilesFull(ConventionError):
    """No more files can be stored, for this event or for all."""

    kind = "storage-full"
    status = 507


def keep_file(
    *, question: Question, upload: UploadedFile, registration: Registration | None = None
) -> AnswerFile:
    """Keep a file for the question, nobody's yet; its token stands in the answer.

    `registration` is the one that is about to be answered for, if it is booked already. Raises Unreadable for
    a kind that is not taken, or more than 5 MB, and FilesFull.
    """
    name = tidy(PurePath(upload.name or "").name)[:200]
    content_type, begins = KINDS.get(PurePath(name).suffix.lower(), ("", b""))
    content = upload.read(LARGEST + 1)
    if not content_type or not content.startswith(begins):
        raise Unreadable(_("Send a PDF, PNG or JPEG file."))
    if len(content) > LARGEST:
        raise Unreadable(_("This file is larger than %(most)d MB.") % {"most": LARGEST // 1024**2})
    if not has_room(question.event, size=len(content), registration=registration):
        raise FilesFull(say_full(registration))
    return AnswerFile.objects.create(
        event=question.event,
        question=question,
        token=secrets.token_urlsafe(32),
        name=name,
        content_type=content_type,
        content=content,
        size=len(content),
    )


def has_room(event: Event, *, size: int = 1, registration: Registration | None = None) -> bool:
    """Return whether one more file can be stored, of the event and of all.

    Files of registrations that are not booked yet take at most half of the room: the rest is for booked ones.
    """
    scopes = ((AnswerFile.objects.filter(event=event), f"{FILES}_EVENT"), (AnswerFile.objects.all(), FILES))
    for rows, kind in scopes:
        most = Use.ceiling(kind)
        if not Use.of(rows).has_room(size, most):
            return False
        if registration is None and not Use.of(rows.filter(registration=None)).has_room(size, most.half()):
            return False
    return True


def takes_files(event: Event, questions: Iterable[Question]) -> bool:
    """Return whether a question that has to be answered by a file can be; asked where there is one."""
    needs_file = any(one.is_required and one.kind == Question.Kind.FILE for one in questions)
    return not needs_file or has_room(event)


def say_full(registration: Registration | None) -> str:
    """Return what whoever sends a file can do without room for it."""
    if registration:
        return _("No more files can be stored at the moment. Try again later, or send it to the organizer.")
    return _(
        "No more files can be stored at the moment. Continue without this file; you can add it later from "
        "the page of your registration."
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
