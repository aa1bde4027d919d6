"""Send a visitor list to the host's security: a link that expires, never names."""

import datetime
import secrets

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.db.leases import hold_lease
from convention.errors import InvalidFields, NotOpenNow
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from convention.text.dates import format_date
from registrations.visits.hosts.notifications import describe_unlisted_visitors, notify_contact_of_list
from registrations.visits.identity.purge import compute_purge_time
from registrations.visits.models import Application, HostContact, Visit, VisitorList
from registrations.visits.models.identities import hash_token

from .contents import decrypt_content
from .create import check_list_allowed
from .differences import describe_differences
from .visitors import count_unlisted_visitors, find_list_readiness

# The last minute, not midnight: readers would take midnight of the next day for one more day.
END_OF_DAY = datetime.time(23, 59)


@transaction.atomic
def send_list(
    *, visitor_list: VisitorList, language: str = "fr", valid_until: datetime.date | None = None
) -> VisitorList:
    """Queue the mail to the security contact; earlier links stop working.

    Sending again creates a new link. It works until the end of the day `valid_until`, by default and at most
    until the names are deleted. Raise NotOpenNow, also if a newer version exists or somebody on this one may
    not be on it any more, and InvalidFields for a bad day or without a security contact.
    """
    visits = Visit.objects.select_related("event").select_for_update(of=("self",))
    visit = visits.get(pk=visitor_list.visit_id)
    check_list_allowed(visit)
    latest = visit.lists.order_by("-number").first()
    if latest is None or latest.pk != visitor_list.pk:
        raise NotOpenNow(_("There is a newer version of this list. Send that one."))
    if has_outdated_rows(visit, latest):
        raise NotOpenNow(describe_outdated_rows())
    if not visit.security_email:
        raise InvalidFields(
            _("Enter the host’s security contact first."),
            {"security_email": [_("Enter the name and e-mail address of the person who receives the list.")]},
        )
    now = timezone.now()
    expires_at = compute_link_expiry(visit, valid_until, at=now)
    # At most one link opens a list: the host must never work with an older version.
    revoke_all_links(visit, at=now)
    latest.send_requested_at, latest.sent_to, latest.language = now, visit.security_email, language
    # The UPDATE above did not change this instance.
    latest.link_hash, latest.link_expires_at = "", expires_at
    latest.save(update_fields=["send_requested_at", "sent_to", "language", "link_hash", "link_expires_at"])
    record_action("visitor_list.send", latest, event=visit.event, fields=["sent_to"])
    send_list_mail.enqueue(latest.pk)
    return latest


def compute_link_expiry(
    visit: Visit, last_day: datetime.date | None, *, at: datetime.datetime
) -> datetime.datetime:
    """Return when a link that works until the end of `last_day` expires. Raise InvalidFields."""
    purge_time = compute_purge_time(visit)
    if last_day is None:
        return purge_time
    zone = visit.event.zone
    if not at.astimezone(zone).date() <= last_day <= purge_time.astimezone(zone).date():
        sentence = _("Choose a day between today and %(day)s, when the visitors’ details are deleted.") % {
            "day": format_date(purge_time.astimezone(zone).date())
        }
        raise InvalidFields(sentence, {"valid_until": [sentence]})
    return min(datetime.datetime.combine(last_day, END_OF_DAY, zone), purge_time)


def revoke_all_links(visit: Visit, *, at: datetime.datetime) -> None:
    """Revoke all links of a visit and cancel mails that have not been sent yet."""
    visit.lists.exclude(link_hash="").update(link_hash="", link_expires_at=at)
    visit.lists.exclude(send_requested_at=None).update(send_requested_at=None)


def is_list_too_late(visit: Visit) -> bool:
    try:
        check_list_allowed(visit)
    except NotOpenNow:
        return True
    return False


def is_link_expired(visitor_list: VisitorList) -> bool:
    """Return whether the link to mail would have expired already."""
    return visitor_list.link_expires_at is None or visitor_list.link_expires_at <= timezone.now()


def has_outdated_rows(visit: Visit, visitor_list: VisitorList) -> bool:
    """Return whether somebody on this version left, was vetoed or is incomplete by now."""
    ready = {application.pk for application in find_list_readiness(visit).ready}
    # Decrypted without a record: nobody reads it, and only the ids are used.
    return any(row["key"] not in ready for row in decrypt_content(visitor_list).rows)


def describe_outdated_rows() -> str:
    """Return why a version with outdated rows cannot be sent."""
    return _("Someone on this version is no longer allowed on the list. Create the next version.")


