"""Suggest companies for a voucher, and find out whether anybody has the name that was entered."""

from typing import TYPE_CHECKING, Final

from convention.club.models import Company
from convention.events.models import Event
from convention.events.permissions import get_delegation
from convention.text.normalize import casefold_text

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser

# A page with more names would be slow to open on a phone.
MAX_SUGGESTIONS: Final = 2000


def suggest_companies(event: Event, *, reader: "RequestUser") -> list[str]:
    """Return the names that attendees entered and, unless the reader is an outsider, of the directory."""
    names = _list_entered_names(event)
    if get_delegation(reader, event) is None:
        names |= _list_directory_names()
    return sorted(names, key=casefold_text)[:MAX_SUGGESTIONS]


def is_company_known(event: Event, name: str) -> bool:
    """Return whether a company of the directory or of an attendee has the name, compared as for vouchers."""
    return casefold_text(name) in map(casefold_text, _list_directory_names() | _list_entered_names(event))


def _list_directory_names() -> set[str]:
    return set(Company.objects.filter(merged_on=None).values_list("name", flat=True))


def _list_entered_names(event: Event) -> set[str]:
    entered = event.registrations.exclude(company="").order_by().values_list("company", flat=True)
    return set(entered.distinct())
