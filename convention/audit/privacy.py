"""What the audit trail holds of people, for the privacy desk: numbers and names of fields, never a value."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from convention.personal import Holding, Subject

from .models import Entry


def _about(subject: Subject) -> "QuerySet[Any]":
    """What was done to somebody, by whomever."""
    label = f"club.person:{subject.person_id}"
    return Entry.objects.filter(Q(subject=label) if subject.person_id else Q(pk__in=[]))


HOLDINGS = [
    Holding(
        model=Entry,
        why=_("who did what, when: names of fields, never what stands in them"),
        did=("actor",),
        tells=("id", "at", "means", "verb", "event", "subject", "fields"),
        finds=_about,
        because=_("the trail is only ever added to; it holds a number, and names are struck out of reasons"),
    ),
]
FREE_TEXT = {Entry: ("reason",)}
