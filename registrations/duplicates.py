"""Duplicates: pairs of registrations that may be one person, and pairs that somebody found to be two."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from convention.addresses import folded
from convention.audit.record import record
from convention.club.models import Person
from convention.events.models import Event
from convention.text import fold

from .models import NotDuplicate, Registration

REASONS = {
    "email": _("same e-mail"),
    "name": _("same name and company"),
    "swapped": _("first and last name swapped"),
    "spelling": _("nearly the same name"),
}
MOST_ALIKE = 6
"""Of more people under one key, as at a shared address, each is held against the next alone."""


class Who(NamedTuple):
    """What tells people apart, as far as a list says it."""

    pk: int
    first: str
    last: str
    email: str
    company: str


@dataclass(frozen=True)
class Pair:
    """Two registrations that may be one person, by their ids, the earlier first; `reason` is of `REASONS`."""

    one: int
    other: int
    reason: str

    @property
    def why(self) -> str:
        """The reason in words."""
        return str(REASONS[self.reason])


def find_duplicates(event: Event) -> list[Pair]:
    """All pairs of who holds a place, the surest first; two queries, however many come."""
    rows = Registration.objects.active().filter(event=event).order_by("pk")
    people = [
        Who(pk, fold(first), fold(last), folded(email), fold(company))
        for pk, first, last, email, company in rows.values_list(
            "pk", "first_name", "last_name", "email", "company"
        )
    ]
    apart = set(NotDuplicate.objects.filter(one__event=event).values_list("one", "other"))
    return [pair for pair in pairs_among(people) if (pair.one, pair.other) not in apart]


def pairs_among(people: Iterable[Who]) -> list[Pair]:
    """The pairs among these people, each once with its surest reason. Pure."""
    people = list(people)
    found: dict[tuple[int, int], str] = {}
    for reason, alike in (
        ("email", _together((one.email, one) for one in people)),
        ("name", _together((_named(one) and (_named(one), one.company), one) for one in people)),
        ("swapped", _swapped(people)),
        ("spelling", _nearly(people)),
    ):
        for one, other in alike:
            found.setdefault((min(one.pk, other.pk), max(one.pk, other.pk)), reason)
    order = list(REASONS)
    return [
        Pair(*keys, reason)
        for keys, reason in sorted(found.items(), key=lambda item: (order.index(item[1]), item[0]))
    ]


def _named(one: Who) -> str:
    return f"{one.first} {one.last}".strip()


def _together(keyed: Iterable[tuple[object, Who]]) -> Iterator[tuple[Who, Who]]:
    """Pairs of those under one key; who has none is alone."""
    groups = defaultdict[object, dict[int, Who]](dict)
    for key, one in keyed:
        if key:
            groups[key][one.pk] = one
    for members in map(list, map(dict.values, groups.values())):
        is_few = len(members) <= MOST_ALIKE
        yield from combinations(members, 2) if is_few else pairwise(members)


def _swapped(people: Iterable[Who]) -> Iterator[tuple[Who, Who]]:
    both = [one for one in people if one.first and one.last and one.first != one.last]
    keyed = (((*sorted((one.first, one.last)),), one) for one in both)
    return ((one, other) for one, other in _together(keyed) if one.first == other.last)


def _nearly(people: Iterable[Who]) -> Iterator[tuple[Who, Who]]:
    """Names of one company that differ by a letter: without it, or the other's, both are the same."""
    keyed = (
        ((shorter, one.company), one)
        for one in people
        if one.company and len(_named(one)) > 5
        for shorter in _without_a_letter(_named(one))
    )
    return ((one, other) for one, other in _together(keyed) if _is_one_edit(_named(one), _named(other)))


def _without_a_letter(name: str) -> Iterator[str]:
    yield name
    yield from {name[:at] + name[at + 1 :] for at in range(len(name))}


def _is_one_edit(one: str, other: str) -> bool:
    """Whether one letter more, less or another, or two neighbours exchanged, makes one the other."""
    short, long = sorted((one, other), key=len)
    if short == long or len(long) - len(short) > 1:
        return False
    at = next((n for n, letter in enumerate(short) if letter != long[n]), len(short))
    rest = short[at:]
    if len(short) < len(long):
        return rest == long[at + 1 :]
    exchanged = short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]
    return rest[1:] == long[at + 1 :] or exchanged


@transaction.atomic
def set_apart(*, one: Registration, other: Registration, person: Person | None = None) -> None:
    """Remember that these two are two people; doing it twice does nothing more."""
    first, second = sorted((one, other), key=lambda row: row.pk)
    _row, is_new = NotDuplicate.objects.get_or_create(one=first, other=second, defaults={"person": person})
    if is_new:
        record("registration.set_apart", first, event=first.event, fields=["other"])
