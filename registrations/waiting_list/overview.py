"""Waiting lists as organizers see them, on a page and as a file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from convention.events.models import Event
from convention.tables.downloads import TableSheet
from registrations.application_rules import rank_waiting_entries
from registrations.models import Ticket, WaitingEntry
from schedule.models import Session

from .notifications import get_mail_address
from .policy import sort_waiting_entries


@dataclass(frozen=True)
class WaitingListSummary:
    """A ticket or session that people wait for; `key` names it in a query string."""

    key: str
    wanted_item: Ticket | Session
    waiting_count: int
    offered_count: int

    @property
    def taken_count(self) -> int:
        """Return how many places are taken, without those that are reserved for an offer."""
        return max(self.wanted_item.reserved - self.offered_count, 0)

    @property
    def ticket_slug(self) -> str:
        """Return the slug of the ticket, "" for a session."""
        return self.wanted_item.slug if isinstance(self.wanted_item, Ticket) else ""


@dataclass(frozen=True)
class WaitingListRow:
    """An entry with its position; 0 for one that holds an offer or has ended."""

    entry: WaitingEntry
    position: int


def load_waiting_lists(event: Event) -> list[WaitingListSummary]:
    """Return the tickets, then the sessions in order of time, that people wait for; three queries."""
    counts = {"waiting": Count("pk", filter=Q(offered_at__isnull=True)), "offered": Count("offered_at")}
    # An empty `order_by` first: the default order would split the groups.
    rows = WaitingEntry.objects.active().filter(event=event).order_by().values_list("ticket", "session")
    by_ticket: dict[int, tuple[int, int]] = {}
    by_session: dict[int, tuple[int, int]] = {}
    for ticket, session, waiting, offered in rows.annotate(**counts):
        (by_ticket if ticket else by_session)[ticket or session] = (waiting, offered)
    tickets = event.tickets.filter(pk__in=by_ticket)
    sessions = event.sessions.filter(pk__in=by_session).order_by("starts_at", "number")
    return [
        *(WaitingListSummary(f"ticket-{ticket.pk}", ticket, *by_ticket[ticket.pk]) for ticket in tickets),
        *(
            WaitingListSummary(f"session-{session.pk}", session, *by_session[session.pk])
            for session in sessions
        ),
    ]


def list_waiting_rows(waiting_list: WaitingListSummary) -> list[WaitingListRow]:
    """Return the entries with an offer, then the others in order."""
    entries = (
        WaitingEntry.objects.active()
        .waiting_for(waiting_list.wanted_item)
        .select_related("registration__order", "event")
    )
    return list(_number_entries(rank_waiting_entries(entries, waiting_list.wanted_item)))


def _number_entries(entries: Iterable[WaitingEntry]) -> Iterator[WaitingListRow]:
    """Yield the entries of one item with their positions."""
    ordered = sort_waiting_entries(entries)
    yield from (WaitingListRow(entry, 0) for entry in ordered if entry.offered_at)
    waiting = [entry for entry in ordered if entry.offered_at is None]
    yield from (WaitingListRow(entry, number) for number, entry in enumerate(waiting, start=1))


def make_waiting_list_sheet(event: Event) -> TableSheet:
    """Return all waiting lists of the event as one sheet."""
    header = [
        _("Waiting for"), _("Position"), _("Name"), _("E-mail"), _("Company"), _("Status"), _("Joined on"),
        _("Offered until"), _("Reason for skipping"),
    ]  # fmt: skip
    return TableSheet(_("Waiting lists"), header, iterate_export_rows(event))


def iterate_export_rows(event: Event) -> Iterator[list[Any]]:
    """Yield the cells of each entry, list by list; ended entries come last."""
    rows = WaitingEntry.objects.filter(event=event).select_related("registration__order", "ticket", "session")
    entries_by_item: dict[tuple[Any, Any], list[WaitingEntry]] = {}
    ended = []
    for entry in rows.order_by("ticket", "session", "pk"):
        if entry.accepted_at or entry.declined_at or entry.left_at or entry.offer_expired_at:
            ended.append(entry)
        else:
            entries_by_item.setdefault((entry.ticket_id, entry.session_id), []).append(entry)
    for entries in entries_by_item.values():
        wanted_item = entries[0].wanted_item
        # Saves a query for each list: ranking reads the item's event.
        wanted_item.event = event
        yield from (
            _make_export_row(row, event)
            for row in _number_entries(rank_waiting_entries(entries, wanted_item))
        )
    yield from (_make_export_row(WaitingListRow(entry, 0), event) for entry in ended)


def _make_export_row(row: WaitingListRow, event: Event) -> list[Any]:
    entry = row.entry
    expires_at = entry.offer_expires_at
    return [
        entry.wanted_item.title,
        row.position or "",
        entry.name,
        get_mail_address(entry),
        entry.registration.company if entry.registration else entry.company,
        entry.get_state_display(),
        entry.joined_at.astimezone(event.zone),
        expires_at.astimezone(event.zone) if expires_at else "",
        entry.get_skip_reason_display(),
    ]
