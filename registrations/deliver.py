"""Deliver: send one mail at least once, and never twice as two.

A mail counts as sent once the mail server has taken it, not before: whatever is killed in between, it is sent
again, under the Message-ID it had, so that mail programs show it once.
"""

import logging
import time
from collections.abc import Callable, Sequence

from django.db import Error, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from convention.mail import Letter, NotSent, Refused, send

from .models import Delivery, Order, Registration

logger = logging.getLogger(__name__)

MARKS = {
    Delivery.Kind.PROOF: "proof_sent_at",
    Delivery.Kind.CONFIRMATION: "confirmation_sent_at",
    Delivery.Kind.CANCELLATION: "cancellation_sent_at",
}
"""The column of each registration that says when its mail was sent; that of a verification is the order's."""
TRIES_TO_NOTE = 5


def deliver(
    *,
    order: Order,
    kind: Delivery.Kind,
    due: Sequence[Registration],
    write: Callable[[str], Letter],
    stem: str = "",
) -> None:
    """Send the mail of this kind that tells of these registrations; `write` gets the key it must carry.

    `stem` names it where it tells of one registration in words of its own.
    Call it under the order's lease. A final refusal is noted. Raises NotSent for a reason that may pass.
    """
    delivery = open_delivery(order, kind, due, stem)
    delivery.order = order
    _attempt(delivery, write)
    note(delivery, due)


def deliver_to_holder(*, registration: Registration, stem: str, write: Callable[[str], Letter]) -> None:
    """The same for whoever comes; what whoever ordered is told stays due."""
    delivery = open_delivery(registration.order, Delivery.Kind.CONFIRMATION, [registration], stem)
    _attempt(delivery, write)
    note(delivery, [])


def _attempt(delivery: Delivery, write: Callable[[str], Letter]) -> None:
    """Send it, or raise NotSent; what the mail server said is not stored yet."""
    Delivery.objects.filter(pk=delivery.pk).update(attempts=F("attempts") + 1, attempted_at=timezone.now())
    try:
        delivery.answer = send(write(delivery.key))
        delivery.accepted_at = timezone.now()
    except Refused as refusal:
        logger.warning("The mail server refused %s.", delivery.key)
        delivery.answer, delivery.refused_at = str(refusal), timezone.now()
    except NotSent as error:
        Delivery.objects.filter(pk=delivery.pk).update(answer=str(error))
        raise


def open_delivery(order: Order, kind: Delivery.Kind, due: Sequence[Registration], stem: str = "") -> Delivery:
    """The delivery begun before, if it tells of the same; else a new one."""
    one = due[0] if due and (stem or kind == Delivery.Kind.PROOF) else None
    stem = stem or f"{kind.value}-{one.reference if one else order.reference}"
    covers = max((registration.sequence for registration in due), default=0)
    last = Delivery.objects.filter(stem=stem).order_by("-revision").first()
    if last and not last.is_done and last.covers == covers:
        return last
    revision = last.revision + 1 if last else 1
    return Delivery.objects.create(
        order=order, registration=one, kind=kind, stem=stem, revision=revision, covers=covers
    )


def note(delivery: Delivery, due: Sequence[Registration]) -> None:
    """Write down what the mail server said; a database that is away just now is given a few seconds."""
    for attempt in range(1, TRIES_TO_NOTE + 1):
        try:
            _note(delivery, due)
        except Error:
            if attempt == TRIES_TO_NOTE or connection.in_atomic_block:
                raise
            connection.close()
            time.sleep(attempt / 2)
        else:
            return


@transaction.atomic
def _note(delivery: Delivery, due: Sequence[Registration]) -> None:
    """Whoever was changed while the mail was on its way stays due: the change is another mail.

    So it is where the order's mails go elsewhere since: the new address has not been written to.
    """
    delivery.save(update_fields=["accepted_at", "refused_at", "answer"])
    if delivery.kind == Delivery.Kind.VERIFICATION:
        same_address = Order.objects.filter(pk=delivery.order_id, email=delivery.order.email)
        same_address.update(verification_sent_at=timezone.now())
        return
    as_told = Q(pk__in=[])
    for registration in due:
        as_told |= Q(pk=registration.pk, sequence=registration.sequence)
    if delivery.kind != Delivery.Kind.PROOF:
        as_told &= Q(order__email=delivery.order.email)
    Registration.objects.filter(as_told).update(**{MARKS[Delivery.Kind(delivery.kind)]: timezone.now()})
