"""Describe to the organizer what reinstating a registration restores, costs and cannot restore."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from convention.money import Money
from registrations.models import Registration

from .reinstate import Reinstatement, describe_missing_membership


def describe_reinstatement(registration: Registration, reinstatement: Reinstatement) -> list[str]:
    """Return sentences to show before a cancelled registration is reinstated."""
    sentences = [
        _(
            "The place, the price and the attendee’s link are valid again. The old badge stays void: the "
            "attendee needs the new one."
        )
    ]
    titles = ", ".join(row.addon.title for row in reinstatement.addons)
    if titles:
        sentences.append(_("Add-ons restored: %(titles)s.") % {"titles": titles})
    titles = ", ".join(session.title for session in reinstatement.sessions)
    if titles:
        sentences.append(_("Seats booked again: %(titles)s.") % {"titles": titles})
    if reinstatement.lacks_membership:
        sentences.append(describe_missing_membership(registration))
    return [*sentences, *describe_losses(reinstatement), *_describe_money(registration, reinstatement)]


def describe_losses(reinstatement: Reinstatement) -> list[str]:
    """Return sentences about the add-ons and seats that cannot be restored."""
    sentences = []
    titles = ", ".join(row.addon.title for row in reinstatement.lost_addons)
    if titles:
        sentences.append(_("Add-ons that cannot be restored: %(titles)s.") % {"titles": titles})
    titles = ", ".join(session.title for session in reinstatement.lost_sessions)
    if titles:
        sentences.append(_("Seats that cannot be booked again: %(titles)s.") % {"titles": titles})
    return sentences


def _describe_money(registration: Registration, reinstatement: Reinstatement) -> Iterator[str]:
    owed_cents, fee_cents = reinstatement.owed_cents, registration.cancellation_fee
    if owed_cents == fee_cents:
        return
    currency = registration.order.currency
    values = {"amount": Money(owed_cents, currency), "fee": Money(fee_cents, currency)}
    if fee_cents:
        yield _("The buyer will owe %(amount)s instead of the cancellation fee of %(fee)s.") % values
    else:
        yield _("The buyer will owe %(amount)s again.") % values
