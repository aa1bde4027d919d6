"""Unsubscribe: whoever holds a mail's link wants no news any more; and wants them again."""

from django.db import transaction
from django.utils import timezone

from convention.audit.record import record

from .models import Recipient, Unsubscription
from .tokens import OF_NOBODY, Bearer


@transaction.atomic
def unsubscribe(*, bearer: Bearer) -> None:
    """No news to this address from now on; twice changes nothing, and the link of a test mail never does."""
    if bearer.recipient == OF_NOBODY:
        return
    row, is_new = Unsubscription.objects.get_or_create(email=bearer.address)
    recipient = Recipient.objects.select_related("mailing__event").filter(pk=bearer.recipient).first()
    if recipient and recipient.unsubscribed_at is None:
        recipient.unsubscribed_at = timezone.now()
        recipient.save(update_fields=["unsubscribed_at"])
    if is_new:
        record("news.unsubscribe", row, event=recipient.mailing.event if recipient else None)


@transaction.atomic
def subscribe_again(*, bearer: Bearer) -> None:
    """News to this address again."""
    row = Unsubscription.objects.filter(email=bearer.address).first()
    if row is None or bearer.recipient == OF_NOBODY:
        return
    Recipient.objects.filter(pk=bearer.recipient).update(unsubscribed_at=None)
    record("news.subscribe", row)
    row.delete()


def wants_news(bearer: Bearer) -> bool:
    """Whether this address still gets them."""
    return not Unsubscription.objects.filter(email=bearer.address).exists()
