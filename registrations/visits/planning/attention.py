"""List what a planner of the season has to do: visits, proposals, and companies without a vote or contact."""

import datetime
from collections import Counter
from typing import TYPE_CHECKING

from django.utils.translation import ngettext

from convention.club.memberships import MembershipFilter, filter_by_membership
from convention.club.models import Company
from convention.club.permissions import can_manage_directory
from convention.events.attention import AttentionItem
from registrations.visits.applications.applicants import NEEDS_DECISION_FILTER, list_undecided_applications
from registrations.visits.models import Proposal, Visit
from registrations.visits.permissions import can_manage_visit, can_read_identities
from registrations.visits.visitor_list.open_steps import list_open_steps

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


def list_season_items(planner: "RequestUser", *, at: datetime.datetime) -> list[AttentionItem]:
    """Return the planner's items, the most urgent first."""
    visits = Visit.objects.active().filter(event__ends_at__gt=at)
    items = list_visit_items(planner, list(visits.select_related("event")), at=at)
    # sorted() is stable: within a gravity the next visit comes first.
    items += [*_list_proposal_items(), *_list_membership_items(planner)]
    return sorted(items, key=lambda item: -item.gravity)


def list_visit_items(
    reader: "RequestUser", visits: list[Visit], *, at: datetime.datetime
) -> list[AttentionItem]:
    """Return what these visits still need, the most urgent first: decisions, and open steps of the lists.

    Each only for readers of the page where to act: organizers may not open the lists.
    """
    items = _list_undecided_items(reader, visits, at=at)
    if can_read_identities(reader):
        items += [
            AttentionItem(step.sentence, step.gravity, "organize-visit-lists", event=visit.event)
            # Few visits are locked and still to come, so a handful of queries for each is cheap.
            for visit in visits
            if visit.locked_at
            for step in list_open_steps(visit, at=at)
        ]
    return sorted(items, key=lambda item: -item.gravity)


def _list_undecided_items(
    reader: "RequestUser", visits: list[Visit], *, at: datetime.datetime
) -> list[AttentionItem]:
    """Return an item for each upcoming visit with people who lost their seat or work for a competitor."""
    upcoming = [
        visit
        for visit in visits
        if can_manage_visit(reader, visit.event) and not visit.cancelled_at and not visit.event.is_over(at=at)
    ]
    counts = Counter(row.visit_id for row in list_undecided_applications(upcoming))
    return [
        AttentionItem(
            _describe_undecided(counts[visit.pk]),
            1,
            "organize-visit-applicants",
            f"?state={NEEDS_DECISION_FILTER}",
            event=visit.event,
        )
        for visit in upcoming
        if counts[visit.pk]
    ]


def _describe_undecided(count: int) -> str:
    sentence = ngettext(
        "%(count)d person has lost their seat or now works for a competitor: keep or withdraw their place.",
        "%(count)d people have lost their seat or now work for a competitor: keep or withdraw their places.",
        count,
    )
    return sentence % {"count": count}


def _list_proposal_items() -> list[AttentionItem]:
    count = Proposal.objects.undecided().count()
    if not count:
        return []
    sentence = ngettext(
        "%(count)d proposal is waiting for a date.", "%(count)d proposals are waiting for a date.", count
    )
    return [AttentionItem(sentence % {"count": count}, 0, "organize-proposals")]


def _list_membership_items(reader: "RequestUser") -> list[AttentionItem]:
    """Return how many member companies have no voting representative or contact; none for other readers."""
    if not can_manage_directory(reader):
        return []
    unrepresented_count = _count_companies(MembershipFilter.UNREPRESENTED)
    unrepresented = ngettext(
        "%(count)d member company has no voting representative.",
        "%(count)d member companies have no voting representative.",
        unrepresented_count,
    )
    without_contact_count = _count_companies(MembershipFilter.WITHOUT_CONTACT)
    without_contact = ngettext(
        "%(count)d member company has no contact.",
        "%(count)d member companies have no contact.",
        without_contact_count,
    )
    rows = (
        (MembershipFilter.UNREPRESENTED, unrepresented_count, unrepresented),
        (MembershipFilter.WITHOUT_CONTACT, without_contact_count, without_contact),
    )
    return [
        AttentionItem(sentence % {"count": count}, 0, "club-companies", f"?membership={choice.value}")
        for choice, count, sentence in rows
        if count
    ]


def _count_companies(choice: MembershipFilter) -> int:
    return filter_by_membership(Company.objects.all(), choice).count()
