"""Confirm by mail what was changed since: seats and answers, in one mail for all that is changed at once.

Looked for every minute: a mail goes out when nothing was changed for a few minutes, so that somebody who
tries things out on a page gets one.
"""

import datetime
import logging

from django.db.models import Q
from django.tasks import task
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.leases import leased
from convention.mail import Letter, Refused, send

from .answers import told
from .models import Registration, RegistrationQuerySet
from .questions import questions_of
from .seats import seats_of
from .send_links import own_url

logger = logging.getLogger(__name__)

QUIET = datetime.timedelta(minutes=3)


def untold(*, at: datetime.datetime) -> RegistrationQuerySet:
    """Confirmed registrations of events to come that changed, and since then for some minutes did not."""
    rows: RegistrationQuerySet = Registration.objects.confirmed().filter(
        Q(changed_at__lte=at - QUIET), event__ends_at__gt=at
    )
    return rows


def changed_registrations() -> None:
    """Queue a mail for each of them."""
    for pk in untold(at=timezone.now()).order_by("pk").values_list("pk", flat=True):
        tell_changes.enqueue(pk)


@task()
def tell_changes(registration_id: int) -> None:
    """Send one holder how seats and answers stand now, if they were not told yet."""
    with leased(f"changes:{registration_id}"):
        rows = untold(at=timezone.now()).select_related("event__venue", "order", "ticket")
        holder = rows.filter(pk=registration_id).first()
        if holder is None:
            return
        if holder.email or holder.order.email:
            with translation.override(holder.order.language):
                _send(holder)
        Registration.objects.filter(pk=holder.pk, changed_at=holder.changed_at).update(changed_at=None)


def _send(holder: Registration) -> None:
    try:
        send(_letter(holder))
    except Refused:
        logger.warning("The mail server refused the mail about changes of %s.", holder.reference)


def _letter(holder: Registration) -> Letter:
    event = holder.event
    assert holder.changed_at is not None
    return Letter(
        to=holder.email or holder.order.email,
        subject=(_("Your changes: %(event)s") % {"event": event.title})[:200],
        template="changes",
        context={
            "registration": holder,
            "event": event,
            "sessions": [seat.session for seat in seats_of(holder)],
            "told": list(told(questions_of(event), holder.answers)),
            "url": own_url(holder),
        },
        language=holder.order.language,
        key=f"changes-{holder.reference}-{holder.changed_at:%Y%m%d%H%M%S%f}",
        accent=event.accent,
        reply_to=event.contact_email,
    )
