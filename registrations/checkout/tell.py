"""Tell a buyer what happened to their money, where it is not what they expect."""

from django.conf import settings
from django.tasks import task
from django.utils import translation
from django.utils.translation import gettext as _

from convention.mail import Letter, Refused, send
from convention.money import Money
from registrations.invoices.balance import balance_of
from registrations.invoices.models import Receivable
from registrations.models import Order


@task()
def tell_unplaced(order_id: int) -> None:
    """A payment came when its places were gone: the buyer reads that the money for them goes back."""
    order = Order.objects.select_related("event").get(pk=order_id)
    receivable = Receivable.objects.filter(reference=order.reference).first()
    kept = Money(balance_of(receivable).too_much if receivable else 0, order.currency)
    if not order.email or kept.amount <= 0:
        return
    with translation.override(order.language):
        letter = Letter(
            to=order.email,
            subject=_("Payment received, but no place is left: %(event)s") % {"event": order.event.title},
            template="unplaced",
            context={
                "order": order,
                "event": order.event,
                "kept": kept,
                "has_places": order.registrations.confirmed().exists(),
                "site": settings.SITE_NAME,
            },
            language=order.language,
            key=f"unplaced-{order.reference}-{kept.amount}",
            accent=order.event.accent,
            reply_to=order.event.contact_email,
        )
    try:
        send(letter)
    except Refused:
        return  # the treasurer sees the payment all the same
