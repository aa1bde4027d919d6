"""Remind visitors: a week and a day before of where to be and what to bring, then of their feedback.

Each visitor gets each of these once; a moment that passed long ago is left out.
"""

import datetime
import logging
from typing import Final

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.leases import leased
from convention.mail import Attachment, Letter, Refused, send

from .models import Application, DayMail, Leg, Visit
from .presence import were_there
from .ride_calendar import ride_calendar, rides_of

logger = logging.getLogger(__name__)

TOO_LATE: Final = datetime.timedelta(hours=24)
AFTER: Final = datetime.timedelta(hours=2)
LONGEST_BEFORE: Final = datetime.timedelta(days=7)


def remind_visitors() -> None:
    """Recurring work: queue what is due at the visits of these days."""
    now = timezone.now()
    soon = Visit.objects.standing().filter(
        event__starts_at__lt=now + LONGEST_BEFORE, event__ends_at__gt=now - AFTER - TOO_LATE
    )
    for visit in soon.filter(agreed_at__isnull=False).select_related("event"):
        for kind, at in moments(visit):
            if at <= now < at + TOO_LATE:
                _queue(visit, kind)


def moments(visit: Visit) -> list[tuple[DayMail.Kind, datetime.datetime]]:
    """When each mail is due, at the event's own hour."""
    event, kinds = visit.event, DayMail.Kind
    start = event.starts_at.astimezone(event.zone)
    return [
        (kinds.WEEK, start - LONGEST_BEFORE),
        (kinds.EVE, start - datetime.timedelta(days=1)),
        (kinds.AFTER, event.ends_at + AFTER),
    ]


def _queue(visit: Visit, kind: DayMail.Kind) -> None:
    if kind == DayMail.Kind.AFTER:
        people = were_there(visit)
    else:
        people = list(Application.objects.confirmed().filter(visit=visit))
    rows = [DayMail(application=one, kind=kind) for one in people]
    DayMail.objects.bulk_create(rows, ignore_conflicts=True)
    due = DayMail.objects.filter(application__visit=visit, kind=kind, sent_at__isnull=True)
    for pk in due.order_by("pk").values_list("pk", flat=True):
        send_day_mail.enqueue(pk)


@task()
def send_day_mail(mail_id: int) -> None:
    """Send one, unless it was sent or its visitor does not come any more."""
    rows = DayMail.objects.filter(sent_at__isnull=True, application__visit__cancelled_at__isnull=True)
    with leased(f"day-mail:{mail_id}"):
        mail = rows.select_related(
            "application__visit__event__venue", "application__registration__order"
        ).filter(pk=mail_id, application__in=Application.objects.confirmed()).first()  # fmt: skip
        if mail is None:
            return
        registration = mail.application.registration
        assert registration is not None
        with translation.override(registration.order.language):
            try:
                send(_letter(mail))
            except Refused:
                logger.warning("The mail server refused %s.", _key(mail))
        DayMail.objects.filter(pk=mail_id).update(sent_at=timezone.now())


def _letter(mail: DayMail) -> Letter:
    application = mail.application
    registration, visit, event = application.registration, application.visit, application.visit.event
    assert registration is not None
    is_after = mail.kind == DayMail.Kind.AFTER
    subject = _("Thank you for coming: %(event)s") if is_after else _("Your visit: %(event)s")
    page = reverse("visit-feedback" if is_after else "visit-rides", args=[event.slug])
    return Letter(
        to=registration.email or registration.order.email,
        subject=(subject % {"event": event.title})[:200],
        template="after_visit" if is_after else "before_visit",
        context={
            "event": event,
            "visit": visit,
            "registration": registration,
            "rides": rides_of(application),
            "may_choose": Leg.objects.filter(visit=visit).exists(),
            "url": settings.SITE_URL + page,
        },
        language=registration.order.language,
        key=_key(mail),
        accent=event.accent,
        reply_to=event.contact_email,
        attachments=() if is_after else (_calendar(application),),
    )


def _calendar(application: Application) -> Attachment:
    return Attachment(
        name=f"{application.visit.event.slug}.ics",
        content=ride_calendar(application),
        mimetype="text/calendar; method=PUBLISH; charset=utf-8",
    )


def _key(mail: DayMail) -> str:
    return f"visit-{mail.kind}-{mail.pk}"
