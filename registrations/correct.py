"""Correct what is written about someone who comes: the same person, so the badge's code stays good."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.addresses import same
from convention.audit.record import record
from convention.errors import Closed, InvalidFields
from convention.events.sequence import next_sequence
from convention.tasks import enqueue

from .checks import about_words
from .models import Registration
from .order_request import Place

FIELDS = ("first_name", "last_name", "email", "company", "no_photo")


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What the registration shall say."""

    first_name: str
    last_name: str
    email: str
    company: str
    no_photo: bool


@transaction.atomic
def correct(*, registration: Registration, correction: Correction, reason: str = "") -> Registration:
    """Write the corrected fields, for whoever has the whole order or runs the event.

    A correction queues a mail with the new badge, and the order's mails follow this person's address.
    Raises InvalidFields, and Closed for a cancelled or expired registration or once the event is over.
    """
    registration, before = _corrected(registration, correction)
    if "email" in before:
        _let_order_follow(registration, before["email"])
    _keep(registration, list(before), reason)
    return registration


@transaction.atomic
def correct_own(*, registration: Registration, correction: Correction) -> Registration:
    """The same for whoever has the link of this registration alone: the order's mails go where they went.

    With them goes the link of the whole order. Raises the same.
    """
    registration, before = _corrected(registration, correction)
    _keep(registration, list(before), "")
    return registration


def _corrected(registration: Registration, correction: Correction) -> tuple[Registration, dict[str, Any]]:
    """The registration under its lock, corrected but not stored, and what its changed fields said before."""
    registration = Registration.objects.select_for_update().get(pk=registration.pk)
    wanted = _tidied(registration, correction)
    _refuse(registration, wanted)
    said = {name: getattr(registration, name) for name in FIELDS}
    before = {name: value for name, value in said.items() if value != getattr(wanted, name)}
    for name in before:
        setattr(registration, name, getattr(wanted, name))
    return registration, before


def _keep(registration: Registration, changed: list[str], reason: str) -> None:
    if not changed:
        return
    if registration.confirmed_at:
        registration.confirmation_sent_at = None
        enqueue("CONFIRMATION_TASK", registration.order_id)
    record("registration.correct", registration, event=registration.event, fields=changed, reason=reason)
    registration.sequence = next_sequence(registration.event_id)
    registration.save(update_fields=[*changed, "confirmation_sent_at", "sequence"])


def _let_order_follow(registration: Registration, was: str) -> None:
    """The order's mails go to the new address where they went to the old one of this person."""
    order = registration.order
    if registration.email and same(order.email, was):
        order.email = registration.email
        order.save(update_fields=["email"])


def _tidied(registration: Registration, correction: Correction) -> Place:
    return Place(
        ticket=registration.ticket.slug,
        first_name=correction.first_name,
        last_name=correction.last_name,
        email=correction.email,
        company=correction.company,
        no_photo=correction.no_photo,
    ).tidied()


def _refuse(registration: Registration, wanted: Place) -> None:
    if registration.state in (Registration.State.CANCELLED, Registration.State.EXPIRED):
        raise Closed(_("This registration no longer stands, so it cannot be corrected."))
    if registration.event.ends_at <= timezone.now():
        raise Closed(_("The event is over; there is nothing left to correct."))
    found: dict[str, list[str]] = {}
    for field, sentence in about_words(wanted):
        found.setdefault(field, []).append(sentence)
    if registration.ticket.needs_proof and wanted.email != registration.email:
        found.setdefault("email", []).append(
            _("A member’s address cannot be changed: cancel, and register with the other one.")
        )
    if found:
        raise InvalidFields(_("Some fields need another look."), found)
