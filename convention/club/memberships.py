"""A company's memberships, from draft to renewal or end; a company never has two at a time."""

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from django.db import transaction
from django.db.models import (
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
)
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from convention.audit.record import record_action
from convention.errors import InvalidFields, NotOpenNow
from convention.text.dates import format_date

from .appointments.contacts import select_companies_without_contact
from .models import Company, CompanyContact, Membership, Plan, Seat, select_open_membership
from .periods import ONE_DAY, add_years, count_max_concurrent, spans_overlap
from .seats import end_grace_seats, get_span, lock_membership, move_seat_ends


def list_plans() -> QuerySet[Plan]:
    """Return all plans in their order, each with `membership_count`, of all times."""
    memberships = Membership.objects.filter(plan=OuterRef("pk")).order_by().values("plan")
    count = Subquery(memberships.annotate(number=Count("pk")).values("number"), output_field=IntegerField())
    return Plan.objects.annotate(membership_count=Coalesce(count, 0)).order_by("position", "pk")


@transaction.atomic
def create_membership(
    *, company: Company, plan: Plan, starts_on: datetime.date, ends_on: datetime.date | None = None
) -> Membership:
    """Draft a membership with the plan's current terms. Raise InvalidFields if another one overlaps."""
    membership = build_membership(company=company, plan=plan, starts_on=starts_on, ends_on=ends_on)
    store_draft(membership=membership)
    return membership


def build_membership(
    *, company: Company, plan: Plan, starts_on: datetime.date, ends_on: datetime.date | None = None
) -> Membership:
    """Return a draft with the plan's current terms, which is not stored yet."""
    return Membership(
        company=company,
        plan=plan,
        plan_name=plan.name,
        plan_name_en=plan.name_en,
        starts_on=starts_on,
        ends_on=ends_on,
        # Copied: a plan may change its price, an agreed membership may not.
        **plan.terms,
    )


@transaction.atomic
def store_draft(*, membership: Membership) -> None:
    """Store a new membership. Raise InvalidFields if another one of the company overlaps."""
    check_membership_overlap(membership)
    membership.save()
    record_action("membership.draft", membership, fields=["plan", "starts_on", "ends_on"])


@transaction.atomic
def submit_membership(*, membership: Membership) -> Membership:
    """Record that the company asks for the membership: it is pending until it is confirmed."""
    membership = lock_membership(membership)
    if membership.submitted_on is None:
        membership.submitted_on = timezone.localdate()
        membership.save(update_fields=["submitted_on"])
        record_action("membership.submit", membership, fields=["submitted_on"])
    return membership


@transaction.atomic
def confirm_membership(*, membership: Membership, on: datetime.date | None = None) -> Membership:
    """Confirm the membership as of today or `on`; it is active from that day or its first, the later one."""
    membership = lock_membership(membership)
    if membership.confirmed_on is None:
        membership.confirmed_on = on or timezone.localdate()
        membership.submitted_on = membership.submitted_on or membership.confirmed_on
        membership.save(update_fields=["confirmed_on", "submitted_on"])
        record_action("membership.confirm", membership, fields=["confirmed_on"])
        first_day = max(membership.starts_on, membership.confirmed_on)
        seats = Seat.objects.open(at=first_day).filter(membership=membership)
        holders = list(seats.values_list("person", flat=True))
        end_grace_seats(membership=membership, holders=holders, first_day=first_day)
    return membership


@transaction.atomic
def update_membership(*, membership: Membership, changed_fields: list[str]) -> Membership:
    """Save the changed fields of a membership; seats that last until its last day follow a new one.

    Raise InvalidFields if fewer seats would be left than are given, if another membership overlaps, or if
    the first day would come after the end.
    """
    if membership.left_on and membership.left_on < membership.starts_on:
        sentence = _("The membership had already ended on that day.")
        raise InvalidFields(_("Some fields need to be corrected."), {"starts_on": [sentence]})
    check_membership_overlap(membership)
    former_last_day = lock_membership(membership).last_day
    check_given_seats(membership)
    membership.save(update_fields=changed_fields)
    move_seat_ends(membership=membership, former_last_day=former_last_day)
    record_action("membership.update", membership, fields=changed_fields)
    return membership


