"""Tell those who would have come that a date is set: once, when the visit is open to members."""

import logging

from django.conf import settings
from django.db import transaction
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.club.doors import member_company
from convention.errors import Closed
from convention.mail import Letter, Refused, send

from .models import Interest, Proposal, Visit
from .propose import locked_proposal

logger = logging.getLogger(__name__)


@transaction.atomic
def tell_interested(*, proposal: Proposal) -> int:
    """Queue a mail to each of them; how many. Raises Closed where members cannot apply, or it was done."""
    found = locked_proposal(proposal)
    visit = Visit.objects.select_related("event").filter(proposal=found).first()
    if visit is None or visit.state != Visit.State.PUBLISHED:
        raise Closed(_("Open the visit to members first: then those interested can apply."))
    if found.told_at:
        raise Closed(_("Those interested were told already."))
    found.told_at = timezone.now()
    found.save(update_fields=["told_at"])
    interests = list(Interest.objects.filter(proposal=found).values_list("pk", flat=True))
    for interest in interests:
        tell_one.enqueue(interest)
    record("proposal.tell", found, event=visit.event, fields=["told_at"])
    return len(interests)


@task()
def tell_one(interest_id: int) -> None:
    """Tell one, who is a member still and has an address."""
    rows = Interest.objects.select_related("person", "proposal__became__event__venue")
    interest = rows.filter(pk=interest_id).first()
    visit = interest.proposal.became if interest else None
    if interest is None or visit is None:
        return
    person, event = interest.person, visit.event
    if not person.email or not person.is_active or member_company(person) is None:
        return
    with translation.override(person.language):
        letter = Letter(
            to=person.email,
            subject=(_("A date is set: %(visit)s") % {"visit": event.title})[:200],
            template="visit_date_set",
            context={
                "event": event,
                "name": person.name,
                "url": f"{settings.SITE_URL}{reverse('visit', args=[event.slug])}",
            },
            language=person.language,
            key=f"visit-date-set-{interest.pk}",
            accent=event.accent,
            reply_to=event.contact_email,
        )
    try:
        send(letter)
    except Refused:
        logger.warning("The mail server refused to tell of the visit %s.", visit.pk)
