"""Confirm an address by a mailed link before a request to erase its data is sent to the club.

A link to an order does not prove that its holder reads the address: behind it, any other can be entered.
"""

import datetime

from django.conf import settings
from django.tasks import TaskContext, task
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from convention.codes.secret_keys import ExpiredToken, UnreadableToken, decrypt_token, encrypt_token
from convention.errors import LinkExpired, NotFound
from convention.events.models import Event
from convention.mail.messages import MailMessage, send_or_log
from registrations.models import Order, Registration
from registrations.permissions import LinkAccess

LINK_PURPOSE = "registrations.orders.erasure"
LINK_VALIDITY = datetime.timedelta(days=3)


def queue_erasure_confirmation(link_access: LinkAccess) -> None:
    """Queue the mail that lets the owner of `reader_address` confirm the request, in the active language."""
    # By id, because queued tasks must not store addresses.
    registration_id = None if link_access.is_full else link_access.registrations[0].pk
    language = translation.get_language() or link_access.order.language
    send_erasure_confirmation.enqueue(link_access.order.pk, registration_id, language=language)


@task(takes_context=True)
def send_erasure_confirmation(
    context: TaskContext, order_id: int, registration_id: int | None, *, language: str
) -> None:
    """Mail the link to the attendee, or to the buyer without a registration; to nobody without an address."""
    order = Order.objects.select_related("event").get(pk=order_id)
    address = Registration.objects.get(pk=registration_id).email if registration_id else order.email
    if address:
        key = f"erasure-{context.task_result.id}"
        send_or_log(_build_message(address, order.event, language=language, message_key=key))


def _build_message(address: str, event: Event, *, language: str, message_key: str) -> MailMessage:
    with translation.override(language):
        path = reverse("confirm-erasure", args=[make_erasure_token(address)])
        subject = _("Confirm your erasure request")
        mail_context = {
            "heading": subject,
            "opening": _(
                "You asked, from a registration for “%(event)s”, for the data of this address to be erased. "
                "Confirm the request and the club will answer within one month."
            )
            % {"event": event.title},
            "label": _("Confirm the request"),
            "url": f"{settings.SITE_URL}{path}",
            "closing": _(
                "The link works for %(days)d days. If you didn’t ask for this, ignore this e-mail: nothing "
                "will be erased."
            )
            % {"days": LINK_VALIDITY.days},
        }
    return MailMessage(
        to=address,
        subject=subject,
        template="account",
        context=mail_context,
        language=language,
        message_key=message_key,
        accent=event.accent,
        reply_to=event.contact_email,
    )


def make_erasure_token(address: str) -> str:
    """Return the encrypted token for the mailed link; it may be sent to this address only."""
    return encrypt_token(LINK_PURPOSE, address)


def read_erasure_token(token: str) -> str:
    """Return the address that the link was mailed to. Raise LinkExpired or NotFound."""
    try:
        return str(decrypt_token(LINK_PURPOSE, token, max_age=LINK_VALIDITY))
    except ExpiredToken as error:
        raise LinkExpired(_("This link has expired. Ask again from your registration’s page.")) from error
    except UnreadableToken as error:
        raise NotFound(
            _("This link is not valid: it may be incomplete. Copy the whole link from the e-mail.")
        ) from error
