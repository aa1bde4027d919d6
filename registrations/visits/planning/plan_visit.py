"""Create draft visits: from a proposal by setting a date, or without one."""

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
from convention.events.slugs import create_event, make_event_slug
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
    name_en: str = "",
    contact_email: str = "",
    planner: Person | None = None,
) -> Visit:
    """Create a draft visit at the host from a proposal, and link the proposal to it.

    It replaces a visit that was called off: its interested members can be told of the new date. Raise
    NotOpenNow if the proposal was decided, InvalidFields for unsuitable dates.
    """
    locked = lock_proposal(proposal)
    if not locked.is_undecided:
        raise NotOpenNow(_("This proposal has already become a visit, or has been set aside."))
    visit = create_planned_visit(
        host=host,
        starts_at=starts_at,
        ends_at=ends_at,
        name=name,
        name_en=name_en,
        contact_email=contact_email,
        description=locked.motivation,
        planner=planner,
    )
    # The host chosen for the event replaces a free name, so that the proposal names one company.
    locked.visit, locked.host, locked.host_name = visit, host, ""
    locked.members_notified_at = None
    locked.save(update_fields=["visit", "host", "host_name", "members_notified_at"])
    record_action("proposal.become", locked, event=visit.event, fields=["visit"])
    return visit


@transaction.atomic
def create_planned_visit(
    *,
    host: Company,
    starts_at: datetime.datetime,
    ends_at: datetime.datetime,
    name: str,
    name_en: str = "",
    contact_email: str = "",
    description: str = "",
    planner: Person | None = None,
) -> Visit:
    """Create a draft event at the host and its visit.

    The planner becomes an organizer of the event, so that a secretary can edit its settings. Raise
    InvalidFields for unsuitable dates.
    """
    _check_dates(starts_at, ends_at)
    values = {
        "kind": Event.Kind.SITE_VISIT,
        "name": name,
        "name_en": name_en,
        "host": host,
        "contact_email": contact_email,
        "description": description,
        "starts_at": starts_at,
        "ends_at": ends_at,
    }
    event = create_event({**values, "slug": make_event_slug(name)})
    names = ("name", "name_en", "host", "contact_email", "starts_at", "ends_at")
    record_action("event.create", event, event=event, fields=[name for name in names if values[name]])
    if planner and not can_organize(planner, event):
        save_event_role(
            event=event, person=planner, role=EventRole.Role.ORGANIZER, days=(timezone.localdate(), None)
        )
    return create_visit(event=event)


def _check_dates(starts_at: datetime.datetime, ends_at: datetime.datetime) -> None:
    # Both fields at once, so that the planner corrects them in one go.
    problems = {
        "starts_at": find_start_problem(starts_at, timezone.now()),
        "ends_at": find_length_problem(starts_at, ends_at),
    }
    if field_errors := {name: [sentence] for name, sentence in problems.items() if sentence}:
        raise InvalidFields(_("Some fields need to be corrected."), field_errors)
