"""Complete: whoever holds a place says how they are called and whether they may be photographed."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import InvalidFields
from convention.events.sequence import next_sequence

from ..bill import follow_names
from ..checks import about_words
from ..correct import refuse_fixed
from ..models import Order, Registration
from ..order_request import Place
from ..send_links import mail_links
from ..transfer import is_transfer, note_identity
from .models import Invitation


@transaction.atomic
def complete(*, registration: Registration, details: Place) -> Registration:
    """Write a holder's own details and mail them their link; their address stays, and so does their badge.

    Whoever ordered is not written to. The first time any name is taken, since the contact may not have known
    it; later, and on a member's place, another person's name is refused: the place is passed on elsewhere.
    Raises InvalidFields, and Closed where nothing can be written any more.
    """
    Order.objects.alone().get(pk=registration.order_id)
    registration = Registration.objects.select_for_update().get(pk=registration.pk)
    details = details.tidied()
    refuse_fixed(registration)
    found: dict[str, list[str]] = {}
    for field, sentence in about_words(details):
        found.setdefault(field, []).append(sentence)
    if found:
        raise InvalidFields(_("Some fields need another look."), found)
    wanted = {name: getattr(details, name) for name in ("first_name", "last_name", "no_photo")}
    now = {name: getattr(registration, name) for name in wanted}
    before = {name: value for name, value in now.items() if value != wanted[name]}
    for name in before:
        setattr(registration, name, wanted[name])
    is_first = _note_completed(registration)
    names_anybody = is_first and timezone.now() <= registration.event.last_substitution
    if is_transfer(registration, before) and (registration.ticket.needs_proof or not names_anybody):
        raise _other_person(before)
    written = [] if is_first else note_identity(registration, before)
    record("registration.complete", registration, event=registration.event, fields=list(before))
    if before:
        registration.sequence = next_sequence(registration.event_id)
        registration.save(update_fields=[*before, *written, "sequence"])
        follow_names([registration])
    return registration


def _other_person(before: dict[str, Any]) -> InvalidFields:
    sentence = _(
        "This is another person’s name. If somebody else comes, choose “Give the place to a colleague”; if "
        "the name is misspelt, write to the organizers."
    )
    field = "last_name" if "last_name" in before else "first_name"
    return InvalidFields(_("Some fields need another look."), {field: [sentence]})


def _note_completed(registration: Registration) -> bool:
    """Note the answer; the first time, mail the link under which the badge stands and return true."""
    asked = Invitation.objects.filter(registration=registration, holder=registration.generation)
    is_first = bool(asked.filter(completed_at__isnull=True).update(completed_at=timezone.now()))
    if is_first and registration.email:
        mail_links.enqueue([], [registration.pk])
    return is_first
