"""Offer a free place to the next entry of the waiting list, in the transaction that freed the place.

Later orders therefore never find the place free: `reserved` does not fall while an eligible person waits.
Tickets that share a quota have one list: the place goes to the person who has waited longest for any of them.

Locks: the session, or all tickets of the quota, then entries without an offer. Locked entries are skipped
(`skip_locked`), because another transaction is ending them. Entries with an offer are locked before the item.
This order prevents deadlocks.
"""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from convention.club.models import Company
from convention.club.permissions import find_member_by_email
from convention.db.limited_stock import LimitedStock, release_stock, reserve_stock
from convention.errors import SoldOut
from convention.events.models import Event
from registrations.application_rules import get_application_rules, rank_waiting_entries
from registrations.models import Quota, Registration, Ticket, WaitingEntry, WaitingPolicy
from registrations.models.waiting_list import DEFAULT_OFFER_HOURS, WaitingEntryQuerySet
from registrations.shared_quotas import (
    find_tickets_sharing_quota,
    lock_tickets_sharing_quota,
    update_shared_quotas,
)
from schedule.models import Session
from schedule.permissions import get_programme_audience

from .notifications import notify_waiting_entry
from .policy import WaitingFacts, calculate_offer_expiry, find_offer_objection, sort_waiting_entries

type WantedItem = Ticket | Session


def offer_free_places(kind: type[LimitedStock], pk: int) -> int:
    """Offer the free places of a session, or of a ticket and those that share its quota.

    Return the number of offers. Call it in the transaction that freed a place, after the item's row was
    written.
    """
    waiting = _find_waiting_entries(kind, pk)
    # Before locking, so that an item without a waiting list is not locked.
    if not waiting.exists():
        return 0
    now = timezone.now()
    items = {item.pk: item for item in _lock_with_quota(kind, pk) if is_available(item, at=now)}
    offer_count = 0
    for candidate in sort_waiting_entries(_rank_entries(waiting, items.values())):
        # Stops once everything is full: the list may be long.
        if all(item.remaining == 0 for item in items.values()):
            break
        item = items.get(candidate.wanted_item_id)
        if item is not None and item.remaining != 0:
            offer_count += _offer_if_free(candidate, item)
    return offer_count


def offer_free_event_places(event: Event) -> None:
    """Offer the free places of all tickets of the event, for example once their sale has reopened.

    Call it in the transaction that made them available, so that nobody else finds them free.
    """
    ticket_ids = list(event.tickets.order_by("pk").values_list("pk", flat=True))
    # All of them before the first quota, as in bookings.
    lock_tickets_sharing_quota(ticket_ids)
    for pk in ticket_ids:
        offer_free_places(Ticket, pk)


def release_and_offer(released_items: Mapping[WantedItem, int]) -> None:
    """Release places of tickets or sessions, and offer them to those who wait."""
    # Quotas count the places of all their tickets, so they are locked and updated with them.
    tickets = {item.pk: -places for item, places in released_items.items() if isinstance(item, Ticket)}
    lock_tickets_sharing_quota(tickets)
    release_stock(released_items)
    update_shared_quotas(tickets)
    for item in sorted(released_items, key=lambda item: (item.LOCK_ORDER, item.pk)):
        offer_free_places(type(item), item.pk)


def lock_wanted_item(kind: type[LimitedStock], pk: int) -> WantedItem:
    """Return the ticket or session, locked together with the tickets that share its quota."""
    return next(item for item in _lock_with_quota(kind, pk) if item.pk == pk)


def _lock_with_quota(kind: type[LimitedStock], pk: int) -> list[WantedItem]:
    """Return the session, or the ticket with those that share its quota; the quota is locked last."""
    rows: Any = find_tickets_sharing_quota([pk]) if kind is Ticket else kind._default_manager.filter(pk=pk)
    items = list(rows.select_for_update(no_key=True, of=("self",)).select_related("event"))
    quotas = {item.quota_id for item in items if isinstance(item, Ticket) and item.quota_id}
    locked_quotas = Quota.objects.select_for_update(no_key=True).in_bulk(sorted(quotas)) if quotas else {}
    for item in items:
        if isinstance(item, Ticket) and item.quota_id:
            item.quota = locked_quotas[item.quota_id]
    return items


def is_available(item: WantedItem, *, at: datetime.datetime) -> bool:
    """Return whether free places of the item may be offered at `at`."""
    if isinstance(item, Ticket):
        return item.is_public and item.is_on_sale(at=at) and _is_event_open(item.event, at)
    is_ahead = item.is_published and item.starts_at is not None and item.starts_at > at
    takes_place = item.cancelled_at is None and item.event.cancelled_at is None
    return item.is_bookable and takes_place and is_ahead and not item.event.is_over(at=at)


