"""How someone at the host's signs in: a mailed link, good once and for half an hour."""

import datetime
import secrets

from django.conf import settings
from django.db import transaction
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.addresses import folded, having
from convention.api.throttles import spend
from convention.audit.record import record
from convention.errors import Expired
from convention.mail import Letter, Refused, send

from .models import HostContact, HostLink
from .send_list import hash_token

LINK_LASTS = datetime.timedelta(minutes=30)
LINKS_PER_HOUR = 6
HOUR = 3600


def contacts_with(email: str) -> list[HostContact]:
    """The open contacts with this address, the latest visit first; pages last as long as data are kept."""
    rows = HostContact.objects.open().select_related("visit__event")
    return having(rows.order_by("-visit__event__starts_at", "-pk"), email.strip())


def ask_for_link(*, email: str) -> None:
    """Queue a link for whoever has this address; nobody is told whether anybody has. Raises TooOften."""
    spend("host-link", folded(email.strip()), most=LINKS_PER_HOUR, seconds=HOUR)
    for contact in contacts_with(email)[:1]:
        mail_host_link.enqueue(contact.pk)


@task()
def mail_host_link(contact_id: int) -> None:
    """Make a link and mail it; what was made and never used lapses by itself. Raises NotSent."""
    contact = HostContact.objects.open().select_related("visit__event").filter(pk=contact_id).first()
    if contact is None:
        return
    token = secrets.token_urlsafe(32)
    expires = timezone.now() + LINK_LASTS
    link = HostLink.objects.create(contact=contact, hash=hash_token(token), expires_at=expires)
    try:
        send(letter_for(contact, link, token))
    except Refused:
        link.delete()


def letter_for(contact: HostContact, link: HostLink, token: str) -> Letter:
    """The mail with the link."""
    event = contact.visit.event
    with translation.override(contact.language):
        path = reverse("host-enter", args=[token])
        subject = _("Sign in: %(event)s") % {"event": event.title}
    return Letter(
        to=contact.email,
        subject=subject[:200],
        template="host_link",
        context={
            "event": event,
            "contact": contact,
            "minutes": int(LINK_LASTS.total_seconds() // 60),
            "url": f"{settings.SITE_URL}{path}",
        },
        language=contact.language,
        key=f"host-link-{link.pk}",
        accent=event.accent,
        reply_to=event.contact_email,
    )


@transaction.atomic
def use_link(*, token: str) -> HostContact:
    """The contact whom this link signs in, once. Raises Expired for one that is used, late or unknown."""
    links = HostLink.objects.filter(hash=hash_token(token), used_at=None, expires_at__gt=timezone.now())
    link = links.select_related("contact__visit__event").first()
    is_open = link and HostContact.objects.open().filter(pk=link.contact_id).exists()
    if not link or not is_open or not links.update(used_at=timezone.now()):
        raise Expired(_("This link was used already or has expired: ask for a new one below."))
    record("host_contact.sign_in", link.contact, event=link.contact.visit.event)
    return link.contact
