"""Rules of events whose places are given on application, provided by a higher app.

`hooks.application_rules` names the provider; only site visits are such events.
"""

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from django.conf import settings
from django.utils.translation import gettext as _

from convention import hooks
from convention.club.models import Seat
from convention.errors import NotOpenNow
from convention.events.models import Event
from schedule.models import Session

from .models import Registration, Ticket, WaitingEntry


class ApplicationRules(Protocol):
    """Facts about events with applications that registrations need."""

    def find_governed_ids(self, events: Collection[Event]) -> Collection[int]:
        """Return the ids of those of these events whose places are given on application, with one query."""

    def get_application_path(self, event: Event) -> str:
        """Return the path of the page where members apply."""

    def get_new_application_path(self, event: Event) -> str:
        """Return the path of the page where organizers apply in place of members."""

    def get_deadline(self, event: Event) -> datetime.datetime:
        """Return the time until which places are offered to the waiting list."""

    def rank_entries(self, ticket: Ticket) -> Mapping[int, int]:
        """Return the rank of each waiting entry by its id, the smallest first."""

    def find_objection(self, entry: WaitingEntry) -> str:
        """Return why the entry cannot be promoted now, as `WaitingEntry.SkipReason`, or ""."""

    def get_entitled_seat(self, entry: WaitingEntry) -> Seat:
        """Return the seat that entitles the applicant. Raise an error that says why there is none."""

    def check_admission(self, registrations: Sequence[Registration]) -> None:
        """Raise an error unless each of these people has applied and may come; called in the transaction."""

    def has_active_application(self, registration: Registration) -> bool:
        pass


def get_application_rules(event: Event) -> ApplicationRules | None:
    """Return the rules of the event, or None if its places are not given on application."""
    # No other kind has applications: this saves a query.
    if event.kind != Event.Kind.SITE_VISIT:
        return None
    rules = _load_rules()
    return rules if rules.find_governed_ids([event]) else None


def _load_rules() -> ApplicationRules:
    # A hook, because `visits`, which provides the rules, imports this package.
    rules: ApplicationRules = hooks.application_rules.provider()
    return rules


def has_passed_deadline(event: Event, *, at: datetime.datetime) -> bool:
    """Return whether places of the event are given on application, and no longer to the waiting list."""
    rules = get_application_rules(event)
    return rules is not None and rules.get_deadline(event) <= at


def get_application_path(event: Event) -> str:
    """Return the path of the page where members apply, or "" where they register."""
    rules = get_application_rules(event)
    return rules.get_application_path(event) if rules else ""


def get_new_application_path(event: Event) -> str:
    """Return the path of the page where organizers apply in place of members, or "" where they register."""
    rules = get_application_rules(event)
    return rules.get_new_application_path(event) if rules else ""


def get_application_paths(events: Iterable[Event]) -> dict[int, str]:
    """Return the paths by event id, with one query; events without applications are left out."""
    visits = [event for event in events if event.kind == Event.Kind.SITE_VISIT]
    if not visits:
        return {}
    rules = _load_rules()
    governed_ids = rules.find_governed_ids(visits)
    return {event.pk: rules.get_application_path(event) for event in visits if event.pk in governed_ids}


class ApplicationRequired(NotOpenNow):
    """Members apply for places of this event on its page."""

    kind = "given-on-application"


def describe_missing_application(ticket: Ticket) -> str:
    """Return an error if the ticket's places are given on application, or ""."""
    if ticket.needs_member_verification and (page := get_application_path(ticket.event)):
        sentence = _("Places on this visit are allocated on application. Apply at %(page)s.")
        return sentence % {"page": f"{settings.SITE_URL}{page}"}
    return ""


def refuse_without_application(ticket: Ticket) -> None:
    """Raise ApplicationRequired if the ticket's places are given on application."""
    if sentence := describe_missing_application(ticket):
        raise ApplicationRequired(sentence)


def check_applications(registrations: Sequence[Registration]) -> None:
    """Raise an error if one of these members' places needs an application that is missing."""
    member_registrations = [
        registration for registration in registrations if registration.ticket.needs_member_verification
    ]
    if member_registrations and (rules := get_application_rules(member_registrations[0].event)):
        rules.check_admission(member_registrations)


def rank_waiting_entries(
    entries: Iterable[WaitingEntry], ticket_or_session: Ticket | Session
) -> list[WaitingEntry]:
    """Return the entries of one waiting list, with `priority_rank` set by the event's rules, if any."""
    entries = list(entries)
    # Loaded once for the whole list; sessions have no applications.
    rules = (
        get_application_rules(ticket_or_session.event)
        if isinstance(ticket_or_session, Ticket) and entries
        else None
    )
    if rules and isinstance(ticket_or_session, Ticket):
        ranks = rules.rank_entries(ticket_or_session)
        for entry in entries:
            entry.priority_rank = ranks.get(entry.pk, 0)
    return entries
