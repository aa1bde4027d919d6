"""Send a visitor list to the host's security: a link that expires, never the names themselves."""

import datetime
import hashlib
import secrets

from django.conf import settings
from django.db import transaction
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import Closed, InvalidFields
from convention.leases import leased
from convention.mail import Letter, Refused, send

from .contents import open_content
from .differences import in_words
from .make_list import refuse_if_not_the_time
from .models import Application, Visit, VisitorList
from .tell_host import tell_of_list
from .visitors import visitors_of

LINK_LASTS = datetime.timedelta(days=14)


def hash_token(token: str) -> str:
    """What is kept of a link: SHA-256, as hexadecimal."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def send_list(*, visitor_list: VisitorList, language: str = "fr") -> VisitorList:
    """Queue the mail to the security contact; links of this and of earlier versions open nothing from now on.

    Sending again makes a new link. Raises Closed, also for a version that a newer one replaced or that names
    somebody who may not stand on it any more, and InvalidFields where nobody is named who gets it.
    """
    visits = Visit.objects.select_related("event").select_for_update(of=("self",))
    visit = visits.get(pk=visitor_list.visit_id)
    refuse_if_not_the_time(visit)
    latest = visit.lists.order_by("-number").first()
    if latest is None or latest.pk != visitor_list.pk:
        raise Closed(_("A newer version of this list was made: send that one."))
    if names_who_left(visit, latest):
        raise Closed(_("Somebody on this version may not be on it any more: make the next version."))
    if not visit.security_email:
        raise InvalidFields(
            _("Name the host’s security contact first."),
            {"security_email": [_("Write who gets the list, with an address.")]},
        )
    now = timezone.now()
    end_links(visit, at=now)
    latest.asked_at, latest.sent_to, latest.language = now, visit.security_email, language
    latest.link_hash, latest.link_expires_at = "", None
    latest.save(update_fields=["asked_at", "sent_to", "language", "link_hash", "link_expires_at"])
    record("visitor_list.send", latest, event=visit.event, fields=["sent_to"])
    mail_list.enqueue(latest.pk)
    return latest


def end_links(visit: Visit, *, at: datetime.datetime) -> None:
    """Links that went out open nothing more, and mails that wait for the mail server go out no more."""
    visit.lists.exclude(link_hash="").update(link_hash="", link_expires_at=at)
    visit.lists.exclude(asked_at=None).update(asked_at=None)


def is_too_late(visit: Visit) -> bool:
    """Whether no list is sent any more, or none for now."""
    try:
        refuse_if_not_the_time(visit)
    except Closed:
        return True
    return False


def names_who_left(visit: Visit, row: VisitorList) -> bool:
    """Whether somebody on this version left, was vetoed or lacks something since it was made."""
    ready = {one.pk for one in visitors_of(visit).ready}
    return any(one["key"] not in ready for one in open_content(row).rows)


@transaction.atomic
def revoke_link(*, visitor_list: VisitorList) -> None:
    """End the link at once, such as after it went to the wrong address."""
    VisitorList.objects.filter(pk=visitor_list.pk).update(
        link_hash="", link_expires_at=timezone.now(), asked_at=None
    )
    record("visitor_list.revoke", visitor_list, event=visitor_list.visit.event, fields=["link"])


@task()
def mail_list(list_id: int) -> None:
    """Send the mail with a link made now, unless it went out, was revoked or is stale. Raises NotSent."""
    with leased(f"visitor-list:{list_id}"):
        row = VisitorList.objects.select_related("visit__event__host").get(pk=list_id)
        if not row.is_under_way or is_too_late(row.visit):
            return
        same = VisitorList.objects.filter(pk=list_id, asked_at=row.asked_at)
        if names_who_left(row.visit, row):
            same.update(asked_at=None)
            return
        token = secrets.token_urlsafe(32)
        now = timezone.now()
        row.link_hash = hash_token(token)
        row.link_expires_at = min(now + LINK_LASTS, row.visit.event.ends_at)
        same.update(link_hash=row.link_hash, link_expires_at=row.link_expires_at)
        try:
            send(letter_for(row, token))
        except Refused:
            same.update(refused_at=timezone.now(), link_hash="")
            return
        if same.update(sent_at=timezone.now(), refused_at=None):
            _note_sent(row)


def _note_sent(row: VisitorList) -> None:
    """The visit is at its next state, so is everybody who stands on this version; the contacts are told."""
    now = timezone.now()
    Visit.objects.filter(pk=row.visit_id, sent_at=None).update(sent_at=now)
    listed = [one["key"] for one in open_content(row).rows]
    theirs = Application.objects.filter(visit=row.visit_id)
    theirs.filter(pk__in=listed, listed_at=None).update(listed_at=now)
    theirs.exclude(pk__in=listed).filter(listed_at__isnull=False).update(listed_at=None)
    for contact in row.visit.host_contacts.open().exclude(email__iexact=row.sent_to):
        tell_of_list.enqueue(contact.pk, row.pk)


def letter_for(row: VisitorList, token: str) -> Letter:
    """The mail: which visit, how many, what changed in numbers, and the link; no visitor's name.

    Each link has a key of its own: where one mail was sent twice, the later link is the one that opens.
    """
    visit = row.visit
    with translation.override(row.language):
        path = reverse("host-list", args=[token])
        subject = _("Visitors on %(day)s: list, version %(number)d") % {
            "day": visit.day.isoformat(), "number": row.number,
        }  # fmt: skip
        changes = in_words(added=row.added, removed=row.removed, changed=row.changed)
    is_first = not row.visit.lists.filter(sent_at__isnull=False, number__lt=row.number).exists()
    return Letter(
        to=row.sent_to,
        subject=subject,
        template="visitor_list",
        context={
            "event": visit.event,
            "list": row,
            "name": visit.security_name,
            "changes": "" if is_first else changes,
            "url": f"{settings.SITE_URL}{path}",
        },
        language=row.language,
        key=f"visitor-list-{row.pk}-{row.link_hash[:16]}",
        accent=visit.event.accent,
        reply_to=visit.event.contact_email,
    )
