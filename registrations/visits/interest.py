"""Interest: who would come on a visit that is only proposed, counted by people and by companies."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.club.doors import member_company
from convention.club.models import Person, Seat
from convention.errors import Closed, Forbidden

from .eligibility import employers
from .firms import Firms
from .models import Interest, Proposal
from .propose import locked_proposal


@dataclass(frozen=True)
class Counted:
    """How many members would come, of how many companies; who holds no seat any more is not counted."""

    people: int = 0
    companies: int = 0


@transaction.atomic
def say_interest(*, proposal: Proposal, person: Person) -> Interest:
    """Say that one would come; said twice it counts once.

    Raises Forbidden for someone who is no member today, and for one who works for a competitor of the host;
    Closed for a proposal that became a visit or was set aside.
    """
    found = locked_proposal(proposal)
    if not found.is_standing:
        raise Closed(_("This proposal became a visit, or was set aside."))
    if not person.is_active or member_company(person) is None:
        raise Forbidden(_("Visits are for members: people with a seat of a member company."))
    if found.host_id and competes(person, found.host_id):
        sentence = _("A company that you work for, or its group, competes with the host: you could not come.")
        raise Forbidden(sentence)
    said, _made = Interest.objects.get_or_create(proposal=found, person=person)
    return said


@transaction.atomic
def take_back_interest(*, proposal: Proposal, person: Person) -> None:
    """Say that one would not come after all; anybody may, at any time."""
    Interest.objects.filter(proposal=proposal, person=person).delete()


def competes(person: Person, host: int) -> bool:
    """Whether somebody works today for a firm whose group sells what the host's sells."""
    firms = Firms.read()
    theirs = firms.sold_against(employers(person, timezone.localdate()), host)
    return bool(theirs & firms.sold_by_host(host))


def counted(proposals: Iterable[Proposal]) -> Mapping[int, Counted]:
    """The interest in each, by its key; of members of today alone, in two queries."""
    rows = list(Interest.objects.filter(proposal__in=list(proposals)).values_list("proposal", "person"))
    seats = Seat.objects.counting().filter(person__in={person for _proposal, person in rows})
    company_of = dict(seats.order_by("starts_on", "pk").values_list("person", "membership__company"))
    found: dict[int, list[int]] = {}
    for proposal, person in rows:
        if person in company_of:
            found.setdefault(proposal, []).append(company_of[person])
    return {key: Counted(len(companies), len(set(companies))) for key, companies in found.items()}
