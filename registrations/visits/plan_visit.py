"""Plan a visit: a date is set for what was proposed, and it becomes a visit, a draft like any other."""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.club.models import Company, Person
from convention.errors import Closed, InvalidFields
from convention.events.appoint import give
from convention.events.doors import organizes
from convention.events.free_slug import free_slug
from convention.events.models import Event, EventRole

from .make_visit import make_visit
from .models import Proposal, Visit
from .odd_dates import about_length, about_start
from .propose import locked_proposal


@transaction.atomic
def plan_visit(
    *,
    proposal: Proposal,
    host: Company,
    starts_at: datetime.datetime,
    ends_at: datetime.datetime,
    name: str,
    contact_email: str = "",
    planner: Person | None = None,
) -> Visit:
    """Make a draft event at the host's and its visit; the proposal keeps what it became.

    Whoever plans it runs the event from then on, so that a secretary needs nobody else for its settings.
    Raises Closed where it became one already, or was set aside, InvalidFields for odd dates.
    """
    _refuse_odd(starts_at, ends_at)
    found = locked_proposal(proposal)
    if not found.is_standing:
        raise Closed(_("This proposal became a visit, or was set aside."))
    event = Event.objects.create(
        slug=free_slug(name),
        kind=Event.Kind.SITE_VISIT,
        name=name,
        host=host,
        contact_email=contact_email,
        description=found.why,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    record(
        "event.create", event, event=event, fields=["name", "host", "contact_email", "starts_at", "ends_at"]
    )
    if planner and not organizes(planner, event):
        give(event=event, person=planner, role=EventRole.Role.ORGANIZER, days=(timezone.localdate(), None))
    visit = make_visit(event=event)
    found.became, found.host, found.host_name = visit, host, ""
    found.save(update_fields=["became", "host", "host_name"])
    record("proposal.become", found, event=event, fields=["became"])
    return visit


def _refuse_odd(starts_at: datetime.datetime, ends_at: datetime.datetime) -> None:
    found = {
        "starts_at": about_start(starts_at, timezone.now()),
        "ends_at": about_length(starts_at, ends_at),
    }
    if fields := {name: [sentence] for name, sentence in found.items() if sentence}:
        raise InvalidFields(_("Some fields need another look."), fields)
