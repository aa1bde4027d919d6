"""Tell a sponsor by mail where their page is: logo, people, what is due."""

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from convention.leases import leased
from convention.mail import Letter, Refused, send

from ..models import Order, Sponsorship


@task()
def tell_sponsor(sponsorship_id: int) -> None:
    """Send the mail; sent again by a worker that was killed, it is the same mail. Raises NotSent."""
    rows = Sponsorship.objects.select_related("order", "package", "event")
    one = rows.get(pk=sponsorship_id)
    if not one.order.email or one.cancelled_at:
        return
    with leased(f"sponsor:{one.pk}"), translation.override(one.order.language):
        try:
            send(letter_to(one))
        except Refused:
            return  # the organizer's list shows the address


def sponsor_path(order: Order) -> str:
    """The sponsor's own page, in the order's language."""
    with translation.override(order.language):
        return reverse("order-sponsor", args=[order.reference, order.manage_secret])


def letter_to(one: Sponsorship) -> Letter:
    """The mail, in the language of the moment."""
    return Letter(
        to=one.order.email,
        subject=_("Thank you for your support: %(event)s") % {"event": one.event.title},
        template="sponsor",
        context={
            "sponsorship": one,
            "event": one.event,
            "order": one.order,
            "url": f"{settings.SITE_URL}{sponsor_path(one.order)}",
        },
        language=one.order.language,
        key=f"sponsor-{one.order.reference.lower()}",
        accent=one.event.accent,
        reply_to=one.event.contact_email,
    )
