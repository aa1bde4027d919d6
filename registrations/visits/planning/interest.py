"""Members' interest in proposed visits, counted by people and companies."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.club.models import Company, Person, Seat
from convention.club.permissions import get_member_company
from convention.errors import Forbidden, NotOpenNow
from registrations.visits.applications.company_markets import CompanyMarkets
from registrations.visits.applications.eligibility import list_employer_ids
from registrations.visits.models import Interest, Proposal

from .proposals import lock_proposal


@dataclass(frozen=True)
class InterestCount:
    """Number of interested members, and of their companies; former members do not count."""

    member_count: int = 0
    company_count: int = 0


@transaction.atomic
def express_interest(*, proposal: Proposal, person: Person) -> Interest:
    """Record that a member would come; repeating it changes nothing.

    Raise Forbidden unless the person is a member today and works for no competitor of the host, NotOpenNow
    for a proposal that was decided.
    """
    locked = lock_proposal(proposal)
    if not locked.is_undecided:
        raise NotOpenNow(_("This proposal has already become a visit, or has been set aside."))
    if not person.is_active or get_member_company(person) is None:
        raise Forbidden(_("Visits are for members: people with a seat at a member company."))
    if locked.host_id and is_competitor(person, locked.host_id):
        sentence = _("Your company or its group competes with the host, so you cannot go on this visit.")
        raise Forbidden(sentence)
    # The unique constraint makes repeated clicks count once.
    interest, _created = Interest.objects.get_or_create(proposal=locked, person=person)
    return interest


def withdraw_interest(*, proposal: Proposal, person: Person) -> None:
    """Delete the person's interest, at any time."""
    Interest.objects.filter(proposal=proposal, person=person).delete()


def is_competitor(person: Person, host_id: int) -> bool:
    """Return whether an employer of the person today sells in a market of the host's group."""
    companies = CompanyMarkets.load()
    markets = companies.list_competing_markets(list_employer_ids(person, timezone.localdate()), host_id)
    return bool(markets & companies.list_host_markets(host_id))


def count_interest(proposals: Iterable[Proposal]) -> Mapping[int, InterestCount]:
    """Return the interest in each proposal by its id, of today's members, in two queries."""
    rows = list(Interest.objects.filter(proposal__in=list(proposals)).values_list("proposal", "person"))
    company_of = load_companies_by_member({person for _proposal, person in rows})
    companies_by_proposal: dict[int, list[int]] = {}
    for proposal, person in rows:
        # Interest of former members stays stored, and counts again when they return.
        if person in company_of:
            companies_by_proposal.setdefault(proposal, []).append(company_of[person].pk)
    return {
        key: InterestCount(len(company_ids), len(set(company_ids)))
        for key, company_ids in companies_by_proposal.items()
    }


def load_companies_by_member(person_ids: Collection[int]) -> dict[int, Company]:
    """Return the companies that make these people members today, by person; in one query."""
    seats = Seat.objects.granting_membership().filter(person__in=person_ids)
    # Ascending, so that the dict ends with the latest seat of each person.
    rows = seats.select_related("membership__company").order_by("starts_on", "pk")
    return {seat.person_id: seat.membership.company for seat in rows}
