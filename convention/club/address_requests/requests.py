"""Ask the administrators to change a person's address, and find the request that waits for them."""

from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.models import AuditEntry
from convention.audit.record import RecordedRequest, make_subject_label, record_action
from convention.club.models import Person
from convention.club.people import (
    find_address_errors,
    find_address_holder,
    find_address_objection,
    make_taken_error,
    refuse_erased_person,
)
from convention.errors import Forbidden, InvalidFields, NotOpenNow
from convention.text.email_addresses import is_same_email, normalize_email
from convention.text.normalize import normalize_whitespace

from .mails import enqueue_address_request, list_recipients

ASK_VERB: Final = "person.ask_address"
CHANGE_VERB: Final = "person.change"


class NoAdministrator(NotOpenNow):
    """No administrator who may change the address has one of their own."""


class AdministratorsAskedMeanwhile(NotOpenNow):
    """The administrators were asked since the reader opened the page: a double click, or a colleague."""


def find_open_request(person: Person) -> RecordedRequest | None:
    """Return the latest request to change the person's address; None once it was changed."""
    entries = AuditEntry.objects.filter(
        subject=make_subject_label(person), verb__in=(ASK_VERB, CHANGE_VERB)
    ).select_related("actor")
    for entry in entries.order_by("-created_at", "-pk"):
        if entry.verb == ASK_VERB:
            return RecordedRequest(entry)
        if "email" in entry.fields:
            return None
    return None


def can_ask_administrators(person: Person, actor: Person) -> bool:
    """Return whether the actor, who manages the directory, has to ask for another address of this person."""
    # One's own address is changed under “Account and security”.
    is_other_person = person.pk != actor.pk and not person.is_erased
    return is_other_person and bool(find_address_objection(person, actor))


@transaction.atomic
def ask_administrators(*, person: Person, email: str, actor: Person, last_entry_id: int | None) -> int:
    """E-mail the administrators the new address; return how many get the e-mail.

    `last_entry_id` is the open request that the reader has seen. Raise AdministratorsAskedMeanwhile if there
    is a newer one, NoAdministrator, Forbidden if the actor has nothing to ask for, and InvalidFields for an
    address that is invalid, taken, or the present one.
    """
    # Locked: a second click waits, and then finds the first one's entry.
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    refuse_erased_person(person)
    if not can_ask_administrators(person, actor):
        raise Forbidden(find_address_objection(person, actor) or _("You can change this address yourself."))
    email = normalize_email(normalize_whitespace(email))
    _check_requested_address(person, email)
    last_request = find_open_request(person)
    if last_request and last_request.entry.pk != last_entry_id:
        raise AdministratorsAskedMeanwhile(
            _("The administrators have just been asked to change this address. No second e-mail was sent.")
        )
    recipients = list_recipients(person)
    if not recipients:
        raise NoAdministrator(
            _("No administrator who can change this address has an e-mail address. Nobody was asked.")
        )
    # Without the address: entries have no personal values.
    entry = record_action(ASK_VERB, person, fields=["email"])
    for recipient in recipients:
        enqueue_address_request(entry, person=person, email=email, recipient=recipient)
    return len(recipients)


def _check_requested_address(person: Person, email: str) -> None:
    errors = find_address_errors(email)
    holder = find_address_holder(email)
    if is_same_email(person.email, email):
        errors = {"email": [_("This is already the person’s address.")]}
    elif holder and holder.pk != person.pk:
        raise make_taken_error()
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)
