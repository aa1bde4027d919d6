"""Mails to applicants, sent by the worker: agree to the text (and once again before the lock), no place is
left, called off, place taken back.

`tell_applicant` looks at what stands, not at what happened, and marks what the mail server has taken.
"""

import datetime
import logging

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.leases import leased
from convention.mail import Attachment, Letter, Refused, send

from ..calendar import calendar_file
from ..doors import whole
from .deadline import locks_at
from .models import Application, NdaText, Visit
from .ride_calendar import ride_calendar
from .standing import State, states_of

logger = logging.getLogger(__name__)
BEFORE_LOCK = datetime.timedelta(days=3)
"""How long before the lock whoever has not agreed yet is reminded."""


@task()
def tell_applicant(application_id: int) -> None:
    """Send whatever mail of this application is due."""
    with leased(f"application:{application_id}"):
        rows = Application.objects.select_related("visit__event__venue", "visit__event__host", "person")
        application = rows.filter(pk=application_id, person__email__isnull=False).first()
        if application is None or application.person is None:
            return
        with translation.override(application.person.language):
            kind, number = _due(application)
            if kind and f"{kind}{number}" not in application.told:
                _tell(application, kind, number)


def _due(application: Application) -> tuple[str, int]:
    """Which mail: `text` or `again` with the version, `no_place`, `ended`, `called_off`, or none."""
    visit = application.visit
    state = states_of(visit, [application])[application.pk]
    if visit.cancelled_at:
        return ("" if _has_ended(application) else "called_off"), 0
    if state == State.WITHDRAWN:
        return ("ended" if application.ended_because else ""), 0
    if state == State.WAITING:
        return ("no_place" if visit.locked_at else ""), 0
    text = NdaText.objects.filter(visit=visit).first()
    if text is None or state != State.CONFIRMED:
        return "", 0
    was_asked = f"text{text.number}" in application.told
    return ("again" if was_asked and is_near(visit) else "text"), text.number


def is_near(visit: Visit) -> bool:
    """Whether the list is locked in a few days, and not yet."""
    return visit.locked_at is None and timezone.now() < locks_at(visit) <= timezone.now() + BEFORE_LOCK


def remind_before_lock() -> None:
    """Recurring: ask once again whoever has a place and has not agreed, in the last days before the lock."""
    visits = Visit.objects.published().filter(locked_at__isnull=True, event__starts_at__gt=timezone.now())
    near = [visit.pk for visit in visits.select_related("event") if is_near(visit)]
    for application in Application.objects.confirmed().filter(visit__in=near).select_related("visit__event"):
        if not any(kind.startswith("again") for kind in application.told):
            tell_applicant.enqueue(application.pk)


def _has_ended(application: Application) -> bool:
    return bool(application.withdrawn_at or application.refused_at or application.host_refused_at)


def _tell(application: Application, kind: str, number: int) -> None:
    try:
        send(_letter(application, kind, number))
    except Refused:
        logger.warning("The mail server refused the mail %s of the application %s.", kind, application.pk)
    application.told = [*application.told, f"{kind}{number}"]
    application.save(update_fields=["told"])


def _letter(application: Application, kind: str, number: int) -> Letter:
    visit, person = application.visit, application.person
    assert person is not None
    event = visit.event
    subjects = {
        "text": _("Agree to confidentiality: %(visit)s"),
        "again": _("Still to do, agree to confidentiality: %(visit)s"),
        "no_place": _("No place is left: %(visit)s"),
        "ended": _("Your place was taken back: %(visit)s"),
        "called_off": _("Called off: %(visit)s"),
    }
    path = reverse("visit-text" if kind in ("text", "again") else "visit", args=[event.slug])
    return Letter(
        to=person.email or "",
        subject=(subjects[kind] % {"visit": event.title})[:200],
        template="visit_applicant",
        context={
            "kind": "text" if kind == "again" else kind,
            "is_new_text": number > 1,
            "application": application,
            "visit": visit,
            "event": event,
            "person": person,
            "locks_at": locks_at(visit),
            "url": f"{settings.SITE_URL}{path}",
        },
        language=person.language,
        key=f"visit-{kind}-{application.pk}-{number}",
        accent=event.accent,
        reply_to=event.contact_email,
        attachments=_out_of_calendars(application) if kind == "called_off" else (),
    )


def _out_of_calendars(application: Application) -> list[Attachment]:
    """Files that take the visit, and the rides to it, out of the calendar of whoever had a place."""
    place = application.registration
    if place is None:
        return []
    said = {"visit": calendar_file(whole(place.order)), "rides": ride_calendar(application)}
    mimetype = "text/calendar; charset=utf-8; method=PUBLISH"
    return [
        Attachment(name=f"{name}.ics", content=content, mimetype=mimetype) for name, content in said.items()
    ]