def _rank_entries(waiting: Iterable[WaitingEntry], items: Iterable[WantedItem]) -> list[WaitingEntry]:
    """Return the entries, each with its rank by the rules of its event."""
    entries = list(waiting)
    for item in items:
        rank_waiting_entries([entry for entry in entries if entry.wanted_item_id == item.pk], item)
    return entries


def _is_event_open(event: Event, at: datetime.datetime) -> bool:
    """Return whether places of the event's tickets may be offered to the waiting list at `at`."""
    rules = get_application_rules(event)
    return at < rules.get_deadline(event) if rules else event.is_registration_open(at=at)


def _find_waiting_entries(kind: type[LimitedStock], pk: int) -> WaitingEntryQuerySet:
    entries: WaitingEntryQuerySet = WaitingEntry.objects.awaiting_offer()
    return (
        entries.filter(ticket__in=find_tickets_sharing_quota([pk]).order_by())
        if kind is Ticket
        else entries.filter(session=pk)
    )


def _offer_if_free(candidate: WaitingEntry, item: WantedItem) -> bool:
    """Offer one place unless the entry is locked or has an objection; return whether it was offered."""
    # Read again under its lock, since the list was read without one.
    entry = (
        WaitingEntry.objects.awaiting_offer()
        .select_for_update(skip_locked=True)
        .filter(pk=candidate.pk)
        .first()
    )
    if entry is None:
        return False
    if reason := _find_objection(entry, item):
        # Shown to organizers; written only when it changes, as this runs every minute.
        if entry.skip_reason != reason:
            entry.skip_reason = reason
            entry.save(update_fields=["skip_reason"])
        return False
    offer_place(entry, item)
    return True


def _find_objection(entry: WaitingEntry, item: WantedItem) -> str:
    """Return why this entry cannot be offered a place now, as `WaitingEntry.SkipReason`, or ""."""
    rules = get_application_rules(item.event)
    # At events with applications, their rules decide who may have a member's ticket.
    if rules and isinstance(item, Ticket) and item.needs_member_verification:
        return rules.find_objection(entry)
    return find_offer_objection(load_waiting_facts(entry, item))


def offer_place(entry: WaitingEntry, item: WantedItem) -> None:
    """Hold a place for the entry and queue its mail; both are locked. Raise SoldOut."""
    if reserve_stock({item: 1}) or (isinstance(item, Ticket) and update_shared_quotas({item.pk: 1})):
        raise SoldOut(_("There is no free place to offer."))
    # The statement above changed the database row, not this instance, which callers go on using.
    item.reserved += 1
    if isinstance(item, Ticket) and item.quota:
        item.quota.reserved += 1
    now = timezone.now()
    entry.offered_at, entry.offer_expires_at = now, _calculate_expiry(item, now)
    entry.skip_reason, entry.held_back_at = "", None
    entry.offer_count += 1
    entry.save(update_fields=["offered_at", "offer_expires_at", "skip_reason", "held_back_at", "offer_count"])
    notify_waiting_entry.enqueue(entry.pk)


def _calculate_expiry(item: WantedItem, now: datetime.datetime) -> datetime.datetime:
    event = item.event
    hours = WaitingPolicy.objects.filter(event=event).values_list("offer_hours", flat=True).first()
    starts_at = item.starts_at if isinstance(item, Session) else None
    if starts_at is None and (rules := get_application_rules(event)):
        starts_at = rules.get_deadline(event)
    # Once the event has started, an offer of a ticket lasts at most until the event ends.
    starts_at = starts_at or (event.starts_at if event.starts_at > now else event.ends_at)
    return calculate_offer_expiry(now=now, offer_hours=hours or DEFAULT_OFFER_HOURS, starts_at=starts_at)


def load_waiting_facts(entry: WaitingEntry, item: WantedItem) -> WaitingFacts:
    """Return the facts for `find_offer_objection`; only items for members have conditions."""
    if isinstance(item, Session) and item.is_for_members and entry.registration:
        audience = get_programme_audience(entry.registration.person, item.event)
        return WaitingFacts(is_member=item.is_visible_to(audience))
    if not isinstance(item, Ticket) or not item.needs_member_verification:
        return WaitingFacts(is_member=True)
    member = find_member_by_email(entry.email)
    if member is None:
        return WaitingFacts(is_member=False)
    person, company = member
    return WaitingFacts(
        is_member=True,
        has_place=Registration.objects.of_members([person], [item]).exists(),
        company_places_left=_count_company_places_left(item, company),
    )


def _count_company_places_left(ticket: Ticket, company: Company) -> int | None:
    """Return how many places the company may still have, offers included; None without a cap."""
    # Checked first, because the people of all offers are looked up.
    if ticket.company_cap is None:
        return None
    offered = WaitingEntry.objects.with_offer().filter(ticket=ticket).values_list("email", flat=True)
    # An offer is not linked to a member yet: the company is found by the address.
    members = [find_member_by_email(email) for email in offered]
    offer_count = sum(1 for member in members if member and member[1] == company)
    return ticket.count_company_places_left(company, offer_count=offer_count)
