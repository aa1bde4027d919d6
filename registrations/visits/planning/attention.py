"""List what a planner of the season has to do: lists of locked visits, and proposals without a decision."""

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import ngettext

from convention.events.models import Event
from registrations.visits.models import Proposal, Visit
from registrations.visits.permissions import can_read_identities
from registrations.visits.visitor_list.open_steps import list_open_steps

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


@dataclass(frozen=True)
class SeasonItem:
    """A sentence, its gravity (0 can wait, 1 soon, 2 now), and the page where to act."""

    sentence: str
    gravity: int
    page_name: str
    event: Event | None = None


def list_season_items(planner: "RequestUser", *, at: datetime.datetime) -> list[SeasonItem]:
    """Return the planner's items, the most urgent first."""
    visits = Visit.objects.active().filter(locked_at__isnull=False, event__ends_at__gt=at)
    # Few visits are locked and still to come, so a handful of queries for each is cheap.
    items = list_visit_items(planner, list(visits.select_related("event")), at=at)
    # sorted() is stable: within a gravity the next visit comes first.
    return sorted([*items, *_list_proposal_items()], key=lambda item: -item.gravity)


def list_visit_items(
    reader: "RequestUser", visits: list[Visit], *, at: datetime.datetime
) -> list[SeasonItem]:
    """Return the open steps of these visits' lists; none for organizers, who may not open the lists."""
    if not can_read_identities(reader):
        return []
    return [
        SeasonItem(step.sentence, step.gravity, "organize-visit-lists", visit.event)
        for visit in visits
        for step in list_open_steps(visit, at=at)
    ]


def _list_proposal_items() -> list[SeasonItem]:
    count = Proposal.objects.undecided().count()
    if not count:
        return []
    sentence = ngettext(
        "%(count)d proposal is waiting for a date.", "%(count)d proposals are waiting for a date.", count
    )
    return [SeasonItem(sentence % {"count": count}, 0, "organize-proposals")]