@transaction.atomic
def revoke_link(*, visitor_list: VisitorList) -> None:
    """Revoke the link of one version, for example after it went to a wrong address."""
    VisitorList.objects.filter(pk=visitor_list.pk).update(
        link_hash="", link_expires_at=timezone.now(), send_requested_at=None
    )
    record_action("visitor_list.revoke", visitor_list, event=visitor_list.visit.event, fields=["link"])


@task()
def send_list_mail(list_id: int) -> None:
    """Send the mail with a new link, unless it was sent, revoked or is outdated. Raise MailNotSent."""
    with hold_lease(f"visitor-list:{list_id}"):
        visitor_list = VisitorList.objects.select_related("visit__event__host").get(pk=list_id)
        if not visitor_list.is_being_sent or is_list_too_late(visitor_list.visit):
            return
        # Updates only apply if nobody has revoked or re-sent the list while this task ran.
        unchanged = VisitorList.objects.filter(pk=list_id, send_requested_at=visitor_list.send_requested_at)
        # Checked again at the moment of sending: somebody may have withdrawn while the mail was queued.
        if is_link_expired(visitor_list) or has_outdated_rows(visitor_list.visit, visitor_list):
            unchanged.update(send_requested_at=None)
            return
        # The link is made here, not when queuing: the queue would store the token in clear.
        token = secrets.token_urlsafe(32)
        visitor_list.link_hash = hash_token(token)
        # Stored before sending: a crash in between leaves an unused hash, not a mailed link that opens
        # nothing.
        if not unchanged.update(link_hash=visitor_list.link_hash):
            return
        try:
            send_mail_message(build_list_message(visitor_list, token))
        except MailRefused:
            unchanged.update(refused_at=timezone.now(), link_hash="")
            return
        if unchanged.update(sent_at=timezone.now(), refused_at=None):
            _record_sent(visitor_list)


def _record_sent(visitor_list: VisitorList) -> None:
    """Record that the list was sent: on the visit, on its applications, and by mail to other contacts."""
    now = timezone.now()
    # The first sending is the step in the life of the visit; later versions leave its date.
    Visit.objects.filter(pk=visitor_list.visit_id, sent_at=None).update(sent_at=now)
    listed_ids = [row["key"] for row in decrypt_content(visitor_list).rows]
    applications = Application.objects.filter(visit=visitor_list.visit_id)
    applications.filter(pk__in=listed_ids, listed_at=None).update(listed_at=now)
    # `listed_at` follows the latest list that the host has.
    applications.exclude(pk__in=listed_ids).filter(listed_at__isnull=False).update(listed_at=None)
    # For the others nothing is new if this version was sent before; only its link is.
    if visitor_list.sent_at:
        return
    unlisted_count = count_unlisted_visitors(visitor_list.visit)
    for contact in select_other_contacts(visitor_list.visit, link_recipient=visitor_list.sent_to):
        notify_contact_of_list.enqueue(contact.pk, visitor_list.pk, unlisted_count)


def select_other_contacts(visit: Visit, *, link_recipient: str) -> QuerySet[HostContact]:
    """Return the host's contacts who are mailed about a new version without its link."""
    # The recipient of the link needs no second mail.
    return visit.host_contacts.active().exclude(email__iexact=link_recipient)


def build_list_message(visitor_list: VisitorList, token: str) -> MailMessage:
    """Return the mail with counts, changes and the link; it contains no visitor's name.

    The message key contains the link's hash: if a mail is sent twice, the later link works.
    """
    visit = visitor_list.visit
    with translation.override(visitor_list.language):
        path = reverse("host-list", args=[token])
        subject = _("Visitor list for %(visit)s, %(day)s, version %(number)d") % {
            "visit": visit.event.title[:100], "day": format_date(visit.day), "number": visitor_list.number,
        }  # fmt: skip
        changes = describe_differences(
            added=visitor_list.added, removed=visitor_list.removed, changed=visitor_list.changed
        )
        # Not `count_unlisted_visitors`: `listed_at` still follows the version sent before.
        unlisted = describe_unlisted_visitors(len(find_list_readiness(visit).missing))
    is_first = not visitor_list.visit.lists.filter(
        sent_at__isnull=False, number__lt=visitor_list.number
    ).exists()
    return MailMessage(
        to=visitor_list.sent_to,
        subject=subject,
        template="visitor_list",
        context={
            "event": visit.event,
            "list": visitor_list,
            "name": visit.security_name,
            "changes": "" if is_first else changes,
            "unlisted": unlisted,
            "url": f"{settings.SITE_URL}{path}",
        },
        language=visitor_list.language,
        message_key=f"visitor-list-{visitor_list.pk}-{visitor_list.link_hash[:16]}",
        accent=visit.event.accent,
        reply_to=visit.event.contact_email,
    )
