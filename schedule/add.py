"""Add a session to an event's programme."""

from collections.abc import Mapping

from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify

from convention.audit.record import record
from convention.events.models import Event

from .edit import write
from .models import Session
from .revision import raise_revision


@transaction.atomic
def add(*, event: Event, values: Mapping[str, object]) -> Session:
    """A new session with the next number of the event; `values` as in `edit`."""
    Event.objects.select_for_update().get(pk=event.pk)
    last = event.sessions.aggregate(last=Max("number"))["last"] or 0
    session = Session(event=event, number=last + 1, slug=slugify(str(values["title"]))[:300])
    write(session, values)
    record("session.add", session, event=event)
    raise_revision(event=event)
    return session
