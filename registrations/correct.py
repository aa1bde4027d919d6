"""Correct what is written about someone who comes; written as someone else, the place changes hands.

The same person's badge stays good. Another person's name makes it a transfer (`transfer.py`), at once or in
several steps: the generation rises, which revokes the badge that is out and the former holder's own link.

A company's contact does not read what colleagues answer by a link of their own. Where the contact writes
another address for a colleague, that link opens nothing any more and the answers are gone: the new address is
asked anew.
"""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.addresses import having, same
from convention.audit.record import record
from convention.errors import Closed, InvalidFields
from convention.events.models import Event
from convention.events.sequence import next_sequence
from convention.text import fold

from .answer import drop_answers
from .bill import follow_names
from .checks import about_words
from .doors import answers_by_own_link
from .invoices.models import Receivable
from .invoices.owe import correct_buyer
from .models import BY_CONTACT, Order, Registration
from .on_application import page_to_apply
from .order_request import Place
from .send_links import mail_links
from .transfer import is_transfer, note_identity, transfer

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
    """Write the corrected fields, for whoever has the whole order.

    A correction queues a mail with the new badge, and the order's mails follow this person's address; they
    do not follow the place to somebody else.
    Raises InvalidFields, also for another name where places are given on application; and Closed for a
    cancelled or expired registration, once the event is over, or when it is too late to give the place to
    somebody else.
    """
    registration, before = _corrected(registration, correction)
    _refuse_transfer(registration, before)
    is_parted = _part_from_address(registration, before)
    registration = _correct(registration, before, reason)
    if is_parted and registration.email:
        mail_links.enqueue([], [registration.pk])  # once it is stored: a request may run its tasks itself
    return registration


@transaction.atomic
def correct_for(*, registration: Registration, correction: Correction, reason: str = "") -> Registration:
    """The same for whoever runs the event, who may give the place to somebody else until its end."""
    registration, before = _corrected(registration, correction)
    return _correct(registration, before, reason)


def _correct(registration: Registration, before: dict[str, Any], reason: str) -> Registration:
    if "email" in before and not is_transfer(registration, before):
        _let_order_follow(registration, before["email"])
    _keep(registration, before, reason)
    return registration


def _part_from_address(registration: Registration, before: dict[str, Any]) -> bool:
    """Whether a contact wrote another address for a colleague: a new link, and nothing answered yet."""
    was = before.get("email", "")
    if not answers_by_own_link(registration.order, was) or same(was, registration.email):
        return False
    if is_transfer(registration, before):
        return False  # which parts from more than the address
    before |= {"link_version": registration.link_version, "answers": registration.answers}
    registration.link_version += 1
    drop_answers(registration)
    return True


@transaction.atomic
def correct_own(*, registration: Registration, correction: Correction) -> Registration:
    """The same for whoever has the link of this registration alone: the order's mails go where they went.

    With them goes the link of the whole order. Raises the same.
    """
    registration, before = _corrected(registration, correction)
    _refuse_transfer(registration, before)
    _keep(registration, before, "")
    return registration


def _corrected(registration: Registration, correction: Correction) -> tuple[Registration, dict[str, Any]]:
    """The registration under its lock, corrected but not stored, and what its changed fields said before."""
    Order.objects.alone().get(pk=registration.order_id)
    registration = Registration.objects.select_for_update().get(pk=registration.pk)
    wanted = _tidied(registration, correction)
    _refuse(registration, wanted)
    said = {name: getattr(registration, name) for name in FIELDS}
    before = {name: value for name, value in said.items() if value != getattr(wanted, name)}
    for name in before:
        setattr(registration, name, getattr(wanted, name))
    return registration, before


def _keep(registration: Registration, before: dict[str, Any], reason: str) -> None:
    if not before:
        return
    verb, changed, written = "registration.correct", list(before), []
    if is_transfer(registration, before):
        verb = "registration.transfer"
        written = transfer(registration)
        changed += ["generation", "person", "answers"]
    else:
        written = note_identity(registration, before)
    if registration.confirmed_at:
        registration.confirmation_sent_at = None
    record(verb, registration, event=registration.event, fields=changed, reason=reason)
    registration.sequence = next_sequence(registration.event_id)
    registration.save(update_fields=[*{*changed, *written}, "confirmation_sent_at", "sequence"])
    if {"first_name", "last_name"} & before.keys():
        follow_names([registration])
    if registration.confirmed_at:
        hooks.send_confirmation.enqueue(registration.order_id)


