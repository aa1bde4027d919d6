"""Events whose places are given on application: who may have one, in which order, and until when.

`hooks.application_rules` names what knows it, which stands above; only visits to vendors’ sites are such
events.
"""

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from django.conf import settings
from django.utils.translation import gettext as _

from convention import hooks
from convention.club.models import Seat
from convention.errors import Closed
from convention.events.models import Event
from schedule.models import Session

from .models import Registration, Ticket, WaitingEntry


class Rules(Protocol):
    """What an event whose places are given on application is asked."""

    def governed(self, events: Collection[Event]) -> Collection[int]:
        """The ids of those of these visits whose places are given so, in one read."""

    def page(self, event: Event) -> str:
        """Where members apply: a path."""

    def until(self, event: Event) -> datetime.datetime:
        """Until when places are given to who waits."""

    def ranks(self, ticket: Ticket) -> Mapping[int, int]:
        """Who comes before whom among those who wait, by the entry's id: the smallest first."""

    def objection(self, entry: WaitingEntry) -> str:
        """Why someone who waits cannot be served now, as `WaitingEntry.PassedOver`; else nothing."""

    def seat(self, entry: WaitingEntry) -> Seat:
        """The seat for which who waits may come. Raises what says why not."""

    def admit(self, registrations: Sequence[Registration]) -> None:
        """In the transaction that gives places to these people: each has asked and may come, or it raises."""

    def is_applied_for(self, registration: Registration) -> bool:
        """Whether the place is that of an application that stands."""


def rules_of(event: Event) -> Rules | None:
    """The rules of an event whose places are given on application; None for any other."""
    if event.kind != Event.Kind.SITE_VISIT:
        return None
    rules = _rules()
    return rules if rules.governed([event]) else None


def _rules() -> Rules:
    rules: Rules = hooks.application_rules.provider()
    return rules


def page_to_apply(event: Event) -> str:
    """Where one applies for a place; empty where one registers."""
    rules = rules_of(event)
    return rules.page(event) if rules else ""


def pages_to_apply(events: Iterable[Event]) -> dict[int, str]:
    """The same of many, by id, in one read; those where one registers are left out."""
    visits = [event for event in events if event.kind == Event.Kind.SITE_VISIT]
    if not visits:
        return {}
    rules = _rules()
    governed = rules.governed(visits)
    return {event.pk: rules.page(event) for event in visits if event.pk in governed}


class GivenOnApplication(Closed):
    """Places of this event are asked for on its page, and given to who may come."""

    kind = "given-on-application"


def about_unasked(ticket: Ticket) -> str:
    """What is wrong with giving a member's place of this ticket out of hand, if anything."""
    if ticket.needs_proof and (page := page_to_apply(ticket.event)):
        sentence = _("Places of this visit are given on application: who wants to come applies at %(page)s.")
        return sentence % {"page": f"{settings.SITE_URL}{page}"}
    return ""


def refuse_unasked(ticket: Ticket) -> None:
    """Raises GivenOnApplication where members apply for places of this ticket."""
    if sentence := about_unasked(ticket):
        raise GivenOnApplication(sentence)


def admit(registrations: Sequence[Registration]) -> None:
    """Before members' places stand: where they are given on application, refuse who has not asked."""
    proven = [registration for registration in registrations if registration.ticket.needs_proof]
    if proven and (rules := rules_of(proven[0].event)):
        rules.admit(proven)


def ranked(entries: Iterable[WaitingEntry], thing: Ticket | Session) -> list[WaitingEntry]:
    """The entries of one waiting list, each with its rank by the event's own rule, if it has one."""
    entries = list(entries)
    rules = rules_of(thing.event) if isinstance(thing, Ticket) and entries else None
    if rules and isinstance(thing, Ticket):
        ranks = rules.ranks(thing)
        for entry in entries:
            entry.rank = ranks.get(entry.pk, 0)
    return entries
