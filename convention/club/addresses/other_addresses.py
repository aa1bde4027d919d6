"""Find the addresses that people have besides their main one, most of them from merged records."""

from typing import Final

from allauth.account.models import EmailAddress
from django.db.models import F, Q, QuerySet

from convention.club.models import Person
from convention.db.searchable import MAX_SEARCH_WORDS
from convention.text.email_addresses import is_same_email
from convention.text.normalize import normalize_whitespace

MAX_PEOPLE_BY_OTHER_ADDRESS: Final = 200


def select_other_addresses() -> QuerySet[EmailAddress]:
    """Return the addresses that certainly belong to their account, among them those of merged records.

    An unverified one does if the person never signed in: only afterwards could they have entered it.
    """
    return EmailAddress.objects.filter(Q(verified=True) | Q(user__last_login=None)).order_by("pk")


def load_other_addresses(person: Person) -> list[EmailAddress]:
    """Return the addresses that certainly are the person's, without the main one."""
    rows = select_other_addresses().filter(user=person)
    return [row for row in rows if not is_same_email(row.email, person.email or "")]


def list_other_addresses(person: Person) -> list[str]:
    """Return `load_other_addresses` as text."""
    return [row.email for row in load_other_addresses(person)]


def find_people_by_other_address(words: str) -> list[int]:
    """Return the ids of people one of whose addresses contains every word."""
    # Without the main ones, which `search_people` finds by itself: they would fill the limit.
    rows = select_other_addresses().exclude(email=F("user__email"))
    for word in normalize_whitespace(words).split()[:MAX_SEARCH_WORDS]:
        rows = rows.filter(email__icontains=word)
    return list(rows.values_list("user", flat=True)[:MAX_PEOPLE_BY_OTHER_ADDRESS])