def _refuse_transfer(registration: Registration, before: dict[str, Any]) -> None:
    _refuse_other_name(registration, before)
    if is_transfer(registration, before):
        _refuse_other_member(registration, before)
        refuse_late(registration.event)


def refuse_late(event: Event) -> None:
    """Raises Closed once places of the event no longer change hands."""
    if timezone.now() <= event.last_substitution:
        return
    day = formats.date_format(event.last_substitution.astimezone(event.zone), "DATETIME_FORMAT")
    raise Closed(
        _("A place could be given to somebody else until %(day)s. Write to the organizers.") % {"day": day}
    )


def _refuse_other_name(registration: Registration, before: dict[str, Any]) -> None:
    """Raises InvalidFields where the place is for whoever applied; accents and capitals are put right."""
    if not has_other_name(registration, before) or not registration.ticket.needs_proof:
        return
    if page_to_apply(registration.event):
        sentence = _(
            "This place is for whoever applied. Write to the organizers if the name is misspelt, or cancel "
            "if you cannot come."
        )
        raise InvalidFields(_("Some fields need another look."), {_name_field(before): [sentence]})


def _refuse_other_member(registration: Registration, before: dict[str, Any]) -> None:
    """Raises InvalidFields for another person's name on a member's place, which is passed on."""
    is_members = registration.person_id is not None or registration.confirmed_at is not None
    if registration.ticket.needs_proof and is_members:
        sentence = _(
            "This place is for the member whose address it is. To pass it on, choose “Give the place to a "
            "colleague”; if the name is misspelt, write to the organizers."
        )
        raise InvalidFields(_("Some fields need another look."), {_name_field(before): [sentence]})


def _name_field(before: dict[str, Any]) -> str:
    return "last_name" if "last_name" in before else "first_name"


def has_other_name(registration: Registration, before: dict[str, Any]) -> bool:
    """Whether the name is another one than before, accents and capitals aside."""
    first, last = (before.get(part, getattr(registration, part)) for part in ("first_name", "last_name"))
    return fold(f"{first} {last}") != fold(registration.name)


def _let_order_follow(registration: Registration, was: str) -> None:
    """The order's mails go to the new address where they went to the old one of this person.

    The order gets a new link, since the old one was mailed to an address that may be a stranger's.
    Not to an address that a colleague has: whoever ordered would be taken for the colleague.
    """
    order = registration.order
    others = order.registrations.exclude(pk=registration.pk)
    if order.source == BY_CONTACT and having(others.only("email"), registration.email):
        return
    if registration.email and same(order.email, was):
        order.email, order.verification_sent_at = registration.email, None
        order.save(update_fields=["email", "verification_sent_at", *order.replace_link()])
        if order.awaits_verification:
            hooks.send_confirmation.enqueue(order.pk)
        for receivable in Receivable.objects.filter(reference=order.reference, email__iexact=was):
            correct_buyer(receivable, {"email": order.email})


def _tidied(registration: Registration, correction: Correction) -> Place:
    return Place(
        ticket=registration.ticket.slug,
        first_name=correction.first_name,
        last_name=correction.last_name,
        email=correction.email,
        company=correction.company,
        no_photo=correction.no_photo,
    ).tidied()


def refuse_fixed(registration: Registration) -> None:
    """Raises Closed where nothing can be written any more: it does not stand, or the event is over."""
    if registration.state in (Registration.State.CANCELLED, Registration.State.EXPIRED):
        raise Closed(_("This registration no longer stands, so it cannot be corrected."))
    if registration.event.ends_at <= timezone.now():
        raise Closed(_("The event is over; there is nothing left to correct."))


def _refuse(registration: Registration, wanted: Place) -> None:
    refuse_fixed(registration)
    found: dict[str, list[str]] = {}
    for field, sentence in about_words(wanted):
        found.setdefault(field, []).append(sentence)
    if registration.ticket.needs_proof and wanted.email != registration.email:
        found.setdefault("email", []).append(
            _("A member’s address cannot be changed: cancel, and register with the other one.")
        )
    if found:
        raise InvalidFields(_("Some fields need another look."), found)
