"""Send the mail of a registration again: lost, or never sent as after an import."""

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db import transaction
from django.utils.translation import gettext as _

from convention import hooks
from convention.addresses import having, same
from convention.audit.record import record
from convention.errors import ConventionError

from .correct import FIELDS, Correction, correct, correct_own
from .models import Order, Registration
from .send_links import mail_links


class NoAddress(ConventionError):
    """There is nobody to write to."""

    kind = "no-address"


class BadAddress(ConventionError):
    """It cannot be written to."""

    kind = "bad-address"


@transaction.atomic
def resend(*, registration: Registration, email: str = "") -> str:
    """Queue the mail that fits the registration's state again; returns the address that it goes to.

    A corrected address becomes the order's where nobody else is in it. In an order of several it is this
    person's, who gets the link of their own registration alone. Mail of a private place goes to its attendee
    in any case. Raises NoAddress, BadAddress where that is none, and what `correct_own` does.
    """
    order = registration.order
    if registration.is_private:
        _send_again(registration, [])
        return registration.email
    address = checked(email) or order.email or registration.email
    if not address:
        raise NoAddress(_("There is no e-mail address; add one first."))
    is_shared = order.registrations.exclude(pk=registration.pk).exists()
    if is_shared and not same(address, order.email):
        _send_own(registration, address)
    else:
        _send_to_order(registration, address)
    return address


@transaction.atomic
def readdress(*, registration: Registration, email: str) -> str:
    """The same where the order itself has a wrong address: the corrected one gets its mails and its link."""
    address = checked(email)
    if not address:
        raise NoAddress(_("There is no e-mail address; add one first."))
    _send_to_order(registration, address)
    return address


def _send_own(registration: Registration, address: str) -> None:
    said = {name: getattr(registration, name) for name in FIELDS}
    correct_own(registration=registration, correction=Correction(**{**said, "email": address}))
    mail_links.enqueue([], [registration.pk])
    record("registration.resend", registration, event=registration.event)


def _send_to_order(registration: Registration, address: str) -> None:
    order = registration.order
    changed = ["email"] if address != order.email else []
    is_replaced = not same(address, order.email)  # the link went to an address that may be a stranger's
    order.email, order.verification_sent_at = address, None
    fields = ["email", "verification_sent_at", *(order.replace_link() if is_replaced else [])]
    order.save(update_fields=fields)
    _send_again(registration, changed)


def _send_again(registration: Registration, changed: list[str]) -> None:
    """Queue the mail that fits the state; `changed` are the order's fields that were changed for it."""
    for mark in ("proof_sent_at", "confirmation_sent_at", "cancellation_sent_at"):
        setattr(registration, mark, None)
    registration.save(update_fields=["proof_sent_at", "confirmation_sent_at", "cancellation_sent_at"])
    hooks.send_confirmation.enqueue(registration.order_id)
    record("registration.resend", registration, event=registration.event, fields=changed)


@transaction.atomic
def resend_verification(*, order: Order, email: str = "") -> str:
    """Queue the link that confirms the order again, to `email` where it is given; return where it goes.

    Another address replaces the buyer's, also at places of the order that have it. Raises NoAddress,
    BadAddress, and what `correct` does.
    """
    address = checked(email) or order.email
    if not address:
        raise NoAddress(_("There is no e-mail address; add one first."))
    if not same(address, order.email):
        for registration in having(order.registrations.filter(cancelled_at__isnull=True), order.email):
            if not registration.ticket.needs_proof:
                words = {name: getattr(registration, name) for name in FIELDS}
                correct(registration=registration, correction=Correction(**{**words, "email": address}))
    changed = [] if address == order.email else ["email"]
    Order.objects.filter(pk=order.pk).update(email=address, verification_sent_at=None)
    hooks.send_confirmation.enqueue(order.pk)
    record("order.resend", order, event=order.event, fields=changed)
    return address


def checked(email: str) -> str:
    """The address without blanks around it. Raises BadAddress."""
    address = email.strip()
    try:
        if address:
            EmailValidator()(address)
    except ValidationError as error:
        raise BadAddress(_("“%(email)s” is not an e-mail address.") % {"email": address[:100]}) from error
    return address
