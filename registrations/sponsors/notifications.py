"""Mail a sponsor the address of their page."""

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from convention.db.leases import hold_lease
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from registrations.billing.buyer_name import find_buyer_first_name
from registrations.models import Order, Sponsorship
from registrations.orders.payment_terms import build_payment_context


@task()
def notify_sponsor(sponsorship_id: int) -> None:
    """Send the mail. Raise MailNotSent. A repeated run sends the same Message-ID."""
    rows = Sponsorship.objects.select_related("order", "package", "event")
    sponsorship = rows.get(pk=sponsorship_id)
    # Read when the task runs: it may have been cancelled since it was queued.
    if not sponsorship.order.email or sponsorship.cancelled_at:
        return
    with hold_lease(f"sponsor:{sponsorship.pk}"), translation.override(sponsorship.order.language):
        try:
            send_mail_message(build_sponsor_message(sponsorship))
        except MailRefused:
            # Permanent: a retry would be refused too. Organizers see the address and can ask the sponsor.
            return


def build_sponsor_path(order: Order) -> str:
    """Return the path of the sponsor's page in the order's language."""
    with translation.override(order.language):
        return reverse("order-sponsor", args=[order.reference, order.manage_secret])


def build_sponsor_message(sponsorship: Sponsorship) -> MailMessage:
    """Return the mail in the active language."""
    return MailMessage(
        to=sponsorship.order.email,
        subject=_("Thank you for your support: %(event)s") % {"event": sponsorship.event.title},
        template="sponsor",
        recipient_name=find_buyer_first_name(sponsorship.order),
        context={
            "sponsorship": sponsorship,
            "event": sponsorship.event,
            "order": sponsorship.order,
            **build_payment_context(sponsorship.order),
            "url": f"{settings.SITE_URL}{build_sponsor_path(sponsorship.order)}",
        },
        language=sponsorship.order.language,
        message_key=f"sponsor-{sponsorship.order.reference.lower()}",
        accent=sponsorship.event.accent,
        reply_to=sponsorship.event.contact_email,
    )
