"""Validate the XML of a new document, and render and store its Factur-X PDF once."""

from django.db import IntegrityError, transaction
from django.tasks import task

from convention.mail.messages import MailAttachment
from convention.tables.downloads import PDF_TYPE
from convention.tasks.queue_names import DOCUMENT_QUEUE
from registrations.invoices.models import Invoice, InvoicePdf

from .cii_xml import render_cii, require_valid_cii
from .facturx import render_facturx_pdf


def finalize_document(document: Invoice) -> Invoice:
    """Raise InvalidInvoice for an invalid document; otherwise queue its PDF and return it.

    It runs in the issuing transaction, so that an invalid document is never stored.
    """
    # Before the commit: a document that no program can read must not use up a number.
    require_valid_cii(render_cii(document))
    # Rendering takes a second; the buyer's request does not wait for it.
    archive_invoice_pdf.enqueue(document.pk)
    return document


@task(queue_name=DOCUMENT_QUEUE)
def archive_invoice_pdf(invoice_id: int) -> None:
    """Render and store the PDF of an issued document."""
    get_invoice_pdf(Invoice.objects.get(pk=invoice_id))


def get_invoice_pdf(document: Invoice) -> bytes:
    """Return the stored PDF, rendering it first if needed; the bytes never change afterwards."""
    # Rendered once and stored: a later release of the program would draw it differently.
    invoice_pdf = InvoicePdf.objects.filter(invoice=document).first()
    if invoice_pdf is None:
        invoice_pdf = store_invoice_pdf(document, render_facturx_pdf(document))
    return bytes(invoice_pdf.content)


def build_invoice_attachment(document: Invoice) -> MailAttachment:
    """Return the PDF as an attachment of an e-mail."""
    return MailAttachment(
        # Numbers may contain slashes, which file names may not.
        name=f"{document.number.replace('/', '-')}.pdf",
        content=get_invoice_pdf(document),
        mimetype=PDF_TYPE,
    )


def store_invoice_pdf(document: Invoice, content: bytes) -> InvoicePdf:
    """Store the PDF; if another process stored one first, return that one."""
    try:
        with transaction.atomic():
            return InvoicePdf.objects.create(invoice=document, content=content)
    # A worker and a download may render at once; the first one stored is the archived one.
    except IntegrityError:
        return InvoicePdf.objects.get(invoice=document)