def check_given_seats(membership: Membership) -> None:
    """Raise InvalidFields if more of its seats are given than it would have."""
    today = timezone.localdate()
    seats = membership.given_seats.all()
    # Only seats of today and later: a limit may be lowered below what was used in the past.
    given_count = count_max_concurrent(get_span(s) for s in seats if s.ends_on is None or s.ends_on >= today)
    if given_count > membership.seat_limit:
        sentence = ngettext(
            "%(given)d seat is in use. Withdraw it first.",
            "%(given)d seats are in use. Withdraw some of them first.",
            given_count,
        )
        raise InvalidFields(
            _("Some fields need to be corrected."), {"seats": [sentence % {"given": given_count}]}
        )


def check_membership_overlap(membership: Membership) -> None:
    """Lock the company, and raise InvalidFields if another of its memberships shares a day."""
    _lock_company(membership)
    others = Membership.objects.filter(company=membership.company_id).exclude(pk=membership.pk)
    if other := find_overlapping_membership(membership, others):
        sentence = describe_overlap(other)
        raise InvalidFields(_("Some fields need to be corrected."), {"starts_on": [sentence]})


def find_overlapping_membership(membership: Membership, others: Iterable[Membership]) -> Membership | None:
    """Return the first of these memberships of the company that shares a day with the membership."""
    for other in others:
        # A membership that was left on its first day covers no day.
        if not _ended_before_start(other) and spans_overlap(other.span, membership.span):
            return other
    return None


def describe_overlap(other: Membership) -> str:
    """Return the sentence that refuses a membership because of the other one."""
    start, end = other.span
    if end is None:
        sentence = _("Another membership of this company runs from %(start)s onwards.")
    else:
        sentence = _("Another membership of this company runs from %(start)s to %(end)s.")
    return sentence % {"start": format_date(start), "end": end and format_date(end)}


def _lock_company(membership: Membership) -> None:
    """Lock the company's row, always before those of its memberships, so that nothing deadlocks."""
    # `no_key` lets rows that only reference the company be written meanwhile.
    Company.objects.select_for_update(no_key=True).get(pk=membership.company_id)


def _ended_before_start(membership: Membership) -> bool:
    start, end = membership.span
    return end is not None and end < start


@transaction.atomic
def renew_membership(
    *,
    membership: Membership,
    plan: Plan,
    ends_on: datetime.date | None,
    starts_on: datetime.date | None = None,
    dues_cents: int | None = None,
) -> Membership:
    """Draft the membership that follows, with the same extra seats, and move the seats that continue.

    It begins the day after by default, or later, and has the plan's dues by default; its grace period is as
    long as that of this one, if it has a last day. Raise InvalidFields if the membership has no last day,
    was ended early or is followed by another one, if the next one would begin before the end of this one or
    end before it begins, or if the plan has fewer seats than are held.
    """
    _lock_company(membership)
    membership = lock_membership(membership)
    first_day = starts_on or (membership.ends_on and membership.ends_on + ONE_DAY)
    _check_renewal(membership, first_day=first_day, last_day=ends_on)
    assert first_day is not None
    renewal = create_membership(company=membership.company, plan=plan, starts_on=first_day, ends_on=ends_on)
    renewal.extra_seats = membership.extra_seats
    renewal.billing_contact, renewal.representative = (
        membership.billing_contact,
        membership.representative,
    )
    renewal.grace_until = _find_same_grace_end(membership, ends_on)
    if dues_cents is not None:
        renewal.dues_cents = dues_cents
    seats = list(Seat.objects.open(at=first_day).filter(membership=membership).order_by("pk"))
    # Refused instead of choosing who loses a seat.
    if len(seats) > renewal.seat_limit:
        sentence = ngettext(
            "%(held)d person has a seat, more than this plan includes.",
            "%(held)d people have a seat, more than this plan includes.",
            len(seats),
        )
        raise InvalidFields(
            _("Some fields need to be corrected."), {"plan": [sentence % {"held": len(seats)}]}
        )
    renewal.save(
        update_fields=["extra_seats", "billing_contact", "representative", "dues_cents", "grace_until"]
    )
    _move_seats(seats, membership, renewal)
    changed_fields = ["plan", "starts_on", "ends_on", *(["dues_cents"] if dues_cents is not None else [])]
    record_action("membership.renew", renewal, fields=changed_fields)
    return renewal


