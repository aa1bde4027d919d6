"""Ask buyers by e-mail for the billing details without which no invoice of their order can be issued."""

import datetime
from collections.abc import Sequence
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from convention.tasks.queue_names import MAIL_QUEUE
from registrations.invoices.models import Issuer, Receivable
from registrations.invoices.uninvoiced import has_complete_buyer, load_invoice_batch
from registrations.models import Order

from .change_billing import can_change_billing_details

MIN_TIME_BETWEEN_REQUESTS: Final = datetime.timedelta(days=7)


def ask_for_billing_details(*, event_slug: str = "") -> int:
    """Queue an e-mail to each buyer whose details are missing, once a week at most; return how many.

    Receivables without an order or an address are left out: their buyers have no page for their details.
    """
    asked_count = 0
    for receivable in _list_receivables_to_ask(event_slug):
        # The condition decides between two clicks.
        rows = Receivable.objects.filter(_make_waiting_condition(), pk=receivable.pk)
        if rows.update(details_asked_at=timezone.now()):
            record_action("receivable.ask_billing", receivable, event=receivable.event)
            send_billing_request.enqueue(receivable.pk, int(timezone.now().timestamp()))
            asked_count += 1
    return asked_count


def _list_receivables_to_ask(event_slug: str) -> Sequence[Receivable]:
    incomplete_ids = [row.pk for row in load_invoice_batch(event_slug=event_slug).incomplete]
    rows = Receivable.objects.filter(_make_waiting_condition(), pk__in=incomplete_ids).exclude(email="")
    orders = Order.objects.filter(reference__in=rows.values("reference"), total__gt=0)
    return list(rows.filter(reference__in=orders.values("reference")).select_related("event").order_by("pk"))


def _make_waiting_condition() -> Q:
    """Return the condition of receivables whose buyer was not asked within a week."""
    week_ago = timezone.now() - MIN_TIME_BETWEEN_REQUESTS
    return Q(details_asked_at=None) | Q(details_asked_at__lt=week_ago)


@task(queue_name=MAIL_QUEUE)
def send_billing_request(receivable_id: int, requested_at: int) -> None:
    """Send one request, unless the details were entered meanwhile. Raise MailNotSent.

    `requested_at` (Unix seconds) is part of the Message-ID: a task that runs twice sends the same mail.
    """
    receivable = Receivable.objects.select_related("event").filter(pk=receivable_id).first()
    order = Order.objects.select_related("event").filter(reference=receivable.reference if receivable else "")
    if receivable is None or (found := order.first()) is None or not found.email:
        return
    if has_complete_buyer(receivable) or not can_change_billing_details(found):
        return
    try:
        send_mail_message(
            _write_billing_request(found, message_key=f"billing-{receivable.pk}-{requested_at}")
        )
    except MailRefused:
        record_action("receivable.ask_billing_refused", receivable, event=receivable.event)


def _write_billing_request(order: Order, *, message_key: str) -> MailMessage:
    event, issuer = order.event, Issuer.get_current()
    with translation.override(order.language):
        path = reverse("order-billing", args=[order.reference, order.manage_secret])
        return MailMessage(
            # The order's address, not the receivable's: only the buyer gets the link.
            to=order.email,
            subject=_("Billing details needed for order %(reference)s") % {"reference": order.reference},
            template="billing_request",
            context={"event": event, "reference": order.reference, "url": f"{settings.SITE_URL}{path}"},
            language=order.language,
            message_key=message_key,
            accent=event.accent,
            reply_to=event.contact_email or (issuer.email if issuer else ""),
        )
