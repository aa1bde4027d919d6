"""Waiting lists as organizers see them: what is waited for, who in which position, and as a file."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from convention.downloads import Sheet
from convention.events.models import Event
from schedule.models import Session

from .line import waiting_order
from .models import Ticket, WaitingEntry
from .on_application import ranked
from .tell_waiting import address_of


@dataclass(frozen=True)
class List:
    """One ticket or session that somebody waits for; `key` names it in an address."""

    key: str
    thing: Ticket | Session
    waiting: int
    offered: int


@dataclass(frozen=True)
class Row:
    """One who waits, with the position in the line; 0 for who holds an offer or has ended."""

    entry: WaitingEntry
    position: int


def lists_of(event: Event) -> list[List]:
    """Tickets, then sessions in order of time, that somebody waits for now; three queries."""
    counts = {"waiting": Count("pk", filter=Q(offered_at__isnull=True)), "offered": Count("offered_at")}
    rows = WaitingEntry.objects.standing().filter(event=event).order_by().values_list("ticket", "session")
    by_ticket: dict[int, tuple[int, int]] = {}
    by_session: dict[int, tuple[int, int]] = {}
    for ticket, session, waiting, offered in rows.annotate(**counts):
        (by_ticket if ticket else by_session)[ticket or session] = (waiting, offered)
    tickets = event.tickets.filter(pk__in=by_ticket)
    sessions = event.sessions.filter(pk__in=by_session).order_by("starts_at", "number")
    return [
        *(List(f"ticket-{ticket.pk}", ticket, *by_ticket[ticket.pk]) for ticket in tickets),
        *(List(f"session-{session.pk}", session, *by_session[session.pk]) for session in sessions),
    ]


def entries_of(found: List) -> list[Row]:
    """All who wait for it: those with an offer first, then the line in its order."""
    entries = WaitingEntry.objects.standing().of(found.thing).select_related("registration__order", "event")
    return list(_rows(ranked(entries, found.thing)))


def _rows(entries: Iterable[WaitingEntry]) -> Iterator[Row]:
    """The entries of one thing, numbered."""
    ordered = waiting_order(entries)
    yield from (Row(entry, 0) for entry in ordered if entry.offered_at)
    line = [entry for entry in ordered if entry.offered_at is None]
    yield from (Row(entry, number) for number, entry in enumerate(line, start=1))


def sheet_of(event: Event) -> Sheet:
    """All lists as one to download."""
    header = [
        _("Waits for"), _("Position"), _("Name"), _("E-mail"), _("Company"), _("State"), _("Joined on"),
        _("Offered until"), _("Passed over"),
    ]  # fmt: skip
    return Sheet(_("Waiting lists"), header, cells_of(event))


def cells_of(event: Event) -> Iterator[list[Any]]:
    """The cells of each who waits, list by list; those whose wait has ended come last."""
    rows = WaitingEntry.objects.filter(event=event).select_related("registration__order", "ticket", "session")
    standing: dict[tuple[Any, Any], list[WaitingEntry]] = {}
    ended = []
    for entry in rows.order_by("ticket", "session", "pk"):
        if entry.accepted_at or entry.declined_at or entry.left_at or entry.lapsed_at:
            ended.append(entry)
        else:
            standing.setdefault((entry.ticket_id, entry.session_id), []).append(entry)
    for entries in standing.values():
        thing = entries[0].thing
        thing.event = event
        yield from (_cells(row, event) for row in _rows(ranked(entries, thing)))
    yield from (_cells(Row(entry, 0), event) for entry in ended)


def _cells(row: Row, event: Event) -> list[Any]:
    entry = row.entry
    until = entry.offer_expires_at
    return [
        entry.thing.title,
        row.position or "",
        entry.name,
        address_of(entry),
        entry.registration.company if entry.registration else entry.company,
        entry.get_state_display(),
        entry.joined_at.astimezone(event.zone),
        until.astimezone(event.zone) if until else "",
        entry.get_passed_over_display(),
    ]
