"""Mail a quotation to whom it was given, with its PDF and the link to its page."""

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import ConventionError
from convention.leases import leased
from convention.mail import Attachment, Letter, Refused, send

from .invoices.draw_offers import quotation_pdf
from .invoices.models import Quotation


class NoAddress(ConventionError):
    """Nobody said where it goes."""

    kind = "no-address"
    status = 409


def mail_quotation(*, quotation: Quotation) -> str:
    """Queue the mail to the address that it was asked with, and to no other; that address.

    Raises NoAddress where it was asked without one.
    """
    address = str(quotation.buyer["email"])
    if not address:
        raise NoAddress(_("This quotation has no address: download it and send it yourself."))
    record("quotation.mail", quotation, event=quotation.event)
    send_quotation.enqueue(quotation.pk, int(timezone.now().timestamp()))
    return address


@task()
def send_quotation(quotation_id: int, asked: int) -> None:
    """Send it; `asked` is the second in which somebody asked, by which a repeat is told. Raises NotSent."""
    quotation = Quotation.objects.select_related("event").filter(pk=quotation_id).first()
    if quotation is None:  # erased, or removed when its time was over
        return
    with leased(f"quotation:{quotation.pk}"), translation.override(quotation.language):
        try:
            send(letter_with(quotation, key=f"quotation-{quotation.pk}-{asked}"))
        except Refused:
            record("quotation.mail_refused", quotation, event=quotation.event)


def letter_with(quotation: Quotation, *, key: str) -> Letter:
    """The mail, in the language of the moment."""
    event = quotation.event
    return Letter(
        to=quotation.buyer["email"],
        subject=_("Quotation %(number)s: %(subject)s")
        % {"number": quotation.number, "subject": quotation.details["subject"]},
        template="quotation",
        context={
            "quotation": quotation,
            "url": f"{settings.SITE_URL}{reverse('quotation', args=[quotation.link_token])}",
        },
        language=quotation.language,
        key=key,
        accent=event.accent if event else "",
        reply_to=(event.contact_email if event else "") or quotation.seller["email"],
        attachments=[
            Attachment(
                name=f"{quotation.number.replace('/', '-')}.pdf",
                content=quotation_pdf(quotation),
                mimetype="application/pdf",
            )
        ],
    )
