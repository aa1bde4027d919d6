"""Send the mail of a registration again: lost, or never sent as after an import."""

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import ConventionError
from convention.tasks import enqueue

from .models import Registration


class NoAddress(ConventionError):
    """There is nobody to write to."""

    kind = "no-address"


@transaction.atomic
def resend(*, registration: Registration) -> Registration:
    """Queue the mail that fits the registration's state again. Raises NoAddress."""
    order = registration.order
    if not order.email and not registration.email:
        raise NoAddress(_("There is no e-mail address; add one first."))
    if not order.email:
        order.email = registration.email
        order.save(update_fields=["email"])
    for mark in ("proof_sent_at", "confirmation_sent_at", "cancellation_sent_at"):
        setattr(registration, mark, None)
    registration.save(update_fields=["proof_sent_at", "confirmation_sent_at", "cancellation_sent_at"])
    enqueue("CONFIRMATION_TASK", order.pk)
    record("registration.resend", registration, event=registration.event)
    return registration
