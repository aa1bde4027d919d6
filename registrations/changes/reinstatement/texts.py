"""Describe to the organizer what reinstating a registration restores, costs and cannot restore."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from convention.audit.models import AuditEntry
from convention.audit.record import make_subject_label
from convention.money import Money
from convention.text.email_addresses import normalize_email
from registrations.changes.move_to_waiting_list import MOVE_VERB
from registrations.models import Registration, WaitingEntry

from .reinstate import Reinstatement


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
        sentences.append(_("Sessions booked again: %(titles)s.") % {"titles": titles})
    if reinstatement.membership_sentence:
        sentences.append(reinstatement.membership_sentence)
    return [
        *sentences,
        *describe_losses(reinstatement),
        *_describe_waiting(registration),
        *_describe_money(registration, reinstatement),
    ]


def describe_losses(reinstatement: Reinstatement) -> list[str]:
    """Return sentences about the add-ons and session bookings that cannot be restored."""
    sentences = []
    titles = ", ".join(row.addon.title for row in reinstatement.lost_addons)
    if titles:
        sentences.append(_("Add-ons that cannot be restored: %(titles)s.") % {"titles": titles})
    titles = ", ".join(session.title for session in reinstatement.lost_sessions)
    if titles:
        sentences.append(_("Sessions that cannot be booked again: %(titles)s.") % {"titles": titles})
    return sentences


def _describe_waiting(registration: Registration) -> Iterator[str]:
    """Yield the waiting lists of other events on which the attendee was put instead, and still is."""
    moves = AuditEntry.objects.filter(subject=make_subject_label(registration), verb=MOVE_VERB)
    address = normalize_email(registration.email or registration.order.email)
    waiting = WaitingEntry.objects.active().filter(
        address=address,
        ticket__isnull=False,
        event__slug__in=[move.details.get("event", "") for move in moves],
    )
    for entry in waiting.select_related("event").order_by("pk"):
        yield _(
            "%(name)s is still on the waiting list of “%(event)s”. Remove the entry there if it is no longer "
            "wanted."
        ) % {"name": registration.name, "event": entry.event.title}


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
