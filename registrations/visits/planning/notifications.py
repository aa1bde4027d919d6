"""Notify interested members once that a date is set and they can apply."""

import logging

from django.conf import settings
from django.db import transaction
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.permissions import get_member_company
from convention.errors import NotOpenNow
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from convention.tasks.queue_names import MAIL_QUEUE
from registrations.orders.calendar import format_venue_address
from registrations.visits.models import Interest, Proposal, Visit

from .proposals import lock_proposal

logger = logging.getLogger(__name__)


@transaction.atomic
def notify_interested_members(*, proposal: Proposal) -> int:
    """Queue a mail to each interested member; return how many.

    Raise NotOpenNow if members cannot apply yet, or were notified already.
    """
    locked = lock_proposal(proposal)
    visit = Visit.objects.select_related("event").filter(proposal=locked).first()
    # Sent once: a mail about a visit that is not open yet would lead to a page that nobody can see.
    if visit is None or visit.state != Visit.State.PUBLISHED:
        raise NotOpenNow(_("Open the visit to members first, so that they can apply."))
    if locked.members_notified_at:
        raise NotOpenNow(_("Interested members have already been informed."))
    locked.members_notified_at = timezone.now()
    locked.save(update_fields=["members_notified_at"])
    interests = list(Interest.objects.filter(proposal=locked).values_list("pk", flat=True))
    for interest in interests:
        notify_interested_member.enqueue(interest)
    record_action("proposal.tell", locked, event=visit.event, fields=["members_notified_at"])
    return len(interests)


@task(queue_name=MAIL_QUEUE)
def notify_interested_member(interest_id: int) -> None:
    """Mail one interested person, if they are still a member and have an address."""
    rows = Interest.objects.select_related(
        "person", "proposal__visit__event__venue", "proposal__visit__event__host"
    )
    interest = rows.filter(pk=interest_id).first()
    visit = interest.proposal.visit if interest else None
    if interest is None or visit is None:
        return
    person, event = interest.person, visit.event
    # Membership may have ended since; visits are announced to members only.
    if not person.email or not person.is_active or get_member_company(person) is None:
        return
    with translation.override(person.language):
        message = MailMessage(
            to=person.email,
            subject=_("Date set for the visit: %(visit)s") % {"visit": event.title},
            template="visit_date_set",
            recipient_name=person.first_name,
            context={
                "event": event,
                "name": person.name,
                "where": format_venue_address(event),
                "closes_at": visit.applications_close_at,
                "url": f"{settings.SITE_URL}{reverse('visit', args=[event.slug])}",
            },
            language=person.language,
            message_key=f"visit-date-set-{interest.pk}-{visit.pk}",
            accent=event.accent,
            reply_to=event.contact_email,
        )
    try:
        send_mail_message(message)
    except MailRefused:
        logger.warning("The mail server refused the mail about the date of the visit %s.", visit.pk)
