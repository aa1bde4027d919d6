"""List what a planner of the season has to do: locked visits, proposals, and companies without a vote."""

import datetime
from typing import TYPE_CHECKING

from django.utils.translation import ngettext

from convention.club.memberships import MembershipFilter, filter_by_membership
from convention.club.models import Company
from convention.club.permissions import can_manage_directory
from convention.events.attention import AttentionItem
from registrations.visits.models import Proposal, Visit
from registrations.visits.permissions import can_read_identities
from registrations.visits.visitor_list.open_steps import list_open_steps

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


def list_season_items(planner: "RequestUser", *, at: datetime.datetime) -> list[AttentionItem]:
    """Return the planner's items, the most urgent first."""
    visits = Visit.objects.active().filter(locked_at__isnull=False, event__ends_at__gt=at)
    # Few visits are locked and still to come, so a handful of queries for each is cheap.
    items = list_visit_items(planner, list(visits.select_related("event")), at=at)
    # sorted() is stable: within a gravity the next visit comes first.
    items += [*_list_proposal_items(), *_list_membership_items(planner)]
    return sorted(items, key=lambda item: -item.gravity)


def list_visit_items(
    reader: "RequestUser", visits: list[Visit], *, at: datetime.datetime
) -> list[AttentionItem]:
    """Return the open steps of these visits' lists; none for organizers, who may not open the lists."""
    if not can_read_identities(reader):
        return []
    return [
        AttentionItem(step.sentence, step.gravity, "organize-visit-lists", event=visit.event)
        for visit in visits
        for step in list_open_steps(visit, at=at)
    ]


def _list_proposal_items() -> list[AttentionItem]:
    count = Proposal.objects.undecided().count()
    if not count:
        return []
    sentence = ngettext(
        "%(count)d proposal is waiting for a date.", "%(count)d proposals are waiting for a date.", count
    )
    return [AttentionItem(sentence % {"count": count}, 0, "organize-proposals")]


def _list_membership_items(reader: "RequestUser") -> list[AttentionItem]:
    """Return how many companies could not vote at a general meeting today; none for other readers."""
    if not can_manage_directory(reader):
        return []
    choice = MembershipFilter.UNREPRESENTED
    count = filter_by_membership(Company.objects.all(), choice).count()
    if not count:
        return []
    sentence = ngettext(
        "%(count)d member company has no voting representative.",
        "%(count)d member companies have no voting representative.",
        count,
    )
    return [AttentionItem(sentence % {"count": count}, 0, "club-companies", f"?membership={choice.value}")]
