"""Send an order's mails at least once, and never twice as two different mails.

A mail counts as sent once the mail server has accepted it. After a crash in between it is sent again under
the same Message-ID, so that mail programs show it once.
"""

import logging
import time
from collections.abc import Callable, Sequence

from django.db import Error, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from convention.mail.messages import MailMessage, MailNotSent, MailRefused, send_mail_message
from registrations.models import MailDelivery, Order, Registration

logger = logging.getLogger(__name__)

# The column of a registration that stores when the mail was sent; a verification's is on the order.
SENT_AT_FIELDS = {
    MailDelivery.Kind.MEMBER_VERIFICATION: "member_verification_sent_at",
    MailDelivery.Kind.CONFIRMATION: "confirmation_sent_at",
    MailDelivery.Kind.CANCELLATION: "cancellation_sent_at",
}
# With the pauses between them, five seconds in all.
MAX_SAVE_ATTEMPTS = 5


def deliver_mail(
    *,
    order: Order,
    kind: MailDelivery.Kind,
    registrations: Sequence[Registration],
    write_mail: Callable[[str], MailMessage],
    message_key: str = "",
) -> None:
    """Send the mail of this kind about these registrations, and save the result.

    `write_mail` receives the Message-ID key that the mail must carry. `message_key` names a mail about one
    registration. Call it while holding the order's lease. A final refusal is saved, not raised. Raises
    MailNotSent where another attempt may succeed.
    """
    delivery = find_or_create_delivery(order, kind, registrations, message_key)
    delivery.order = order
    _attempt_delivery(delivery, write_mail)
    save_delivery_result(delivery, registrations)


def deliver_to_attendee(
    *,
    registration: Registration,
    message_key: str,
    write_mail: Callable[[str], MailMessage],
    kind: MailDelivery.Kind = MailDelivery.Kind.CONFIRMATION,
) -> None:
    """Send an attendee's own mail. The buyer's mail of that kind stays due."""
    delivery = find_or_create_delivery(registration.order, kind, [registration], message_key)
    _attempt_delivery(delivery, write_mail)
    save_delivery_result(delivery, [])


def _attempt_delivery(delivery: MailDelivery, write_mail: Callable[[str], MailMessage]) -> None:
    """Send the mail and note the server's response on `delivery` without saving it. Raise MailNotSent."""
    # Counted before sending, so that an attempt that ends with the process is counted too.
    MailDelivery.objects.filter(pk=delivery.pk).update(
        attempts=F("attempts") + 1, attempted_at=timezone.now()
    )
    try:
        delivery.server_response = send_mail_message(write_mail(delivery.revision_key))
        delivery.accepted_at = timezone.now()
    except MailRefused as refusal:
        logger.warning("The mail server refused %s.", delivery.revision_key)
        delivery.server_response, delivery.refused_at = str(refusal), timezone.now()
    except MailNotSent as error:
        MailDelivery.objects.filter(pk=delivery.pk).update(server_response=str(error))
        raise


def find_or_create_delivery(
    order: Order, kind: MailDelivery.Kind, registrations: Sequence[Registration], message_key: str = ""
) -> MailDelivery:
    """Return the unfinished delivery of the same content, or create the next revision."""
    is_for_one = message_key or kind == MailDelivery.Kind.MEMBER_VERIFICATION
    only_registration = registrations[0] if registrations and is_for_one else None
    message_key = (
        message_key or f"{kind.value}-{only_registration.reference if only_registration else order.reference}"
    )
    # The sequence rises with every change, so it identifies the content that a mail describes.
    covered_sequence = max((registration.sequence for registration in registrations), default=0)
    latest = MailDelivery.objects.filter(message_key=message_key).order_by("-revision").first()
    if latest and not latest.is_done and latest.covered_sequence == covered_sequence:
        return latest
    revision = latest.revision + 1 if latest else 1
    return MailDelivery.objects.create(
        order=order,
        registration=only_registration,
        kind=kind,
        message_key=message_key,
        revision=revision,
        covered_sequence=covered_sequence,
    )


def save_delivery_result(delivery: MailDelivery, registrations: Sequence[Registration]) -> None:
    """Save the mail server's response, retrying for a few seconds while the database is away."""
    for attempt in range(1, MAX_SAVE_ATTEMPTS + 1):
        try:
            _save_result(delivery, registrations)
        except Error:
            # The mail is sent. If the result were lost, it would be sent again: hence the retries.
            # Inside a transaction there is nothing to retry: the failed statement has broken it.
            if attempt == MAX_SAVE_ATTEMPTS or connection.in_atomic_block:
                raise
            # The next statement opens a new connection; the broken one would only fail again.
            connection.close()
            time.sleep(attempt / 2)
        else:
            return


@transaction.atomic
def _save_result(delivery: MailDelivery, registrations: Sequence[Registration]) -> None:
    """Mark as sent only what the mail described.

    Registrations that changed while the mail was on its way stay due: the change needs another mail. The same
    applies to orders whose address has changed since.
    """
    delivery.save(update_fields=["accepted_at", "refused_at", "server_response"])
    if delivery.kind == MailDelivery.Kind.VERIFICATION:
        same_address = Order.objects.filter(pk=delivery.order_id, email=delivery.order.email)
        same_address.update(verification_sent_at=timezone.now())
        return
    # Matches nothing: the conditions of the registrations are added to it.
    unchanged = Q(pk__in=[])
    for registration in registrations:
        unchanged |= Q(pk=registration.pk, sequence=registration.sequence)
    # A link for a member goes to the registration's own address, not to the order's.
    if delivery.kind != MailDelivery.Kind.MEMBER_VERIFICATION:
        unchanged &= Q(order__email=delivery.order.email)
    Registration.objects.filter(unchanged).update(
        **{SENT_AT_FIELDS[MailDelivery.Kind(delivery.kind)]: timezone.now()}
    )
