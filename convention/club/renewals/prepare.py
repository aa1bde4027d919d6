"""Preview and prepare the memberships that follow the present ones of several companies."""

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from convention.club.memberships import find_latest_membership, renew_membership
from convention.club.models import Company, Membership, Person, Plan, Seat
from convention.club.periods import ONE_DAY, DateSpan, add_years
from convention.errors import ConventionError, InvalidFields
from convention.money import Money
from convention.text.dates import format_date
from convention.web.edit_conflicts import compute_fingerprint


@dataclass(frozen=True)
class RenewalDates:
    """The first and last day of all next memberships; None for one that follows from the present one."""

    starts_on: datetime.date | None = None
    ends_on: datetime.date | None = None

    def propose_span(self, present: DateSpan) -> tuple[datetime.date, datetime.date]:
        """Return the days of a membership that follows one with these days; it has to have a last day.

        By default the next one lasts a year, or as many full years as the present one: a company that joined
        in the middle of a year gets the club's usual period.
        """
        first, last = present
        assert last is not None
        starts_on = self.starts_on or last + ONE_DAY
        years = max(1, _count_full_years(first, last))
        return starts_on, self.ends_on or add_years(starts_on, years) - ONE_DAY


def _count_full_years(first: datetime.date, last: datetime.date) -> int:
    """Return of how many years exactly the period consists; 0 for any other length."""
    years = (last + ONE_DAY).year - first.year
    return years if years > 0 and add_years(first, years) == last + ONE_DAY else 0


class DuesSource(TextChoices):
    """Where the dues of the next memberships come from, unless others are entered for one."""

    # Of a company that changes its plan, they are those of the new plan in any case.
    PRESENT = "present", gettext_lazy("Unchanged, as in the present membership")
    PLAN = "plan", gettext_lazy("As in the plan today")


@dataclass(frozen=True)
class RenewalProposal:
    """A present membership, the days of the next one, and the holders of the seats that it takes over."""

    membership: Membership
    starts_on: datetime.date
    ends_on: datetime.date
    dues_source: str = DuesSource.PLAN
    holders: list[Person] = field(default_factory=list)

    @property
    def company(self) -> Company:
        return self.membership.company

    @property
    def is_over(self) -> bool:
        """Return whether the proposed period is past already, since the present one ended long ago."""
        return self.ends_on < timezone.localdate()

    @property
    def dues_cents(self) -> int:
        """Return the dues if the plan stays."""
        is_unchanged = self.dues_source == DuesSource.PRESENT
        return self.membership.dues_cents if is_unchanged else self.membership.plan.dues_cents

    def compute_dues(self, plan: Plan) -> int:
        """Return the dues under this plan, if no others are entered."""
        return self.dues_cents if plan == self.membership.plan else plan.dues_cents

    def compute_token(self, plans: Iterable[Plan]) -> str:
        """Return what tells whether the proposal and the plans on offer still are as they were shown."""
        shown = [*self.membership.agreed_values, self.starts_on, self.ends_on, self.dues_cents]
        shown += [person.pk for person in self.holders]
        shown += [value for plan in plans for value in (plan.pk, plan.name, *plan.terms.values())]
        return f"{self.membership.pk}-{compute_fingerprint(shown)}"

    def list_hints(self) -> list[str]:
        """Return a sentence for each difference between the present membership and its plan, or the days."""
        present, plan, hints = self.membership, self.membership.plan, []
        if self.is_over:
            hints.append(_("This period is over already. Enter a first day for all, or leave it out."))
        elif self.starts_on > (present.ends_on or self.starts_on) + ONE_DAY:
            hints.append(_("Nobody is a member between the two periods."))
        if not plan.is_offered:
            hints.append(_("“%(plan)s” is closed to new memberships. Choose another plan.") % {"plan": plan})
        if present.dues_cents != plan.dues_cents:
            values = {
                "present": Money(present.dues_cents, present.currency),
                "plan": Money(plan.dues_cents, plan.currency),
            }
            hints.append(_("Dues now %(present)s; the plan’s are %(plan)s.") % values)
        if present.seats != plan.seats:
            counts = {"present": present.seats, "plan": plan.seats}
            hints.append(_("Seats included now: %(present)d; in the plan: %(plan)d.") % counts)
        if len(self.holders) > plan.seats + present.extra_seats:
            sentence = ngettext(
                "%(held)d person has a seat, more than this plan includes.",
                "%(held)d people have a seat, more than this plan includes.",
                len(self.holders),
            )
            hints.append(sentence % {"held": len(self.holders)})
        return hints


@dataclass(frozen=True)
class RefusedCompany:
    """A selected company for which nothing is done, why, and the membership that the reason is about."""

    company: Company
    reason: str
    membership: Membership | None = None


@dataclass(frozen=True)
class RenewalPreview:
    """The memberships that can be renewed, by company, and the companies for which that is not possible."""

    proposals: list[RenewalProposal]
    refused: list[RefusedCompany]


