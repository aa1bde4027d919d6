"""Offer: a place that is free goes to who waits, in the transaction that frees it.

So nobody who comes later finds it: what is taken never falls while somebody waits who can be served. Of
tickets that share a quota it goes to who waited longest for any of them. The row of the session, or of all
these tickets, is locked first, then entries that hold no offer; those that somebody else has locked are about
to leave, and are not waited for. Entries with an offer are locked before the row. So nobody waits in a ring.
"""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from convention.club.models import Company
from convention.counters import Counted, give_back_to, take_from
from convention.errors import SoldOut
from convention.events.models import Event
from schedule.models import Session

from .line import Standing, objection, offer_ends, waiting_order
from .members import member_by_email
from .models import CompanyShare, Quota, Registration, Ticket, WaitingEntry, WaitingPolicy
from .models.waiting import OFFER_HOURS, WaitingEntryQuerySet
from .on_application import ranked, rules_of
from .shared import count_shared, lock_sharing, sharing
from .tell_waiting import tell_waiting

type Awaited = Ticket | Session


def offer_free(kind: type[Counted], pk: int) -> int:
    """Offer whatever is free of a session, or of a ticket and those that share its quota, to those who wait.

    Returns how many offers were made. Call it in the transaction that freed a place, after its row was
    written.
    """
    waiting = _waiting_for(kind, pk)
    if not waiting.exists():
        return 0
    now = timezone.now()
    rows = {row.pk: row for row in _locked_together(kind, pk) if is_given_out(row, at=now)}
    made = 0
    for candidate in waiting_order(_with_ranks(waiting, rows.values())):
        if all(row.left == 0 for row in rows.values()):
            break
        row = rows.get(candidate.thing_id)
        if row is not None and row.left != 0:
            made += _offer_if_free(candidate, row)
    return made


def free(rows: Mapping[Awaited, int]) -> None:
    """Give places of tickets or of sessions back, and offer them at once to those who wait."""
    tickets = {row.pk: -places for row, places in rows.items() if isinstance(row, Ticket)}
    lock_sharing(tickets)
    give_back_to(rows)
    count_shared(tickets)
    for row in sorted(rows, key=lambda row: (row.TURN, row.pk)):
        offer_free(type(row), row.pk)


def locked(kind: type[Counted], pk: int) -> Awaited:
    """The ticket or session, locked until the transaction ends, with those that share its quota."""
    return next(row for row in _locked_together(kind, pk) if row.pk == pk)


def _locked_together(kind: type[Counted], pk: int) -> list[Awaited]:
    """The session; or the ticket and those that share its quota, which is locked after them."""
    rows: Any = sharing([pk]) if kind is Ticket else kind._default_manager.filter(pk=pk)
    found = list(rows.select_for_update(no_key=True, of=("self",)).select_related("event"))
    quotas = {row.quota_id for row in found if isinstance(row, Ticket) and row.quota_id}
    shared = Quota.objects.select_for_update(no_key=True).in_bulk(sorted(quotas)) if quotas else {}
    for row in found:
        if isinstance(row, Ticket) and row.quota_id:
            row.quota = shared[row.quota_id]
    return found


def is_given_out(row: Awaited, *, at: datetime.datetime) -> bool:
    """Whether places of it are given to anybody at that time."""
    if isinstance(row, Ticket):
        return row.is_public and row.is_on_sale(at=at) and _is_given_at(row.event, at)
    is_ahead = row.starts_at is None or row.starts_at > at
    return row.is_bookable and row.cancelled_at is None and is_ahead and row.event.ends_at > at


def _with_ranks(waiting: Iterable[WaitingEntry], rows: Iterable[Awaited]) -> list[WaitingEntry]:
    """Who waits for one of these, each with its rank by the rules of its event."""
    entries = list(waiting)
    for row in rows:
        ranked([entry for entry in entries if entry.thing_id == row.pk], row)
    return entries


def _is_given_at(event: Event, at: datetime.datetime) -> bool:
    """Whether places of this event are given to who waits: while it is open, or as long as its rules say."""
    rules = rules_of(event)
    return at < rules.until(event) if rules else event.is_registration_open(at=at)


def _waiting_for(kind: type[Counted], pk: int) -> WaitingEntryQuerySet:
    line: WaitingEntryQuerySet = WaitingEntry.objects.in_line()
    return line.filter(ticket__in=sharing([pk]).order_by()) if kind is Ticket else line.filter(session=pk)


def _offer_if_free(candidate: WaitingEntry, row: Awaited) -> bool:
    """Offer one place, unless the entry is just leaving, or something speaks against serving it."""
    entry = WaitingEntry.objects.in_line().select_for_update(skip_locked=True).filter(pk=candidate.pk).first()
    if entry is None:
        return False
    if reason := _objection(entry, row):
        if entry.passed_over != reason:
            entry.passed_over = reason
            entry.save(update_fields=["passed_over"])
        return False
    offer(entry, row)
    return True


def _objection(entry: WaitingEntry, row: Awaited) -> str:
    """What speaks against serving this entry now, as `WaitingEntry.PassedOver`; else nothing."""
    rules = rules_of(row.event)
    if rules and isinstance(row, Ticket) and row.needs_proof:
        return rules.objection(entry)
    return objection(standing_of(entry, row))


def offer(entry: WaitingEntry, row: Awaited) -> None:
    """Hold a place for an entry that holds none, both locked, and queue the mail. Raises SoldOut."""
    if take_from({row: 1}) or (isinstance(row, Ticket) and count_shared({row.pk: 1})):
        raise SoldOut(_("No place is free to be offered."))
    row.taken += 1
    if isinstance(row, Ticket) and row.quota:
        row.quota.taken += 1
    now = timezone.now()
    entry.offered_at, entry.offer_expires_at = now, _ends(row, now)
    entry.passed_over, entry.held_back_at = "", None
    entry.offers += 1
    entry.save(update_fields=["offered_at", "offer_expires_at", "passed_over", "held_back_at", "offers"])
    tell_waiting.enqueue(entry.pk)


def _ends(row: Awaited, now: datetime.datetime) -> datetime.datetime:
    event = row.event
    hours = WaitingPolicy.objects.filter(event=event).values_list("offer_hours", flat=True).first()
    begins = row.starts_at if isinstance(row, Session) else None
    if begins is None and (rules := rules_of(event)):
        begins = rules.until(event)
    begins = begins or (event.starts_at if event.starts_at > now else event.ends_at)
    return offer_ends(now=now, hours=hours or OFFER_HOURS, begins=begins)


def standing_of(entry: WaitingEntry, row: Awaited) -> Standing:
    """What speaks for and against serving this entry: of weight for members' tickets alone."""
    if not isinstance(row, Ticket) or not row.needs_proof:
        return Standing(is_member=True)
    found = member_by_email(entry.email)
    if found is None:
        return Standing(is_member=False)
    person, company = found
    places = Registration.objects.confirmed().filter(event=row.event_id, person=person, ticket=row)
    return Standing(is_member=True, has_place=places.exists(), company_left=_company_left(row, company))


def _company_left(ticket: Ticket, company: Company) -> int | None:
    """Places that the company may still have, offers to its people counted as taken."""
    if ticket.company_cap is None:
        return None
    shares = CompanyShare.objects.filter(ticket=ticket, company=company)
    taken = shares.values_list("taken", flat=True).first() or 0
    offered = WaitingEntry.objects.offered().filter(ticket=ticket).values_list("email", flat=True)
    members = [member_by_email(email) for email in offered]
    return ticket.company_cap - taken - sum(1 for found in members if found and found[1] == company)
