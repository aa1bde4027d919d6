"""Substitute: give a place to a colleague without a new payment; the badge that is out is void.

Until the event's `last_substitution`. A member's place goes to whoever holds a seat of the same company; any
other place to anybody. What was answered for the former holder is not the new one's.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from convention import hooks
from convention.addresses import folded, same
from convention.audit.record import record
from convention.club.doors import seats_at
from convention.club.models import Person
from convention.errors import InvalidFields
from convention.events.sequence import next_sequence

from .bill import follow_names
from .checks import about_words
from .correct import refuse_fixed, refuse_late
from .identity import Identity, name_for_member
from .models import Order, Registration
from .on_application import admit
from .one_place import refuse_second_place
from .order_request import Place
from .send_links import mail_links
from .transfer import transfer

FIELDS = ["first_name", "last_name", "email", "no_photo", "person", "generation", "answers"]


@transaction.atomic
def substitute(*, registration: Registration, by: Place) -> Registration:
    """Give the place to somebody else and mail the badge to whoever ordered, the own link to the new holder.

    `by` says who; its ticket is not looked at. Raises Closed, InvalidFields, AlreadyRegistered.
    """
    Order.objects.alone().get(pk=registration.order_id)
    rows = Registration.objects.select_related("event", "ticket", "order", "member_of")
    registration = rows.select_for_update(of=("self",)).get(pk=registration.pk)
    by = by.tidied()
    refuse_fixed(registration)
    refuse_late(registration.event)
    _refuse_words(registration, by)
    member = _member(registration, by) if registration.ticket.needs_proof else None
    name = by.first_name, by.last_name
    if member:
        refuse_second_place(registration, member)
        name = name_for_member(Identity.of(by), Identity.of(member))
    registration.first_name, registration.last_name = name
    registration.email, registration.no_photo = by.email, by.no_photo
    written = transfer(registration)
    registration.person, registration.confirmation_sent_at = member, None
    record("registration.substitute", registration, event=registration.event, fields=FIELDS)
    registration.sequence = next_sequence(registration.event_id)
    registration.save(update_fields=[*{*FIELDS, *written}, "confirmation_sent_at", "sequence"])
    follow_names([registration])
    hooks.send_confirmation.enqueue(registration.order_id)
    if registration.email:
        mail_links.enqueue([], [registration.pk])
    admit([registration])
    return registration


def _refuse_words(registration: Registration, by: Place) -> None:
    found: dict[str, list[str]] = {}
    for field, sentence in about_words(by):
        found.setdefault(field, []).append(sentence)
    if registration.ticket.needs_proof and not by.email:
        found["email"] = [_("A member’s place needs the member’s own address: the confirmation goes there.")]
    elif registration.is_named and same(registration.email, by.email):
        found["email"] = [_("This is the address of whoever has the place now. A name alone is corrected.")]
    if found:
        raise InvalidFields(_("Some fields need another look."), found)


def _member(registration: Registration, by: Place) -> Person:
    """Whoever has that address and holds a seat of the same company. Raises InvalidFields."""
    company = registration.member_of
    seats = seats_at(company, [folded(by.email)]) if company else {}
    if not seats:
        sentence = _(
            "Nobody with this address holds a seat of %(company)s, and the place is for its members."
        )
        said = {"company": company or registration.company}
        raise InvalidFields(_("Some fields need another look."), {"email": [sentence % said]})
    return seats[folded(by.email)].person