def preview_renewals(
    companies: Sequence[Company], *, dates: RenewalDates, dues_source: str = DuesSource.PRESENT
) -> RenewalPreview:
    """Return what would be prepared for these companies, with two queries."""
    rows = defaultdict[int, list[Membership]](list)
    for row in Membership.objects.filter(company__in=companies).select_related("plan"):
        rows[row.company_id].append(row)
    proposals: list[RenewalProposal] = []
    refused: list[RefusedCompany] = []
    for company in companies:
        latest = find_latest_membership(rows[company.pk])
        reason = _find_obstacle(company, latest, count=len(rows[company.pk]), dates=dates)
        if reason or latest is None:
            refused.append(RefusedCompany(company, reason, latest))
        else:
            # Loaded already: the row would query it again.
            latest.company = company
            proposals.append(RenewalProposal(latest, *dates.propose_span(latest.span), dues_source))
    return RenewalPreview(_add_holders(proposals), refused)


def _find_obstacle(company: Company, latest: Membership | None, *, count: int, dates: RenewalDates) -> str:
    """Return why no membership can be prepared for the company, which has `count` of them; "" if one can."""
    if company.is_merged:
        return _("Merged into %(company)s.") % {"company": company.parent}
    if latest is None:
        return _("No membership yet. Add the first one on the company’s page.")
    if latest.left_on:
        return _("The membership was ended early, on %(day)s.") % {"day": format_date(latest.left_on)}
    values = {"day": format_date(latest.starts_on)}
    if latest.confirmed_on is None and count == 1:
        return _("The first membership is not confirmed yet.")
    if latest.confirmed_on is None:
        return _("Already prepared: a draft from %(day)s.") % values
    if latest.starts_on > timezone.localdate():
        return _("Already confirmed from %(day)s.") % values
    return _find_date_obstacle(latest, dates=dates)


def _find_date_obstacle(latest: Membership, *, dates: RenewalDates) -> str:
    """Return why no membership on these days can follow the confirmed one; "" if one can."""
    if latest.ends_on is None:
        return _("The present membership has no end date.")
    starts_on, ends_on = dates.propose_span(latest.span)
    if starts_on <= latest.ends_on:
        sentence = _("The present membership lasts until %(day)s. Choose a later first day.")
        return sentence % {"day": format_date(latest.ends_on)}
    if ends_on < starts_on:
        sentence = _("The next membership would begin on %(day)s, after the last day for all.")
        return sentence % {"day": format_date(starts_on)}
    return ""


def _add_holders(proposals: list[RenewalProposal]) -> list[RenewalProposal]:
    """Return the proposals with the people whose seats continue, by name, with one query."""
    seats = Seat.objects.filter(membership__in=[proposal.membership for proposal in proposals])
    by_membership = defaultdict[int, list[Seat]](list)
    for seat in seats.select_related("person").order_by("person__sort_name", "pk"):
        by_membership[seat.membership_id].append(seat)
    return [
        replace(
            proposal,
            holders=[
                seat.person
                for seat in by_membership[proposal.membership.pk]
                # The same rule as `Seat.objects.open`, for rows that are loaded.
                if seat.starts_on <= proposal.starts_on
                and (seat.ends_on is None or seat.ends_on >= proposal.starts_on)
            ],
        )
        for proposal in proposals
    ]


@dataclass(frozen=True)
class RenewalChoice:
    """A proposal with the plan of the next membership, and its dues in cents; None for those proposed."""

    proposal: RenewalProposal
    plan: Plan
    dues_cents: int | None = None

    @property
    def individual_dues(self) -> int | None:
        """Return the dues in cents if they are not the plan's, else None."""
        dues = self.proposal.compute_dues(self.plan) if self.dues_cents is None else self.dues_cents
        return None if dues == self.plan.dues_cents else dues


@dataclass
class BatchOutcome:
    """The memberships that were prepared, confirmed or deleted, and the companies that were refused."""

    done: list[Membership] = field(default_factory=list)
    refused: list[RefusedCompany] = field(default_factory=list)

    def apply(self, membership: Membership, action: Callable[[], Membership | None]) -> None:
        """Call the action for the membership, and note its result or why it is refused."""
        try:
            self.done.append(action() or membership)
        except ConventionError as error:
            self.refused.append(RefusedCompany(membership.company, describe_refusal(error), membership))
        except ObjectDoesNotExist:
            # Deleted by somebody else since the list was read.
            self.refused.append(RefusedCompany(membership.company, _("This membership no longer exists.")))


def describe_refusal(error: ConventionError) -> str:
    """Return the sentence of an error, or those of its fields."""
    if isinstance(error, InvalidFields):
        return " ".join(str(text) for texts in error.field_errors.values() for text in texts)
    return str(error)


def renew_memberships(choices: Iterable[RenewalChoice]) -> BatchOutcome:
    """Draft the next membership of each company as chosen; a refusal stops no other."""
    outcome = BatchOutcome()
    for choice in choices:
        proposal = choice.proposal
        outcome.apply(
            proposal.membership,
            partial(
                renew_membership,
                membership=proposal.membership,
                plan=choice.plan,
                starts_on=proposal.starts_on,
                ends_on=proposal.ends_on,
                dues_cents=choice.individual_dues,
            ),
        )
    return outcome
