"""Sign-in of a host's contact by a mailed link, valid once and for half an hour."""

import datetime
import secrets

from django.conf import settings
from django.db import transaction
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.api.throttles import consume_rate_limit
from convention.audit.record import record_action
from convention.errors import LinkExpired
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from convention.text.email_addresses import filter_by_email, normalize_email
from registrations.visits.models import HostContact, HostLink
from registrations.visits.models.identities import hash_token

SIGN_IN_LINK_DURATION = datetime.timedelta(minutes=30)
# Counted by address: nobody can fill a contact's mailbox by typing it again and again.
MAX_LINKS_PER_HOUR = 6
HOUR_SECONDS = 3600


def list_contacts_by_email(email: str) -> list[HostContact]:
    """Return the active contacts with this address, the latest visit first."""
    rows = HostContact.objects.active().select_related("visit__event")
    return filter_by_email(rows.order_by("-visit__event__starts_at", "-pk"), email.strip())


def request_sign_in_link(*, email: str) -> None:
    """Queue a link if the address belongs to a contact; the caller never learns whether it does.

    Raise TooManyRequests.
    """
    consume_rate_limit(
        "host-link", normalize_email(email.strip()), limit=MAX_LINKS_PER_HOUR, window_seconds=HOUR_SECONDS
    )
    # One link signs in for all visits of the address, so the latest contact is enough.
    for contact in list_contacts_by_email(email)[:1]:
        send_sign_in_link.enqueue(contact.pk)


@task()
def send_sign_in_link(contact_id: int) -> None:
    """Create a link and mail it; only its hash is stored. Raise MailNotSent."""
    contact = HostContact.objects.active().select_related("visit__event").filter(pk=contact_id).first()
    if contact is None:
        return
    # Made by the task, so that the queue never stores it. 32 bytes cannot be guessed, so no salt is needed.
    token = secrets.token_urlsafe(32)
    expires = timezone.now() + SIGN_IN_LINK_DURATION
    # Only the hash is stored: a leaked backup signs nobody in.
    link = HostLink.objects.create(contact=contact, hash=hash_token(token), expires_at=expires)
    try:
        send_mail_message(build_sign_in_message(contact, link, token))
    except MailRefused:
        link.delete()


def build_sign_in_message(contact: HostContact, link: HostLink, token: str) -> MailMessage:
    event = contact.visit.event
    with translation.override(contact.language):
        path = reverse("host-sign-in", args=[token])
        subject = _("Your sign-in link: %(event)s") % {"event": event.title}
    return MailMessage(
        to=contact.email,
        subject=subject,
        template="host_link",
        context={
            "event": event,
            "contact": contact,
            "minutes": int(SIGN_IN_LINK_DURATION.total_seconds() // 60),
            "url": f"{settings.SITE_URL}{path}",
        },
        language=contact.language,
        message_key=f"host-link-{link.pk}",
        accent=event.accent,
        reply_to=event.contact_email,
    )


@transaction.atomic
def use_sign_in_link(*, token: str) -> HostContact:
    """Return the contact that this link signs in, and mark the link as used. Raise LinkExpired."""
    links = HostLink.objects.filter(hash=hash_token(token), used_at=None, expires_at__gt=timezone.now())
    link = links.select_related("contact__visit__event").first()
    if link and link.contact.ended_at is None and link.contact.visit.cancelled_at:
        raise LinkExpired(_("The visit was called off."))
    is_open = link and HostContact.objects.active().filter(pk=link.contact_id).exists()
    # The conditional update is what makes the link valid once: of two requests only one changes the row.
    if not link or not is_open or not links.update(used_at=timezone.now()):
        raise LinkExpired(_("This link has already been used or has expired. Request a new one below."))
    record_action("host_contact.sign_in", link.contact, event=link.contact.visit.event)
    return link.contact