def _find_same_grace_end(previous: Membership, ends_on: datetime.date | None) -> datetime.date | None:
    """Return the last day of a grace period as long as the previous one's, or None."""
    if ends_on is None or previous.ends_on is None or previous.grace_until is None:
        return None
    years = ends_on.year - previous.ends_on.year
    if add_years(previous.ends_on, years) == ends_on:
        # The same date, also if a leap day lies between.
        return add_years(previous.grace_until, years)
    return ends_on + (previous.grace_until - previous.ends_on)


def _check_renewal(
    membership: Membership, *, first_day: datetime.date | None, last_day: datetime.date | None
) -> None:
    """Raise InvalidFields unless a membership on these days can follow this one."""
    errors: dict[str, list[str]] = {}
    if first_day is None or membership.ends_on is None:
        errors["ends_on"] = [_("This membership has no end date, so another one cannot follow it.")]
    elif membership.confirmed_on is None:
        errors["membership"] = [_("Confirm this membership first.")]
    elif membership.left_on:
        errors["membership"] = [_("This membership was ended early, so it cannot be renewed.")]
    elif (latest := find_latest_membership(membership.company.memberships.all())) != membership:
        # Without it, two requests with different days would prepare two memberships.
        sentence = _("The membership from %(day)s already follows this one.")
        errors["membership"] = [sentence % {"day": format_date((latest or membership).starts_on)}]
    elif first_day <= membership.ends_on:
        sentence = _("The present membership lasts until %(day)s. Choose a later first day.")
        errors["starts_on"] = [sentence % {"day": format_date(membership.ends_on)}]
    elif last_day and last_day < first_day:
        errors["ends_on"] = [_("The last day must not be before the first.")]
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)


def find_latest_membership(memberships: Iterable[Membership]) -> Membership | None:
    """Return the one of a company's memberships that begins last, or None.

    A membership that was left on its first day covers no day, and does not count.
    """
    rows = (membership for membership in memberships if not _ended_before_start(membership))
    return max(rows, key=lambda row: (row.starts_on, row.pk), default=None)


def _move_seats(seats: list[Seat], previous: Membership, renewal: Membership) -> None:
    """Give the same people seats in the new membership; the old seats last through the grace period."""
    Seat.objects.bulk_create(
        Seat(
            membership=renewal,
            person_id=seat.person_id,
            starts_on=renewal.starts_on,
            ends_on=seat.ends_on,
        )
        for seat in seats
    )
    open_seats = Seat.objects.open(at=previous.last_day).filter(pk__in=[seat.pk for seat in seats])
    # Until the renewal is confirmed, its seats do not count: the old ones bridge the gap.
    open_seats.update(ends_on=previous.last_day)


@transaction.atomic
def delete_draft_membership(*, membership: Membership) -> None:
    """Delete a membership that is not confirmed; the seats that it took over continue as before.

    Raise NotOpenNow if it is confirmed or was ended.
    """
    _lock_company(membership)
    membership = lock_membership(membership)
    if membership.confirmed_on or membership.left_on:
        raise NotOpenNow(_("Only a membership that is not confirmed can be deleted. End this one instead."))
    _restore_seats(membership)
    record_action("membership.delete_draft", membership, fields=["plan", "starts_on", "ends_on"])
    membership.delete()


