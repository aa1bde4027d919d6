"""Send the mail of a registration again: lost, or never sent as after an import."""

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import ConventionError
from convention.tasks import enqueue

from .models import Registration


class NoAddress(ConventionError):
    """There is nobody to write to."""

    kind = "no-address"


class BadAddress(ConventionError):
    """It cannot be written to."""

    kind = "bad-address"


@transaction.atomic
def resend(*, registration: Registration, email: str = "") -> Registration:
    """Queue the mail that fits the registration's state again, to a corrected address where one is given.

    Raises NoAddress, and BadAddress where that is none.
    """
    order = registration.order
    address = checked(email) or order.email or registration.email
    if not address:
        raise NoAddress(_("There is no e-mail address; add one first."))
    changed = ["email"] if address != order.email else []
    order.email = address
    order.save(update_fields=["email"])
    for mark in ("proof_sent_at", "confirmation_sent_at", "cancellation_sent_at"):
        setattr(registration, mark, None)
    registration.save(update_fields=["proof_sent_at", "confirmation_sent_at", "cancellation_sent_at"])
    enqueue("CONFIRMATION_TASK", order.pk)
    record("registration.resend", registration, event=registration.event, fields=changed)
    return registration


def checked(email: str) -> str:
    """The address without blanks around it. Raises BadAddress."""
    address = email.strip()
    try:
        if address:
            EmailValidator()(address)
    except ValidationError as error:
        raise BadAddress(_("“%(email)s” is not an e-mail address.") % {"email": address[:100]}) from error
    return address
