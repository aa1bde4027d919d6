"""E-mail quotations to their recipients."""

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.db.leases import hold_lease
from convention.errors import ConventionError
from convention.mail.messages import MailAttachment, MailMessage, MailRefused, send_mail_message
from registrations.invoices.documents.quotation_pdf import render_quotation_pdf
from registrations.invoices.models.documents import Quotation


class QuotationWithoutAddress(ConventionError):
    kind = "no-address"
    status = 409


class QuotationNotOpen(ConventionError):
    """The quotation was withdrawn or has expired."""

    kind = "quotation-not-open"
    status = 409


def queue_quotation_mail(*, quotation: Quotation) -> str:
    """Queue the mail to the address the quotation was requested with, and return that address.

    Raise QuotationWithoutAddress, or QuotationNotOpen if it was withdrawn.
    """
    if quotation.withdrawn_at:
        raise QuotationNotOpen(_("This quotation was withdrawn."))
    address = str(quotation.buyer["email"])
    if not address:
        raise QuotationWithoutAddress(
            _("This quotation has no e-mail address. Download it and send it yourself.")
        )
    record_action("quotation.mail", quotation, event=quotation.event)
    send_quotation_mail.enqueue(quotation.pk, int(timezone.now().timestamp()))
    return address


@task()
def send_quotation_mail(quotation_id: int, requested_at: int) -> None:
    """Send the quotation. Raise MailNotSent.

    `requested_at` (Unix seconds) is part of the Message-ID, so a task that runs twice sends the same mail.
    """
    quotation = Quotation.objects.select_related("event").filter(pk=quotation_id).first()
    # Erased, removed at the end of its retention, or withdrawn meanwhile.
    if quotation is None or quotation.withdrawn_at:
        return
    with hold_lease(f"quotation:{quotation.pk}"), translation.override(quotation.language):
        try:
            send_mail_message(
                write_quotation_mail(quotation, message_key=f"quotation-{quotation.pk}-{requested_at}")
            )
        except MailRefused:
            record_action("quotation.mail_refused", quotation, event=quotation.event)


def write_quotation_mail(quotation: Quotation, *, message_key: str) -> MailMessage:
    """Return the mail in the active language."""
    event = quotation.event
    return MailMessage(
        to=quotation.buyer["email"],
        subject=_("Quotation %(number)s: %(subject)s")
        % {"number": quotation.number, "subject": quotation.details["subject"]},
        template="quotation",
        context={
            "quotation": quotation,
            "url": f"{settings.SITE_URL}{reverse('quotation', args=[quotation.link_token])}",
        },
        language=quotation.language,
        message_key=message_key,
        accent=event.accent if event else "",
        # Without an event's contact, as after the event was removed, the seller answers.
        reply_to=(event.contact_email if event else "") or quotation.seller["email"],
        attachments=[
            MailAttachment(
                name=f"{quotation.number.replace('/', '-')}.pdf",
                content=render_quotation_pdf(quotation),
                mimetype="application/pdf",
            )
        ],
    )
