"""Withdraw a quotation, and tell its recipient."""

from django.conf import settings
from django.db import transaction
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.db.leases import hold_lease
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from registrations.invoices.models import Quotation
from registrations.pricing.quotation_prices import lock_quotation

from .send import QuotationNotOpen


@transaction.atomic
def withdraw_quotation(*, quotation: Quotation, reason: str) -> None:
    """End the validity of a quotation; orders placed from it stay. Its recipient is informed by e-mail.

    Raise QuotationNotOpen.
    """
    # Orders lock it too: none gets its prices after this.
    lock_quotation(quotation.number)
    quotation.refresh_from_db(fields=["withdrawn_at"])
    if not quotation.is_valid:
        raise QuotationNotOpen(_("This quotation was withdrawn before, or has expired."))
    quotation.withdrawn_at = timezone.now()
    # Not `save`, which refuses to change what was given: the document stays as it is.
    Quotation.objects.filter(pk=quotation.pk).update(withdrawn_at=quotation.withdrawn_at)
    record_action(
        "quotation.withdraw", quotation, event=quotation.event, fields=["withdrawn_at"], reason=reason[:300]
    )
    if quotation.buyer["email"]:
        send_withdrawal_mail.enqueue(quotation.pk)


@task()
def send_withdrawal_mail(quotation_id: int) -> None:
    """Send the notice of a withdrawal. Raise MailNotSent."""
    quotation = Quotation.objects.select_related("event").filter(pk=quotation_id).first()
    if quotation is None or not quotation.buyer["email"]:  # erased meanwhile
        return
    with hold_lease(f"quotation-withdrawal:{quotation.pk}"), translation.override(quotation.language):
        try:
            send_mail_message(_write_withdrawal_mail(quotation))
        except MailRefused:
            record_action("quotation.mail_refused", quotation, event=quotation.event)


def _write_withdrawal_mail(quotation: Quotation) -> MailMessage:
    event = quotation.event
    values = {"number": quotation.number, "subject": quotation.details["subject"]}
    return MailMessage(
        to=quotation.buyer["email"],
        subject=_("Quotation %(number)s withdrawn: %(subject)s") % values,
        template="quotation_withdrawn",
        context={
            "quotation": quotation,
            "url": f"{settings.SITE_URL}{reverse('quotation', args=[quotation.link_token])}",
        },
        language=quotation.language,
        message_key=f"quotation-withdrawn-{quotation.pk}",
        accent=event.accent if event else "",
        # Without an event's contact, as after the event was removed, the seller answers.
        reply_to=(event.contact_email if event else "") or quotation.seller["email"],
    )