def _restore_seats(renewal: Membership) -> None:
    """Give the seats that `_move_seats` ended the last day that they had, which those of the renewal have."""
    earlier = renewal.company.memberships.filter(ends_on__lt=renewal.starts_on)
    previous = find_latest_membership(earlier)
    if previous is None:
        return
    last_days = dict(renewal.given_seats.values_list("person", "ends_on"))
    # Also later than the last day: the membership may have been ended early since.
    ended_seats = list(previous.given_seats.filter(person__in=last_days, ends_on__gte=previous.last_day))
    for seat in ended_seats:
        seat.ends_on = last_days[seat.person_id]
    Seat.objects.bulk_update(ended_seats, ["ends_on"])


@transaction.atomic
def end_membership(
    *, membership: Membership, on: datetime.date, left_as: str, reason: str = ""
) -> Membership:
    """End a membership early; `on` is the first day on which its seats no longer count.

    Raise NotOpenNow if it has ended already, and InvalidFields for a day before it began.
    """
    membership = lock_membership(membership)
    if membership.left_on:
        raise NotOpenNow(_("This membership has already ended."))
    if on < membership.starts_on:
        raise InvalidFields(
            _("Some fields need to be corrected."), {"on": [_("The membership had not begun on that day.")]}
        )
    membership.left_on, membership.left_as = on, left_as
    membership.save(update_fields=["left_on", "left_as"])
    record_action("membership.leave", membership, fields=["left_on", "left_as"], reason=reason)
    return membership


# A membership that ends within these days, or has ended, is to be renewed.
RENEWAL_PERIOD: Final = datetime.timedelta(days=60)


def find_usual_last_day(*, at: datetime.date) -> datetime.date | None:
    """Return the last day that most of the memberships open on `at` have, or None."""
    rows = Membership.objects.open(at=at).filter(left_on=None, ends_on__gt=at).order_by().values("ends_on")
    counts = rows.annotate(count=Count("pk")).order_by("-count", "-ends_on")
    return counts.values_list("ends_on", flat=True).first()


class MembershipFilter(TextChoices):
    """Which companies a list shows, by their memberships."""

    ENDING = "ending", gettext_lazy("Ends within 60 days")
    EXPIRED = "expired", pgettext_lazy("filter by membership", "Expired")
    RENEWABLE = "renewable", gettext_lazy("To renew, nothing prepared")
    DRAFT = "draft", gettext_lazy("Draft to confirm")
    NONE = "none", gettext_lazy("No membership")
    UNREPRESENTED = "unrepresented", gettext_lazy("No voting representative")
    WITHOUT_CONTACT = "no_contact", gettext_lazy("No contact")


def filter_by_membership(companies: QuerySet[Company], choice: str) -> QuerySet[Company]:
    """Return the companies whose memberships are as chosen today; all without a known choice.

    A company with a confirmed membership that follows is neither ending nor expired.
    """
    today = timezone.localdate()
    confirmed = Membership.objects.exclude(confirmed_on=None)
    upcoming = confirmed.filter(starts_on__gt=today, left_on=None).values("company")
    open_now = Membership.objects.open(at=today)
    if choice == MembershipFilter.ENDING:
        last_day = today + RENEWAL_PERIOD
        ending = open_now.filter(Q(ends_on__lte=last_day) | Q(left_on__lte=last_day + ONE_DAY))
        lasting = open_now.exclude(pk__in=ending.values("pk")).values("company")
        companies = companies.filter(pk__in=ending.values("company"))
        return companies.exclude(pk__in=lasting).exclude(pk__in=upcoming)
    unmerged = companies.exclude(merged_on__lte=today)
    if choice == MembershipFilter.DRAFT:
        return unmerged.filter(pk__in=select_draft_memberships().values("company"))
    if choice == MembershipFilter.RENEWABLE:
        return unmerged.filter(pk__in=_select_renewable_memberships(at=today).values("company"))
    if choice == MembershipFilter.EXPIRED:
        expired = unmerged.filter(pk__in=confirmed.values("company"))
        return expired.exclude(pk__in=open_now.values("company")).exclude(pk__in=upcoming)
    if choice == MembershipFilter.NONE:
        return unmerged.exclude(pk__in=confirmed.values("company"))
    if choice == MembershipFilter.UNREPRESENTED:
        return unmerged.filter(pk__in=_select_unrepresented_memberships(at=today).values("company"))
    if choice == MembershipFilter.WITHOUT_CONTACT:
        # Also in the grace period: the contact is who renews.
        return select_companies_without_contact(unmerged.filter(pk__in=open_now.values("company")))
    return companies


