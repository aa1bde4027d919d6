"""What events hold of people, for the privacy desk."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from convention.personal import Holding, Subject

from .models import Delegation, Event, EventRole


def _end(rows: "QuerySet[Any]", _subject: Subject) -> None:
    """Who is erased runs nothing: a phone that they paired finds no role any more."""
    rows.delete()


HOLDINGS = [
    Holding(
        model=EventRole,
        why=_("what you do for an event"),
        people=("person",),
        gone=True,
        forget=_end,
    ),
    Holding(
        model=Event,
        why=_("that your address is shown as an event’s contact"),
        addresses=("contact_email",),
        tells=("id", "slug", "contact_email"),
        empties=("contact_email",),
        leads=False,
    ),
]
FREE_TEXT = {Delegation: ("contract",)}
