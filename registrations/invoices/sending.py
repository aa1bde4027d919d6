"""Invoices by e-mail: each document goes to its buyer with the PDF, once or again."""

from typing import Final

from django.conf import settings
from django.db import transaction
from django.tasks import task
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from convention.audit.record import record_action
from convention.db.leases import hold_lease
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from convention.tasks.queue_names import MAIL_QUEUE
from convention.text.dates import format_date

from .documents.invoiced_balance import InvoiceSettlement, compute_settlement, load_invoiced_balance
from .documents.pdf_archive import build_invoice_attachment
from .formatting import format_cents, format_iban, format_transfer_reference
from .models import Invoice, InvoiceMail, Issuer, Receivable

# For one run of the periodic job; the next run continues.
SEND_BATCH_SIZE: Final = 500


@transaction.atomic
def queue_invoice_mail(*, invoice: Invoice) -> InvoiceMail | None:
    """Queue the e-mail of a document; return None if its buyer has no address.

    An e-mail that is still to be sent is returned, and no other is created.
    """
    if not invoice.receivable.email:
        return None
    # Locked, so that two clicks, or a click and the periodic job, create one e-mail only.
    Invoice.objects.select_for_update(of=("self",)).get(pk=invoice.pk)
    invoice_mail = invoice.mails.filter(sent_at__isnull=True, refused_at__isnull=True).first()
    if invoice_mail is None:
        invoice_mail = InvoiceMail.objects.create(invoice=invoice)
        record_action("invoice.send", invoice, event=invoice.receivable.event)
    # Also for one that waits: its earlier task may have given up, and a second task sends nothing twice.
    send_invoice_mail.enqueue(invoice_mail.pk)
    return invoice_mail


def is_sent_automatically(receivable: Receivable) -> bool:
    """Return whether the buyer's new documents are e-mailed without the treasurer."""
    issuer = Issuer.get_current()
    return issuer is not None and issuer.sends_since is not None and bool(receivable.email)


def queue_automatic_mail(*, invoice: Invoice) -> InvoiceMail | None:
    """Queue the e-mail of a new document if it is sent automatically; return None if it is not.

    For documents that a person issues: their page says so at once. The periodic job finds all others.
    """
    return queue_invoice_mail(invoice=invoice) if is_sent_automatically(invoice.receivable) else None


def queue_new_invoice_mails() -> None:
    """Queue the e-mails of documents issued since sending was chosen. A periodic job."""
    issuer = Issuer.get_current()
    if issuer is None or issuer.sends_since is None:
        return
    rows = Invoice.objects.filter(created_at__gte=issuer.sends_since, mails__isnull=True)
    rows = rows.exclude(receivable__email="")
    for invoice in rows.select_related("receivable__event").order_by("pk")[:SEND_BATCH_SIZE]:
        queue_invoice_mail(invoice=invoice)


@task(queue_name=MAIL_QUEUE)
def send_invoice_mail(mail_id: int) -> None:
    """Send one e-mail, unless it was sent or refused already. Raise MailNotSent."""
    # A lease, no transaction: a slow mail server must not block what others write.
    with hold_lease(f"invoice-mail:{mail_id}"):
        rows = InvoiceMail.objects.select_related("invoice__receivable__event")
        invoice_mail = rows.filter(pk=mail_id).first()
        if invoice_mail is None or invoice_mail.sent_at or invoice_mail.refused_at:
            return
        # The buyer may have been erased meanwhile.
        if not invoice_mail.invoice.receivable.email:
            return
        try:
            send_mail_message(build_invoice_message(invoice_mail))
        # The address is wrong: the treasurer sees it beside the document.
        except MailRefused:
            _store_refusal(invoice_mail)
        else:
            invoice_mail.sent_at = timezone.now()
            invoice_mail.save(update_fields=["sent_at"])


