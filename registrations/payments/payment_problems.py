"""Payments that need attention: paid too much, too late, or not verified."""

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.tasks import task
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from convention.money import Money
from registrations.billing.buyer_name import find_buyer_first_name
from registrations.billing.refund_summary import select_unplaced_orders
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.models import Payment, Receivable, ReceivableQuerySet, Refund
from registrations.invoices.models.receivables import BANK_LINE_PREFIX, PROCESSOR_METHODS
from registrations.models import Order, Registration
from registrations.models.registrations import AWAITS_MEMBER_VERIFICATION


@task()
def notify_unplaced_payment(order_id: int) -> None:
    """Mail the buyer that the payment will be refunded, because the places were gone when it arrived."""
    order = Order.objects.select_related("event").get(pk=order_id)
    receivable = Receivable.objects.filter(reference=order.reference).first()
    overpaid = Money(compute_balance(receivable).amount_overpaid if receivable else 0, order.currency)
    # Read when the task runs: the treasurer may have confirmed or refunded the order meanwhile.
    if not order.email or overpaid.amount <= 0:
        return
    with translation.override(order.language):
        message = MailMessage(
            to=order.email,
            subject=_("Payment received, but no places left: %(event)s") % {"event": order.event.title},
            template="unplaced",
            recipient_name=find_buyer_first_name(order),
            context={
                "order": order,
                "event": order.event,
                "overpaid": overpaid,
                "has_places": order.registrations.confirmed().exists(),
                "site": settings.SITE_NAME,
            },
            language=order.language,
            # A second late payment has another sum and is announced again.
            message_key=f"unplaced-{order.reference}-{overpaid.amount}",
            accent=order.event.accent,
            reply_to=order.event.contact_email,
        )
    try:
        send_mail_message(message)
    except MailRefused:
        return  # the treasurer sees the payment all the same


def list_overpaid_card_receivables() -> ReceivableQuerySet:
    """Return overpaid receivables with card payments, latest first, except those of unplaced orders.

    Annotated with `amount_overpaid`, in cents. Overpaid transfers are found in the list of receivables.
    """
    card_payments = Payment.objects.filter(receivable=OuterRef("pk"), method__in=PROCESSOR_METHODS)
    rows: ReceivableQuerySet = (
        Receivable.objects.with_balance()
        .with_first_attendee()
        .annotate(amount_overpaid=-F("amount_due"))
        .filter(Exists(card_payments), amount_overpaid__gt=0)
    )
    # Unplaced ones are listed apart, with a button to confirm them.
    return rows.exclude(reference__in=list_unplaced_orders().values("reference")).order_by("-pk")


def list_failed_refunds() -> QuerySet[Refund]:
    """Return the failed refunds whose money was not returned in another way since, latest first.

    A refund that only recorded a debit of the bank is left out: nobody requested it, and it fails when the
    treasurer undoes the match.
    """
    later = Refund.objects.active().filter(payment=OuterRef("payment"), pk__gt=OuterRef("pk"))
    returned = later.order_by().values("payment").annotate(sum=Sum("amount")).values("sum")
    rows = Refund.objects.filter(state=Refund.State.FAILED).select_related("receivable")
    rows = rows.prefetch_related("receivable__charges").exclude(external_id__startswith=BANK_LINE_PREFIX)
    return rows.exclude(amount__lte=Coalesce(Subquery(returned), 0)).order_by("-pk")


def list_unplaced_orders() -> QuerySet[Order]:
    """Return the orders paid after their places or package were gone, with `amount_retained` in cents."""
    receivables = Receivable.objects.with_balance().filter(reference=OuterRef("reference"))
    return (
        select_unplaced_orders()
        .select_related("event")
        # Nothing is owed for places that were lost, so the overpaid amount is all that was received.
        .annotate(
            amount_retained=Subquery(receivables.annotate(overpaid=-F("amount_due")).values("overpaid")[:1])
        )
        .order_by("-pk")
    )


def list_unverified_orders() -> QuerySet[Order]:
    """Return card orders with a member's place not verified in time, with `amount_retained` in cents."""
    # A hold that lasts may still be verified in time.
    expired = Registration.objects.filter(
        AWAITS_MEMBER_VERIFICATION,
        Q(hold_expires_at=None) | Q(hold_expires_at__lte=timezone.now()),
        order=OuterRef("pk"),
        cancelled_at=None,
    )
    paid = Receivable.objects.with_balance().filter(
        Q(amount_due=0), Q(amount_paid__gt=0), reference=OuterRef("reference")
    )
    rows = Order.objects.filter(Exists(expired), Exists(paid), payment=Order.Payment.CARD)
    retained = paid.annotate(retained=F("amount_paid") - F("amount_refunded")).values("retained")[:1]
    return rows.select_related("event").annotate(amount_retained=Subquery(retained)).order_by("-pk")
