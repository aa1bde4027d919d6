"""Tell buyers that their order by card was not paid and that its places are no longer held."""

import datetime
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.tasks import task
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.models import AuditEntry
from convention.audit.record import make_subject_label, record_action
from convention.events.cancellations import find_cancellation_time
from convention.mail.messages import MailMessage, send_or_log
from registrations.billing.buyer_name import find_buyer_first_name
from registrations.invoices.models import Payment
from registrations.models import Order, Registration
from registrations.payments.models import CardPaymentAttempt

# Older orders are left alone, such as those from before this e-mail existed.
NOTICE_PERIOD: Final = datetime.timedelta(days=2)
UNPAID_VERB: Final = "order.unpaid"


def notify_unpaid_orders() -> None:
    """Queue one e-mail for each order whose hold was released unpaid; a periodic job."""
    now = timezone.now()
    orders = list(select_unpaid_orders(at=now).order_by("pk"))
    labels = {make_subject_label(order): order for order in orders}
    entries = AuditEntry.objects.filter(verb=UNPAID_VERB, subject__in=labels)
    for label in entries.values_list("subject", flat=True):
        labels.pop(label, None)
    for order in labels.values():
        with transaction.atomic():
            # The entry in the history is also how the next run knows that the e-mail is queued.
            record_action(UNPAID_VERB, order, event=order.event)
            notify_unpaid_order.enqueue(order.pk)


def select_unpaid_orders(*, at: datetime.datetime) -> QuerySet[Order]:
    """Return the recent orders by card for which nothing was paid, and whose places are no longer held."""
    pending = Registration.objects.filter(order=OuterRef("pk"), confirmed_at=None, cancelled_at=None)
    is_lapsed = Q(hold_expires_at=None) | Q(hold_expires_at__lte=at)
    payments = Payment.objects.filter(receivable__reference=OuterRef("reference"))
    attempts = CardPaymentAttempt.objects.unsettled().filter(order=OuterRef("pk"))
    # Of a sponsor's order the organizers take care; a held place may still be paid.
    rows = Order.objects.filter(
        Exists(pending.filter(is_lapsed)),
        ~Exists(pending.filter(hold_expires_at__gt=at)),
        ~Exists(payments),
        ~Exists(attempts),
        payment=Order.Payment.CARD,
        total__gt=0,
        sponsorships=None,
        created_at__gt=at - NOTICE_PERIOD,
        event__ends_at__gt=at,
    )
    return rows.exclude(email="").select_related("event")


@task()
def notify_unpaid_order(order_id: int) -> None:
    """Mail the buyer that the places are no longer held, with the link to pay as long as places are left."""
    # Read when the task runs: the order may have been paid or cancelled meanwhile.
    order = select_unpaid_orders(at=timezone.now()).filter(pk=order_id).first()
    if order is None or _has_other_order(order) or find_cancellation_time(order.event):
        return
    event = order.event
    with translation.override(order.language):
        message = MailMessage(
            to=order.email,
            subject=_("Your order was not paid: %(event)s") % {"event": event.title},
            template="unpaid_order",
            recipient_name=find_buyer_first_name(order),
            context={
                "order": order,
                "event": event,
                "pay_url": f"{settings.SITE_URL}{order.continue_path}",
                "is_open": event.is_registration_open(at=timezone.now()),
            },
            language=order.language,
            message_key=f"unpaid-{order.reference}",
            accent=event.accent,
            reply_to=event.contact_email,
        )
    send_or_log(message)


def _has_other_order(order: Order) -> bool:
    """Return whether another order of the buyer has replaced this one: with a place, held or not, or later.

    Of several unpaid orders only the last is announced: nobody can flood a stranger's mailbox with them.
    """
    others = Registration.objects.active().filter(event=order.event_id, order__email__iexact=order.email)
    later = select_unpaid_orders(at=timezone.now()).filter(
        event=order.event_id, email__iexact=order.email, pk__gt=order.pk
    )
    return others.exclude(order=order.pk).exists() or later.exists()
