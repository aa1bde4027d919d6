"""E-mail that a payment of an order was received, unless another e-mail says so."""

from typing import Final

from django.db.models import Q
from django.tasks import task
from django.utils import translation
from django.utils.translation import gettext as _

from convention.audit.record import find_last_entry, record_action
from convention.db.leases import hold_lease
from convention.errors import ConventionError
from convention.mail.messages import MailAttachment, MailMessage, MailRefused, send_mail_message
from convention.money import Money
from convention.tables.downloads import PDF_TYPE
from convention.tasks.queue_names import MAIL_QUEUE
from registrations.billing.buyer_name import find_buyer_first_name
from registrations.billing.receivables import calculate_balance, is_order_active, is_settled
from registrations.invoices.documents.receipt_pdf import render_receipt_pdf
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.models import Payment
from registrations.invoices.uninvoiced import has_invoice_mail_after
from registrations.models import Order, Registration, Sponsorship

ACKNOWLEDGED_VERB: Final = "payment.acknowledge"


@task(queue_name=MAIL_QUEUE)
def acknowledge_payment(payment_id: int) -> None:
    """Mail the buyer that the payment was received, with its receipt; once for each payment."""
    # A lease, no transaction: a slow mail server must not block what others write.
    with hold_lease(f"payment-mail:{payment_id}"):
        payment = Payment.objects.select_related("receivable__event").get(pk=payment_id)
        orders = Order.objects.select_related("event")
        order = orders.filter(reference=payment.receivable.reference).exclude(email="").first()
        if order is None or payment.is_cancelled or _was_acknowledged(order, payment):
            return
        # Read when the task runs: the payment may have confirmed the order meanwhile.
        if _is_named_by_other_mail(order, payment) or has_invoice_mail_after(payment):
            return
        try:
            send_mail_message(build_payment_message(order, payment))
        except MailRefused:
            return  # the treasurer sees the payment all the same
        record_action(ACKNOWLEDGED_VERB, payment, event=order.event)


def _was_acknowledged(order: Order, payment: Payment) -> bool:
    """Return whether the e-mail was sent: the same payment may be recorded again, by a form sent twice."""
    return find_last_entry(ACKNOWLEDGED_VERB, payment, event=order.event.slug) is not None


def _is_named_by_other_mail(order: Order, payment: Payment) -> bool:
    """Return whether another e-mail names the payment: a confirmation since, or that no places were left."""
    # Nothing is owed for a cancelled order but a fee; what is paid beyond it is announced as a refund.
    if not is_order_active(order) and compute_balance(payment.receivable).amount_overpaid > 0:
        return True
    confirmed_since = Q(confirmed_at__gte=payment.created_at)
    mailed_since = Q(confirmation_sent_at__gte=payment.created_at)
    # The e-mail about an add-on of an order by card waits for its payment.
    if order.is_by_card:
        mailed_since |= Q(confirmed_at__isnull=False, confirmation_sent_at=None)
    registrations = Registration.objects.filter(order=order, cancelled_at=None)
    if registrations.filter(confirmed_since | mailed_since & Q(is_private=False)).exists():
        return True
    sponsorships = Sponsorship.objects.active().filter(order=order)
    if sponsorships.filter(confirmed_since).exists():
        return True
    # A partial payment confirms nothing.
    is_pending = any(rows.filter(confirmed_at=None).exists() for rows in (registrations, sponsorships))
    return is_pending and is_settled(order)


def build_payment_message(order: Order, payment: Payment) -> MailMessage:
    """Return the e-mail, with the receipt attached if the issuer's details are known."""
    event, amount = order.event, Money(payment.amount, payment.currency)
    balance = calculate_balance(order)
    with translation.override(order.language):
        return MailMessage(
            to=order.email,
            subject=_("Payment received: %(event)s") % {"event": event.title},
            template="payment_received",
            recipient_name=find_buyer_first_name(order),
            context={
                "order": order,
                "event": event,
                "amount": amount,
                "still_due": balance if balance.amount > 0 else None,
                "is_settled": balance.amount == 0,
                "attachments": (attachments := _attach_receipt(payment)),
            },
            language=order.language,
            message_key=f"payment-received-{payment.pk}",
            accent=event.accent,
            reply_to=event.contact_email,
            attachments=attachments,
        )


def _attach_receipt(payment: Payment) -> list[MailAttachment]:
    """Return the receipt as an attachment; none where no receipt can be made, as without an issuer."""
    try:
        content = render_receipt_pdf(payment)
    except ConventionError:
        return []
    name = f"{_('receipt')}-{payment.receivable.reference}-{payment.pk}.pdf"
    return [MailAttachment(name=name, content=content, mimetype=PDF_TYPE)]