def select_draft_memberships() -> QuerySet[Membership]:
    """Return the memberships that are not confirmed, requested or not."""
    drafts: QuerySet[Membership] = Membership.objects.filter(confirmed_on=None, left_on=None)
    return drafts


def _select_unrepresented_memberships(*, at: datetime.date) -> QuerySet[Membership]:
    """Return the active memberships with a vote and no representative.

    Without those in their grace period: a renewal may name one.
    """
    has_not_ended = Q(ends_on=None) | Q(ends_on__gte=at)
    memberships: QuerySet[Membership] = Membership.objects.open(at=at).filter(has_not_ended, votes__gt=0)
    return memberships.filter(representative=None)


def _select_renewable_memberships(*, at: datetime.date) -> QuerySet[Membership]:
    """Return the memberships that `_is_renewable` accepts, and that no other one follows."""
    later = Membership.objects.filter(company=OuterRef("company"), starts_on__gt=OuterRef("starts_on"))
    covers_no_day = Q(left_on__isnull=False, left_on__lte=F("starts_on"))
    agreed = Membership.objects.filter(left_on=None, confirmed_on__isnull=False)
    renewable: QuerySet[Membership] = agreed.filter(ends_on__lte=at + RENEWAL_PERIOD)
    return renewable.exclude(Exists(later.exclude(covers_no_day)))


@dataclass(frozen=True)
class MembershipStatus:
    """A company's current or latest membership, how many of its seats are in use, and its contacts."""

    company: Company
    membership: Membership | None = None
    # The one that follows it, confirmed or not.
    next_membership: Membership | None = None
    given_seat_count: int = 0
    contacts: list[CompanyContact] = field(default_factory=list)
    # Whether it ends soon or has ended, and no other one follows yet.
    is_renewable: bool = False


def load_membership_statuses(
    companies: Iterable[Company], *, at: datetime.date | None = None
) -> list[MembershipStatus]:
    """Return the status of each company on that day (default: today), with three queries."""
    companies, day = list(companies), at or timezone.localdate()
    memberships = defaultdict[int, list[Membership]](list)
    for membership in Membership.objects.filter(company__in=companies).order_by("-starts_on", "-pk"):
        memberships[membership.company_id].append(membership)
    current = {
        company: select_open_membership(rows, at=day) or rows[0] for company, rows in memberships.items()
    }
    seats = Seat.objects.granting_membership(at=day).filter(membership__company__in=companies)
    # By membership: seats in the grace period of an earlier one do not use those of its renewal.
    seat_counts = Counter(seats.values_list("membership", flat=True))
    contacts: dict[int, list[CompanyContact]] = {}
    for contact in CompanyContact.objects.open(at=day).filter(company__in=companies).select_related("person"):
        contacts.setdefault(contact.company_id, []).append(contact)
    renewable = {
        company
        for company, rows in memberships.items()
        if current[company] == rows[0] and _is_renewable(rows[0], at=day)
    }
    return [
        MembershipStatus(
            company,
            shown := current.get(company.pk),
            _select_next(memberships[company.pk], shown),
            seat_counts[shown.pk] if shown else 0,
            contacts.get(company.pk, []),
            is_renewable=company.pk in renewable and not company.merged_on,
        )
        for company in companies
    ]


def _select_next(memberships: list[Membership], shown: Membership | None) -> Membership | None:
    """Return the latest of a company's memberships if it begins after the shown one."""
    latest = find_latest_membership(memberships)
    return latest if latest and shown and latest.starts_on > shown.starts_on else None


def _is_renewable(membership: Membership, *, at: datetime.date) -> bool:
    last_day = membership.ends_on
    is_agreed = membership.confirmed_on is not None and membership.left_on is None
    return is_agreed and last_day is not None and last_day <= at + RENEWAL_PERIOD
