"""Cancel and refund places that were paid by card and whose membership was never verified.

Nothing here asks whether an address is a member's: the moment of a refund must not tell the sender of an
order. A place is refunded once its mailed link can no longer confirm it, because the link has expired, the
place is gone or registration has closed.
"""

import datetime
from contextlib import suppress

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum
from django.tasks import task
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.errors import ConventionError
from convention.mail.messages import MailMessage, send_or_log
from convention.money import Money
from registrations.billing.buyer_name import find_buyer_first_name
from registrations.booking.validation import refuse_if_closed
from registrations.booking.verification import get_paid_price, get_verification_deadline
from registrations.changes.cancel import cancel_registration
from registrations.inventory.stock import reserve_again
from registrations.invoices.models import Refund
from registrations.models import Order, Registration
from registrations.models.registrations import AWAITS_MEMBER_VERIFICATION
from registrations.payments.payment_problems import list_unverified_orders


def refund_unverified_places() -> None:
    """Cancel and refund the paid places that can no longer be verified; a periodic job."""
    now = timezone.now()
    for order in list_unverified_orders().filter(event__ends_at__gt=now):
        # The event ended meanwhile, or the order changed: the treasurer's page still lists it.
        with suppress(ConventionError):
            cancel_unverified_places(order=order, at=now)


@transaction.atomic
def cancel_unverified_places(*, order: Order, at: datetime.datetime) -> list[Registration]:
    """Cancel and refund the order's paid places that can no longer be verified, with one e-mail; return them.

    Raise NotOpenNow once the event is over.
    """
    # Locked before they are read: the member may open the link at the same moment.
    Order.objects.locked_for_update().get(pk=order.pk)
    rows = order.registrations.filter(AWAITS_MEMBER_VERIFICATION, cancelled_at=None)
    rows = rows.select_related("event", "ticket__event", "order").prefetch_related("addons").order_by("pk")
    lost = [row for row in rows if get_paid_price(row) and not can_still_be_verified(row, at=at)]
    for registration in lost:
        cancel_registration(registration=registration, reason=_("Membership not verified"))
    if lost:
        notify_unverified_refund.enqueue(order.pk, [registration.pk for registration in lost])
    return lost


def can_still_be_verified(registration: Registration, *, at: datetime.datetime) -> bool:
    """Return whether the mailed link can still confirm the place at `at`."""
    if registration.is_held(at=at):
        return True
    if at > get_verification_deadline(registration):
        return False
    try:
        refuse_if_closed(registration.event, at=at)
        if not registration.occupies_place:
            _check_available(registration)
    except ConventionError:
        return False
    return True


def _check_available(registration: Registration) -> None:
    """Raise SoldOut or CompanyFull if the released place cannot be reserved again; reserve nothing."""
    with transaction.atomic():
        reserve_again([registration])
        transaction.set_rollback(True)


@task()
def notify_unverified_refund(order_id: int, registration_ids: list[int]) -> None:
    """Mail the buyer that places were not confirmed, and what is refunded for them."""
    order = Order.objects.select_related("event").get(pk=order_id)
    registrations = list(order.registrations.filter(pk__in=registration_ids).order_by("pk"))
    references = [registration.reference for registration in registrations]
    refunds = Refund.objects.active().filter(
        Q(charge_key__in=references), receivable__reference=order.reference
    )
    refunded = Money(refunds.aggregate(sum=Sum("amount"))["sum"] or 0, order.currency)
    if not order.email:
        return
    with translation.override(order.language):
        message = MailMessage(
            to=order.email,
            subject=_("Place not confirmed, payment refunded: %(event)s") % {"event": order.event.title},
            template="unverified_refund",
            recipient_name=find_buyer_first_name(order),
            context={
                "order": order,
                "event": order.event,
                "names": ", ".join(registration.name for registration in registrations),
                "refunded": refunded,
                "has_places": order.registrations.confirmed().exists(),
                "site": settings.SITE_NAME,
            },
            language=order.language,
            message_key=f"unverified-refund-{order.reference}-{registration_ids[0]}",
            accent=order.event.accent,
            reply_to=order.event.contact_email,
        )
    send_or_log(message)
