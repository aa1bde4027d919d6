"""Create an event of a kind with useful content to start from; the result is a draft.

Each app adds its own rows through the hook `event_starters`: tickets, a checkpoint, reminders.
"""

import datetime

from django.db import transaction

from convention import hooks
from convention.audit.record import record_action
from convention.club.models import WorkingGroup
from convention.events.models import Event, Venue
from convention.events.slugs import create_event, make_event_slug

# A site visit is created from the agreement with its host, on another page.
KINDS_TO_START = (Event.Kind.CONVENTION, Event.Kind.GROUP_MEETING)


@transaction.atomic
def start_event(
    *,
    kind: Event.Kind,
    name: str,
    starts_at: datetime.datetime,
    ends_at: datetime.datetime,
    name_en: str = "",
    venue: Venue | None = None,
    group: WorkingGroup | None = None,
) -> Event:
    """Create a draft of this kind with the content that its apps start with; a new venue is saved first."""
    if venue and venue.pk is None:
        venue.save()
    values = {
        "kind": kind,
        "name": name,
        "name_en": name_en,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "venue": venue,
        "group": group,
    }
    event = create_event({**values, "slug": make_event_slug(name)})
    # Apps are set up from the highest layer to the lowest; rows of lower layers come first.
    for add_starting_rows in reversed(hooks.event_starters.providers()):
        add_starting_rows(event)
    fields = ["name", "kind", "starts_at", "ends_at", "venue", "group"]
    record_action("event.create", event, event=event, fields=fields)
    return event
