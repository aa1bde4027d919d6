"""What programmes hold of people, for the privacy desk: speakers, who are known by name alone."""

import html
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.personal import Holding, Subject
from convention.privacy.redact import Redactor, full_name_phrases, words_of

from .models import Speaker, Upload
from .revision import raise_revision

TEXTS = ("title", "subtitle", "slug", "abstract", "description", "links", "attachments", "extra")


def _speaking(subject: Subject) -> "QuerySet[Any]":
    """Return the speakers of past events whose full name is one of the subject's.

    They are known by name alone: an automatic erasure leaves them, and so does any while the event is ahead.
    """
    wanted = {phrase for name in subject.names for phrase in full_name_phrases(name)}
    if subject.is_automatic or not wanted:
        return Speaker.objects.none()
    known = Speaker.objects.filter(event__ends_at__lt=timezone.now()).values_list("pk", "name")
    return Speaker.objects.filter(pk__in=[pk for pk, name in known if words_of(name) in wanted])


def _uploaded(subject: Subject) -> "QuerySet[Any]":
    """Return files that wait for their import, for a day, and mention the subject."""
    redactor = Redactor(subject)
    rows = Upload.objects.values_list("pk", "content") if subject.names or subject.addresses else []
    return Upload.objects.filter(pk__in=[pk for pk, content in rows if redactor.finds(_text_of(content))])


def _text_of(content: Any) -> str:
    return html.unescape(bytes(content).decode("utf-8", "replace"))


def _leave_programme(rows: "QuerySet[Any]", subject: Subject) -> None:
    """Strike the name out of the sessions in which the subject speaks; the speaker goes with the row."""
    redactor = Redactor(subject)
    for speaker in rows.select_related("event"):
        for session in speaker.sessions.all():
            for column in TEXTS:
                setattr(session, column, redactor.value(getattr(session, column)))
            session.save(update_fields=TEXTS)
        raise_revision(event=speaker.event)


HOLDINGS = [
    Holding(
        model=Speaker,
        why=_("that you speak, with your biography, as the programme shows it"),
        finds=_speaking,
        tells=("id", "event", "name", "biography", "url"),
        forget=_leave_programme,
        gone=True,
        leads=False,
    ),
    Holding(
        model=Upload,
        name=_("files of programmes"),
        why=_("files of a programme that wait for their import, for a day"),
        finds=_uploaded,
        tells=("id", "event", "created_at"),
        gone=True,
        leads=False,
    ),
]
