"""Turn a proposal into a draft visit by setting a date."""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Company, Person
from convention.errors import InvalidFields, NotOpenNow
from convention.events.models import Event, EventRole
from convention.events.permissions import can_organize
from convention.events.roles import save_event_role
from convention.events.slugs import make_event_slug
from registrations.visits.dates import find_length_problem, find_start_problem
from registrations.visits.lifecycle.create import create_visit
from registrations.visits.models import Proposal, Visit

from .proposals import lock_proposal


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
    """Create a draft event at the host and its visit, and link the proposal to it.

    The planner becomes an organizer of the event, so that a secretary can edit its settings. Raise NotOpenNow
    if the proposal was decided, InvalidFields for unsuitable dates.
    """
    _check_dates(starts_at, ends_at)
    locked = lock_proposal(proposal)
    if not locked.is_undecided:
        raise NotOpenNow(_("This proposal became a visit, or was set aside."))
    event = Event.objects.create(
        slug=make_event_slug(name),
        kind=Event.Kind.SITE_VISIT,
        name=name,
        host=host,
        contact_email=contact_email,
        description=locked.motivation,
        starts_at=starts_at,
        ends_at=ends_at,
    )
    record_action(
        "event.create", event, event=event, fields=["name", "host", "contact_email", "starts_at", "ends_at"]
    )
    if planner and not can_organize(planner, event):
        save_event_role(
            event=event, person=planner, role=EventRole.Role.ORGANIZER, days=(timezone.localdate(), None)
        )
    visit = create_visit(event=event)
    # The host chosen for the event replaces a free name, so that the proposal names one company.
    locked.visit, locked.host, locked.host_name = visit, host, ""
    locked.save(update_fields=["visit", "host", "host_name"])
    record_action("proposal.become", locked, event=event, fields=["visit"])
    return visit


def _check_dates(starts_at: datetime.datetime, ends_at: datetime.datetime) -> None:
    # Both fields at once, so that the planner corrects them in one go.
    problems = {
        "starts_at": find_start_problem(starts_at, timezone.now()),
        "ends_at": find_length_problem(starts_at, ends_at),
    }
    if field_errors := {name: [sentence] for name, sentence in problems.items() if sentence}:
        raise InvalidFields(_("Some fields need to be corrected."), field_errors)
