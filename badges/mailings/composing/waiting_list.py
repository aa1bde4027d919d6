"""The waiting list as recipients of mailings: entries for tickets, which have no registration yet."""

from django.db.models import QuerySet

from convention.events.models import Event
from convention.text.email_addresses import filter_by_email
from convention.text.normalize import parse_digits
from registrations.models import WaitingEntry

from .segments import WAITING_LIST, Segment

# A key of an entry in addresses and forms, beside the references of registrations, which have no hyphen.
KEY_PREFIX = "w-"


def list_entries_to_mail(event: Event) -> QuerySet[WaitingEntry]:
    """Return those who wait for a ticket, or were offered a place.

    Those who wait for a session have a registration, by which mailings reach them.
    """
    rows = WaitingEntry.objects.active().filter(event=event, ticket__isnull=False)
    return rows.exclude(email="").select_related("ticket").order_by("pk")


def select_waiting_entries(segment: Segment, event: Event) -> QuerySet[WaitingEntry]:
    """Return the waiting list entries that match the segment."""
    rows = list_entries_to_mail(event)
    if WAITING_LIST not in segment.states or segment.has_registration_criteria:
        return rows.none()
    if segment.tickets:
        rows = rows.filter(ticket__slug__in=segment.tickets)
    if segment.company:
        rows = rows.filter(company=segment.company)
    return rows.filter(language=segment.language) if segment.language else rows


def find_waiting_entries_by_address(event: Event | None, address: str) -> list[WaitingEntry]:
    """Return the entries with that address, of one event or of all."""
    rows = WaitingEntry.objects.active().filter(ticket__isnull=False).select_related("event")
    return filter_by_email(rows.filter(event=event) if event else rows, address)


def make_entry_key(entry_id: int) -> str:
    return f"{KEY_PREFIX}{entry_id}"


def read_entry_key(key: str) -> int:
    """Return the id of the entry, 0 for any other key."""
    return (parse_digits(key.removeprefix(KEY_PREFIX)) or 0) if key.startswith(KEY_PREFIX) else 0
