"""Preview, confirm and delete the draft memberships of several companies."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.club.change_employer import describe_roles_to_replace
from convention.club.memberships import (
    confirm_membership,
    delete_draft_membership,
    select_draft_memberships,
)
from convention.club.models import Company, Membership, Seat
from convention.money import Money
from convention.web.edit_conflicts import compute_fingerprint

from .prepare import BatchOutcome, RefusedCompany


@dataclass(frozen=True)
class DraftMembership:
    """A membership that is not confirmed, and how many seats it takes over."""

    membership: Membership
    seat_count: int

    @property
    def company(self) -> Company:
        return self.membership.company

    @property
    def token(self) -> str:
        """Return what tells whether the draft still is as it was shown: its id, terms and number of seats."""
        row = self.membership
        return f"{row.pk}-{compute_fingerprint([*row.agreed_values, self.seat_count])}"


def _list_starts(memberships: Sequence[Membership]) -> list[str]:
    """Return how many drafts count from today, from a later day, or not at all, in a sentence each."""
    today = timezone.localdate()
    sentences = []
    if past := sum(row.last_day is not None and row.last_day < today for row in memberships):
        sentence = ngettext(
            "%(count)d membership is for a period that is already over: nobody becomes a member through it.",
            "%(count)d memberships are for periods that are already over: nobody becomes a member through "
            "them.",
            past,
        )
        sentences.append(sentence % {"count": past})
    if immediate := sum(row.starts_on <= today for row in memberships) - past:
        sentence = ngettext(
            "%(count)d membership counts from today.",
            "%(count)d memberships count from today.",
            immediate,
        )
        sentences.append(sentence % {"count": immediate})
    if upcoming := len(memberships) - immediate - past:
        sentence = ngettext(
            "%(count)d membership counts from its first day.",
            "%(count)d memberships count from their first day.",
            upcoming,
        )
        sentences.append(sentence % {"count": upcoming})
    return sentences


@dataclass(frozen=True)
class DraftPreview:
    """The drafts of the selected companies, and the companies without one."""

    drafts: list[DraftMembership]
    refused: list[RefusedCompany]

    def list_effects(self) -> list[str]:
        """Return a sentence for each effect of confirming all drafts, with one query."""
        memberships = [draft.membership for draft in self.drafts]
        effects = _list_starts(memberships)
        companies = [row.company_id for row in memberships]
        today = timezone.localdate()
        # A draft is not open, and an active membership has not ended.
        in_grace = Membership.objects.open(at=today).filter(company__in=companies, ends_on__lt=today)
        if in_grace.exists():
            effects.append(
                _("Seats of an earlier membership that is in its grace period are replaced by the new ones.")
            )
        effects.append(self._describe_dues(memberships))
        effects.append(_("No e-mail is sent, and no invoice is issued."))
        return effects

    @staticmethod
    def _describe_dues(memberships: Iterable[Membership]) -> str:
        totals, count = Counter[str](), 0
        for dues in (membership.total_dues for membership in memberships):
            totals[dues.currency] += dues.amount
            count += dues.amount > 0
        if not count:
            return _("None of them has dues to invoice.")
        sums = ", ".join(str(Money(cents, currency)) for currency, cents in totals.items() if cents)
        sentence = ngettext(
            "The treasurer finds the dues of %(count)d membership (%(sums)s) in the list of memberships to "
            "invoice.",
            "The treasurer finds the dues of %(count)d memberships (%(sums)s in all) in the list of "
            "memberships to invoice.",
            count,
        )
        return sentence % {"count": count, "sums": sums}

    def list_warnings(self) -> list[str]:
        """Return a sentence for each billing contact or voting representative who is about to leave."""
        return describe_roles_to_replace(draft.membership for draft in self.drafts)


def preview_drafts(companies: Sequence[Company]) -> DraftPreview:
    """Return the drafts of these companies, in their order, with two queries."""
    rows = select_draft_memberships().filter(company__in=companies)
    by_company: dict[int, list[Membership]] = {company.pk: [] for company in companies}
    for row in rows.select_related("company", "billing_contact", "representative").order_by(
        "starts_on", "pk"
    ):
        by_company[row.company_id].append(row)
    holders = Seat.objects.filter(membership__in=rows.values("pk"))
    seat_counts = Counter(holders.values_list("membership", flat=True))
    return DraftPreview(
        [DraftMembership(row, seat_counts[row.pk]) for drafts in by_company.values() for row in drafts],
        [
            RefusedCompany(company, _("No draft: nothing is to be confirmed."))
            for company in companies
            if not by_company[company.pk]
        ],
    )


def confirm_memberships(memberships: Iterable[Membership]) -> BatchOutcome:
    """Confirm each membership as of today; a refusal stops no other."""
    outcome = BatchOutcome()
    for membership in memberships:
        outcome.apply(membership, partial(confirm_membership, membership=membership))
    return outcome


def delete_draft_memberships(memberships: Iterable[Membership]) -> BatchOutcome:
    """Delete each membership, which is not confirmed; a refusal stops no other."""
    outcome = BatchOutcome()
    for membership in memberships:
        outcome.apply(membership, partial(delete_draft_membership, membership=membership))
    return outcome
