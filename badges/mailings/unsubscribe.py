"""Unsubscribe from news, and subscribe again: by the link in a mail, or on the privacy page."""

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.codes.secret_keys import UnreadableToken, decrypt_token, encrypt_token
from convention.errors import NotFound
from convention.events.models import Event
from convention.text.email_addresses import normalize_email

from .models import Recipient, Unsubscription

PURPOSE = "mailings.unsubscribe"
# Recipient id in the links of test mails, which must not unsubscribe anybody.
TEST_RECIPIENT_ID = 0


@dataclass(frozen=True)
class LinkHolder:
    """The normalized address in a link, and the recipient id of its mail (0 for a test mail)."""

    recipient_id: int
    address: str


def make_unsubscribe_url(*, recipient_id: int, address: str, language: str) -> str:
    # Encrypted, not only signed: links end up in logs, and the token contains an address.
    token = encrypt_token(PURPOSE, [recipient_id, normalize_email(address)])
    with translation.override(language):
        return f"{settings.SITE_URL}{reverse('unsubscribe', args=[token])}"


def read_unsubscribe_token(token: str) -> LinkHolder:
    """Return the address and recipient in the token. Raise NotFound for a forged one."""
    try:
        recipient, address = decrypt_token(PURPOSE, token)
    except UnreadableToken as error:
        raise NotFound(
            _("This link is not valid: it may be incomplete. Copy the whole link from the e-mail.")
        ) from error
    return LinkHolder(recipient, address)


@transaction.atomic
def unsubscribe_from_news(*, link_holder: LinkHolder) -> None:
    """Unsubscribe the address; a second call changes nothing, nor does the link of a test mail."""
    if link_holder.recipient_id == TEST_RECIPIENT_ID:
        return
    # The recipient may have been deleted with its event; the address in the token is enough.
    recipient = Recipient.objects.select_related("mailing__event").filter(pk=link_holder.recipient_id).first()
    if recipient and recipient.unsubscribed_at is None:
        recipient.unsubscribed_at = timezone.now()
        recipient.save(update_fields=["unsubscribed_at"])
    unsubscribe_address(address=link_holder.address, event=recipient.mailing.event if recipient else None)


@transaction.atomic
def resubscribe_to_news(*, link_holder: LinkHolder) -> None:
    """Undo `unsubscribe_from_news`; nothing happens for the link of a test mail."""
    if link_holder.recipient_id == TEST_RECIPIENT_ID:
        return
    Recipient.objects.filter(pk=link_holder.recipient_id).update(unsubscribed_at=None)
    subscribe_address(address=link_holder.address)


@transaction.atomic
def unsubscribe_address(*, address: str, event: Event | None = None) -> None:
    """Unsubscribe a normalized address; a second call changes nothing. `event` goes into the audit trail."""
    row, is_new = Unsubscription.objects.get_or_create(email=address)
    if is_new:
        record_action("news.unsubscribe", row, event=event)


@transaction.atomic
def subscribe_address(*, address: str) -> None:
    row = Unsubscription.objects.filter(email=address).first()
    if row:
        record_action("news.subscribe", row)
        row.delete()


def is_subscribed(link_holder: LinkHolder) -> bool:
    return not Unsubscription.objects.filter(email=link_holder.address).exists()
