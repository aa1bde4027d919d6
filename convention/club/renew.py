"""Renew: the next membership of a company follows the last one, and its people keep their seats."""

import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.audit.record import record
from convention.errors import InvalidFields

from .models import Membership, Plan, Seat
from .periods import ONE_DAY
from .seats import locked
from .subscribe import subscribe


@transaction.atomic
def renew(*, membership: Membership, plan: Plan, ends_on: datetime.date | None) -> Membership:
    """Draft the membership of the days after, with as many extra seats, and move the seats that last on.

    Raises InvalidFields where the last one has no end, where the next ends before it begins, or where the
    plan has too few seats for those who hold one.
    """
    membership = locked(membership)
    if membership.ends_on is None:
        raise InvalidFields(
            _("Some fields need another look."), {"ends_on": [_("This membership has no end to follow.")]}
        )
    first = membership.ends_on + ONE_DAY
    if ends_on and ends_on < first:
        sentence = _("The last day must not come before the first.")
        raise InvalidFields(_("Some fields need another look."), {"ends_on": [sentence]})
    following = subscribe(company=membership.company, plan=plan, starts_on=first, ends_on=ends_on)
    following.extra_seats = membership.extra_seats
    following.billing_contact, following.representative = (
        membership.billing_contact,
        membership.representative,
    )
    seats = list(Seat.objects.open(at=first).filter(membership=membership).order_by("pk"))
    if len(seats) > following.allowed:
        sentence = ngettext(
            "%(held)d person holds a seat; this plan has fewer.",
            "%(held)d people hold a seat; this plan has fewer.",
            len(seats),
        )
        raise InvalidFields(_("Some fields need another look."), {"plan": [sentence % {"held": len(seats)}]})
    following.save(update_fields=["extra_seats", "billing_contact", "representative"])
    _move(seats, membership, following)
    record("membership.renew", following, fields=["plan", "starts_on", "ends_on"])
    return following


def _move(seats: list[Seat], before: Membership, after: Membership) -> None:
    """The same people, from the first day of the new membership; the old seats last through a grace."""
    Seat.objects.bulk_create(
        Seat(membership=after, person_id=seat.person_id, starts_on=after.starts_on, ends_on=seat.ends_on)
        for seat in seats
    )
    lasting = Seat.objects.open(at=before.last_day).filter(pk__in=[seat.pk for seat in seats])
    lasting.update(ends_on=before.last_day)
