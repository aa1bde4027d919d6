"""Steps in the life of a visit: agreed with the host, published to members, closed, reopened."""

from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.audit.record import record_action
from convention.errors import NotOpenNow
from convention.events.models import Event
from convention.events.publishing.publish import ReadinessItem
from convention.text.dates import format_date
from registrations.visits.applications.eligibility import get_member_ticket
from registrations.visits.dates import find_length_problem
from registrations.visits.models import NdaText, Visit
from registrations.visits.permissions import can_read_identities
from registrations.visits.preconditions import VisitNotReady, lock_visit_row

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser

HOST_CONTACTS_PAGE: Final = "organize-visit-host"


@transaction.atomic
def record_agreement(*, visit: Visit) -> Visit:
    """Record that the host agreed to the day and the terms. Raise NotOpenNow or VisitNotReady."""
    visit = lock_visit_row(visit)
    if visit.event.host_id is None:
        raise VisitNotReady(_("First choose the host in the event’s settings."))
    if sentence := find_length_problem(visit.event.starts_at, visit.event.ends_at):
        raise VisitNotReady(sentence)
    # Recording it twice keeps the first date.
    return _save_step_time(visit, "agreed_at", "visit.agree") if visit.agreed_at is None else visit


def list_missing_steps(visit: Visit) -> list[ReadinessItem]:
    """Return what is missing before the visit can be published, with the page where it is entered."""
    ticket, now = get_member_ticket(visit), timezone.now()
    own_deadline = visit.event.registration_closes_at
    length_problem = find_length_problem(visit.event.starts_at, visit.event.ends_at)
    checks = (
        (visit.agreed_at is None, _("The host has not agreed yet."), ""),
        (ticket is None or ticket.capacity is None, _("Enter the number of places."), ""),
        (
            not NdaText.objects.filter(visit=visit).exists(),
            _("Enter the confidentiality terms."),
            "organize-visit-confidentiality",
        ),
        (bool(length_problem), length_problem, ""),
        (
            visit.locks_at <= now,
            describe_immediate_lock(visit),
            "",
        ),
        (
            own_deadline is not None and own_deadline <= now,
            _("The registration deadline has passed. Enter a later one or leave it empty."),
            "organize-settings",
        ),
    )
    return [
        ReadinessItem(sentence, is_done=False, page_name=page_name, is_required=True)
        for is_missing, sentence, page_name in checks
        if is_missing
    ]


def describe_immediate_lock(visit: Visit) -> str:
    """Return a sentence on why the list would be locked at once: its deadline has passed."""
    sentence = ngettext(
        "The list would lock at once: its deadline, %(count)d working day before the visit, was %(day)s. "
        "Choose a later date for the visit, or fewer working days in its terms.",
        "The list would lock at once: its deadline, %(count)d working days before the visit, was %(day)s. "
        "Choose a later date for the visit, or fewer working days in its terms.",
        visit.lock_working_days,
    )
    day = format_date(visit.locks_at, visit.event.zone)
    return sentence % {"count": visit.lock_working_days, "day": day}


def list_points_to_check(visit: Visit, reader: "RequestUser") -> list[ReadinessItem]:
    """Return recommended items that are missing, but not required for publication.

    The host's contacts are for readers who can add them.
    """
    checks = (
        (
            visit.event.venue_id is None,
            _(
                "No venue yet: members will see that it has yet to be announced. Choose an existing venue or "
                "add one."
            ),
            "organize-venue",
        ),
        (
            can_read_identities(reader) and not visit.host_contacts.active().exists(),
            _(
                "No host contacts yet: add those who will follow the visit online at the host’s, approve "
                "replacements and write the safety briefing."
            ),
            HOST_CONTACTS_PAGE,
        ),
    )
    return [
        ReadinessItem(sentence, is_done=False, page_name=page_name)
        for is_missing, sentence, page_name in checks
        if is_missing
    ]


@transaction.atomic
def publish_visit(*, visit: Visit) -> Visit:
    """Publish a visit to members, who can apply until it closes. Raise NotOpenNow or VisitNotReady."""
    visit = lock_visit_row(visit)
    # Under the lock, and not only on the page: a colleague may have removed the ticket meanwhile.
    if missing := list_missing_steps(visit):
        raise VisitNotReady(" ".join(item.sentence for item in missing))
    event = visit.event
    event.visibility = Event.Visibility.MEMBERS
    event.save(update_fields=["visibility"])
    record_action("visit.publish", visit, event=event, fields=["visibility"])
    return visit


@transaction.atomic
def close_applications(*, visit: Visit) -> Visit:
    """Close applications; free places are offered to the waiting list until the lock. Raise NotOpenNow."""
    visit = lock_visit_row(visit)
    if visit.state != Visit.State.PUBLISHED:
        raise NotOpenNow(_("This visit is not accepting applications."))
    return _save_step_time(visit, "closed_at", "visit.close")


@transaction.atomic
def reopen_applications(*, visit: Visit) -> Visit:
    """Open applications again, until the organizer's deadline or the lock. Raise NotOpenNow.

    A deadline of the organizer that has passed is removed.
    """
    visit, now = lock_visit_row(visit), timezone.now()
    # After the lock, a place can only go to a named replacement.
    if visit.state != Visit.State.CLOSED or visit.locks_at <= now:
        raise NotOpenNow(_("The list is locked, or applications are already open."))
    visit.closed_at = None
    visit.save(update_fields=["closed_at"])
    fields = ["closed_at"]
    own_deadline = visit.event.registration_closes_at
    if own_deadline and own_deadline <= now:
        # It would keep applications closed; without it they stay open until the lock.
        visit.event.registration_closes_at = None
        visit.event.save(update_fields=["registration_closes_at"])
        fields.append("registration_closes_at")
    record_action("visit.reopen", visit, event=visit.event, fields=fields)
    return visit


def _save_step_time(visit: Visit, field: str, verb: str) -> Visit:
    setattr(visit, field, timezone.now())
    visit.save(update_fields=[field])
    record_action(verb, visit, event=visit.event, fields=[field])
    return visit