@transaction.atomic
def _store_refusal(invoice_mail: InvoiceMail) -> None:
    invoice_mail.refused_at = timezone.now()
    invoice_mail.save(update_fields=["refused_at"])
    invoice = invoice_mail.invoice
    record_action("invoice.send_refused", invoice, event=invoice.receivable.event)


def build_invoice_message(invoice_mail: InvoiceMail) -> MailMessage:
    """Return the e-mail with the document attached, in the document's language."""
    invoice = invoice_mail.invoice
    with translation.override(invoice.language):
        # Today's, not the amounts printed at issue: the buyer may have paid since, or got a credit note.
        settlement = None if invoice.is_credit_note else compute_settlement(invoice)
        due_cents = settlement.unpaid_cents if settlement else 0
        claim = settlement if settlement and is_claim(invoice, settlement) else None
        heading = describe_claim(invoice) if claim else describe_subject(invoice)
        return MailMessage(
            to=invoice.receivable.email,
            subject=heading,
            template="invoice",
            context={
                "document": invoice,
                "heading": heading,
                "total": format_cents(invoice.total, invoice.currency),
                "due": format_cents(due_cents, invoice.currency),
                "is_due": due_cents > 0,
                "is_credited": due_cents == 0 and is_credited(invoice),
                "claimed_amounts": list_claimed_amounts(invoice, claim) if claim else [],
                "is_late": invoice.due_on < timezone.localdate(),
                "due_on": format_date(invoice.due_on),
                "subject_text": invoice.details["subject"],
                "iban": format_iban(invoice.seller["iban"]),
                "reference": format_transfer_reference(invoice.details["reference"]),
                "event": invoice.receivable.event,
                "site": settings.SITE_URL,
            },
            language=invoice.language,
            message_key=f"invoice-{invoice.pk}-{invoice_mail.pk}",
            reply_to=invoice.seller["email"],
            attachments=[build_invoice_attachment(invoice)],
        )


def is_claim(invoice: Invoice, settlement: InvoiceSettlement) -> bool:
    """Return whether an e-mail with this invoice claims a balance: of a part, or late and sent before."""
    is_late = invoice.due_on < timezone.localdate()
    return settlement.unpaid_cents > 0 and (
        settlement.received_cents > 0 or (is_late and invoice.mails.filter(sent_at__isnull=False).exists())
    )


def list_claimed_amounts(invoice: Invoice, settlement: InvoiceSettlement) -> list[tuple[str, str]]:
    """Return how the balance of an invoice comes about, as (label, amount) pairs."""
    amounts = [
        (pgettext("claim", "Invoiced"), settlement.total_cents),
        (pgettext("claim", "Credited"), settlement.credited_cents),
        (pgettext("claim", "No longer due"), settlement.uncollected_cents),
        (pgettext("claim", "Received"), settlement.received_cents),
        (pgettext("claim", "Left to pay"), settlement.unpaid_cents),
    ]
    return [(label, format_cents(cents, invoice.currency)) for label, cents in amounts if cents]


def is_credited(invoice: Invoice) -> bool:
    """Return whether credit notes take back the whole invoice."""
    return invoice.credit_notes.exists() and load_invoiced_balance(invoice.receivable).amount_of(invoice) <= 0


def describe_claim(invoice: Invoice) -> str:
    """Return the subject of the e-mail that claims the balance of an invoice."""
    return _("Balance due on invoice %(number)s") % {"number": invoice.number}


def describe_subject(invoice: Invoice) -> str:
    """Return the subject of the e-mail, such as "Invoice F2026-000012" with what it is for."""
    kind = {
        Invoice.Kind.INVOICE: _("Invoice %(number)s"),
        Invoice.Kind.DEPOSIT: _("Deposit invoice %(number)s"),
        Invoice.Kind.CREDIT_NOTE: _("Credit note %(number)s"),
    }[Invoice.Kind(invoice.kind)] % {"number": invoice.number}
    subject = invoice.details["subject"]
    return f"{kind} · {subject}" if subject else kind
