"""Subscribe: a company's membership is drafted, asked for, confirmed and changed; never two at a time."""

import datetime

from django.db import transaction
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.audit.record import record
from convention.errors import InvalidFields

from .models import Company, Membership, Plan, Seat
from .periods import ONE_DAY, most_at_once, overlap
from .seats import locked, span_of


@transaction.atomic
def subscribe(
    *, company: Company, plan: Plan, starts_on: datetime.date, ends_on: datetime.date | None = None
) -> Membership:
    """Draft a membership under the plan's terms of today. Raises InvalidFields where another one overlaps."""
    membership = Membership(
        company=company,
        plan=plan,
        plan_name=plan.name,
        plan_name_en=plan.name_en,
        starts_on=starts_on,
        ends_on=ends_on,
        **plan.terms,
    )
    refuse_overlap(membership)
    membership.save()
    record("membership.draft", membership, fields=["plan", "starts_on", "ends_on"])
    return membership


@transaction.atomic
def submit(*, membership: Membership) -> Membership:
    """The company asks for it: the draft is pending until it is confirmed."""
    membership = locked(membership)
    if membership.submitted_on is None:
        membership.submitted_on = timezone.localdate()
        membership.save(update_fields=["submitted_on"])
        record("membership.submit", membership, fields=["submitted_on"])
    return membership


@transaction.atomic
def confirm(*, membership: Membership, on: datetime.date | None = None) -> Membership:
    """The club confirms it, from today or a day: once it has begun it is active, and no grace is needed."""
    membership = locked(membership)
    if membership.confirmed_on is None:
        membership.confirmed_on = on or timezone.localdate()
        membership.submitted_on = membership.submitted_on or membership.confirmed_on
        membership.save(update_fields=["confirmed_on", "submitted_on"])
        record("membership.confirm", membership, fields=["confirmed_on"])
        _end_grace(membership, max(membership.starts_on, membership.confirmed_on))
    return membership


def _end_grace(membership: Membership, first: datetime.date) -> None:
    """Whoever moved on from the company's membership before has one seat from that day on, not two."""
    before = Membership.objects.filter(company=membership.company_id, ends_on__lt=membership.starts_on)
    moved = Seat.objects.open(at=first).filter(membership=membership).values("person")
    double = Seat.objects.open(at=first).filter(membership__in=before, person__in=moved)
    double.filter(starts_on__lt=first).update(ends_on=first - ONE_DAY)


@transaction.atomic
def revise(*, membership: Membership, changed: list[str]) -> Membership:
    """Keep what was changed of a membership; `changed` names its fields.

    Raises InvalidFields for fewer seats than are given, for dates that another membership has, and for a
    first day after it was left.
    """
    if membership.left_on and membership.left_on < membership.starts_on:
        sentence = _("The membership was over on that day.")
        raise InvalidFields(_("Some fields need another look."), {"starts_on": [sentence]})
    refuse_overlap(membership)
    locked(membership)
    today = timezone.localdate()
    seats = membership.given_seats.all()
    given = most_at_once(span_of(s) for s in seats if s.ends_on is None or s.ends_on >= today)
    if given > membership.allowed:
        sentence = ngettext(
            "%(given)d seat is given; take it first.", "%(given)d seats are given; take some first.", given
        )
        raise InvalidFields(_("Some fields need another look."), {"seats": [sentence % {"given": given}]})
    membership.save(update_fields=changed)
    record("membership.revise", membership, fields=changed)
    return membership


def refuse_overlap(membership: Membership) -> None:
    """Under the company's lock: raises InvalidFields where another of its memberships shares a day."""
    Company.objects.select_for_update(no_key=True).get(pk=membership.company_id)
    for other in Membership.objects.filter(company=membership.company_id).exclude(pk=membership.pk):
        if _is_nothing(other) or not overlap(other.span, membership.span):
            continue
        start, end = other.span
        if end is None:
            sentence = _("Another membership of this company runs from %(start)s on.")
        else:
            sentence = _("Another membership of this company runs from %(start)s to %(end)s.")
        said = {"start": formats.date_format(start), "end": end and formats.date_format(end)}
        raise InvalidFields(_("Some fields need another look."), {"starts_on": [sentence % said]})


def _is_nothing(membership: Membership) -> bool:
    """Whether it was left before it began."""
    start, end = membership.span
    return end is not None and end < start
