"""Find pairs of registrations that may be one person, and remember pairs that are not."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from convention.audit.record import record_action
from convention.club.models import Person
from convention.events.models import Event
from convention.text.edit_distance import count_edits
from convention.text.email_addresses import normalize_email
from convention.text.normalize import casefold_text
from registrations.models import DismissedDuplicate, Registration

DUPLICATE_REASONS = {
    "email": _("same e-mail"),
    "name": _("same name and company"),
    "name_alone": _("same name, no company given"),
    "swapped": _("first and last name swapped"),
    "spelling": _("nearly the same name"),
}
# In larger groups, as at a shared address, each candidate is paired with the next one only: the number of
# pairs would grow with the square of the group.
MAX_FULLY_PAIRED = 6


class DuplicateCandidate(NamedTuple):
    """The normalized data of one registration that are compared to find duplicates."""

    pk: int
    first: str
    last: str
    email: str
    company: str


@dataclass(frozen=True)
class DuplicatePair:
    """Two registrations that may be one person, by id, the earlier first.

    `reason` is a key of DUPLICATE_REASONS.
    """

    first_id: int
    second_id: int
    reason: str

    @property
    def reason_text(self) -> str:
        """Return the reason in the active language."""
        return str(DUPLICATE_REASONS[self.reason])


def find_duplicates(event: Event) -> list[DuplicatePair]:
    """Return the pairs among the active registrations, the most certain first, with two queries."""
    rows = Registration.objects.active().filter(event=event).order_by("pk")
    candidates = [
        DuplicateCandidate(
            pk, casefold_text(first), casefold_text(last), normalize_email(email), casefold_text(company)
        )
        # Plain values: instances of thousands of registrations would take far longer to make.
        for pk, first, last, email, company in rows.values_list(
            "pk", "first_name", "last_name", "email", "company"
        )
    ]
    dismissed = set(
        DismissedDuplicate.objects.filter(registration__event=event).values_list(
            "registration", "other_registration"
        )
    )
    return [pair for pair in find_pairs(candidates) if (pair.first_id, pair.second_id) not in dismissed]


def find_pairs(candidates: Iterable[DuplicateCandidate]) -> list[DuplicatePair]:
    """Return each pair among the candidates once, with its most certain reason. No database access."""
    candidates = list(candidates)
    reasons_by_pair: dict[tuple[int, int], str] = {}
    # In order of certainty: the first reason found for a pair stays.
    for reason, matches in (
        ("email", _pair_by_key((candidate.email, candidate) for candidate in candidates)),
        ("name", _find_same_names(candidate for candidate in candidates if candidate.company)),
        ("name_alone", _find_same_names(candidate for candidate in candidates if not candidate.company)),
        ("swapped", _find_swapped_names(candidates)),
        ("spelling", _find_similar_names(candidates)),
    ):
        for candidate, other in matches:
            reasons_by_pair.setdefault((min(candidate.pk, other.pk), max(candidate.pk, other.pk)), reason)
    order = list(DUPLICATE_REASONS)
    return [
        DuplicatePair(*keys, reason)
        for keys, reason in sorted(reasons_by_pair.items(), key=lambda item: (order.index(item[1]), item[0]))
    ]


def _full_name(candidate: DuplicateCandidate) -> str:
    return f"{candidate.first} {candidate.last}".strip()


def _pair_by_key(
    keyed_candidates: Iterable[tuple[object, DuplicateCandidate]],
) -> Iterator[tuple[DuplicateCandidate, DuplicateCandidate]]:
    """Yield pairs of candidates that share a key; empty keys are ignored."""
    groups = defaultdict[object, dict[int, DuplicateCandidate]](dict)
    for key, candidate in keyed_candidates:
        if key:
            groups[key][candidate.pk] = candidate
    for members in map(list, map(dict.values, groups.values())):
        is_few = len(members) <= MAX_FULLY_PAIRED
        yield from combinations(members, 2) if is_few else pairwise(members)


def _find_same_names(
    candidates: Iterable[DuplicateCandidate],
) -> Iterator[tuple[DuplicateCandidate, DuplicateCandidate]]:
    return _pair_by_key(
        (_full_name(candidate) and (_full_name(candidate), candidate.company), candidate)
        for candidate in candidates
    )


def _find_swapped_names(
    candidates: Iterable[DuplicateCandidate],
) -> Iterator[tuple[DuplicateCandidate, DuplicateCandidate]]:
    with_both_names = [
        candidate
        for candidate in candidates
        if candidate.first and candidate.last and candidate.first != candidate.last
    ]
    # Sorting the names gives both spellings the same key.
    keyed = (((*sorted((candidate.first, candidate.last)),), candidate) for candidate in with_both_names)
    return ((candidate, other) for candidate, other in _pair_by_key(keyed) if candidate.first == other.last)


def _find_similar_names(
    candidates: Iterable[DuplicateCandidate],
) -> Iterator[tuple[DuplicateCandidate, DuplicateCandidate]]:
    """Return pairs of one company whose names differ by one letter.

    Both names are indexed with each letter dropped, so that similar names meet under one key.
    """
    keyed = (
        ((shorter, candidate.company), candidate)
        for candidate in candidates
        # Short names differ by one letter without being the same person's.
        if candidate.company and len(_full_name(candidate)) > 5
        for shorter in _drop_one_letter(_full_name(candidate))
    )
    return (
        (candidate, other)
        for candidate, other in _pair_by_key(keyed)
        if count_edits(_full_name(candidate), _full_name(other)) == 1
    )


def _drop_one_letter(name: str) -> Iterator[str]:
    yield name
    yield from {name[:at] + name[at + 1 :] for at in range(len(name))}


@transaction.atomic
def dismiss_duplicate(
    *, registration: Registration, other_registration: Registration, person: Person | None = None
) -> None:
    """Store that these are two people. Repeating it changes nothing."""
    # Stored in one direction only, so that a pair is found whichever page dismissed it.
    first, second = sorted((registration, other_registration), key=lambda row: row.pk)
    _row, is_new = DismissedDuplicate.objects.get_or_create(
        registration=first, other_registration=second, defaults={"dismissed_by": person}
    )
    if is_new:
        record_action("registration.set_apart", first, event=first.event, fields=["other"])
