"""Ask visitors who they are: a mail when the time comes, one reminder before the list is locked."""

import datetime
from contextlib import suppress

from django.conf import settings
from django.db.models import Q
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.leases import leased
from convention.mail import Letter, Refused, send

from .deadline import locks_at
from .identity_fields import OPEN, asked_by, is_complete, window_of
from .list_words import word_of
from .models import Application, Identity, Visit

DAY = datetime.timedelta(days=1)
REMINDED = 2 * DAY
"""How long before the lock."""


def ask_identities() -> None:
    """Recurring work: queue what is due, for each visit whose time has come."""
    now = timezone.now()
    soon = Q(event__starts_at__gt=now, event__starts_at__lt=now + 121 * DAY)
    visits = Visit.objects.standing().filter(soon, purged_at=None).exclude(identity_fields=[])
    for visit in visits.select_related("event"):
        if window_of(visit).at(now) == OPEN:
            for application in due(visit, at=now):
                ask_identity.enqueue(application.pk)


def due(visit: Visit, *, at: datetime.datetime) -> list[Application]:
    """Those with a place whose identity is not complete and who were not asked, or not reminded, yet."""
    rows = Application.objects.confirmed().filter(visit=visit, person__isnull=False)
    given = dict(Identity.objects.filter(application__visit=visit).values_list("application", "fields"))
    asked = asked_by(visit)
    open_ones = [one for one in rows if not is_complete(asked, given.get(one.pk, []))]
    return [one for one in open_ones if is_due(one, lock=locks_at(visit), at=at)]


def is_due(application: Application, *, lock: datetime.datetime, at: datetime.datetime) -> bool:
    """Asked once; reminded once from two days before the lock, never within a day of the first mail."""
    if application.identity_asked_at is None:
        return True
    late = at >= lock - REMINDED and at >= application.identity_asked_at + DAY
    return late and application.identity_reminded_at is None


@task()
def ask_identity(application_id: int) -> None:
    """Send the mail that is due, if it still is, and note it. Raises NotSent."""
    with leased(f"identity:{application_id}"):
        now = timezone.now()
        rows = Application.objects.confirmed().select_related("visit__event__venue", "person")
        one = rows.filter(pk=application_id, person__isnull=False).first()
        if one is None or window_of(one.visit).at(now) != OPEN or one not in due(one.visit, at=now):
            return
        mark = "identity_asked_at" if one.identity_asked_at is None else "identity_reminded_at"
        with suppress(Refused):  # noted as asked: the secretary sees who is missing
            send(letter_for(one, mark))
        Application.objects.filter(pk=application_id).update(**{mark: now})


def letter_for(application: Application, mark: str) -> Letter:
    """The mail with the link to the page that seals; it names the fields that are asked."""
    person, visit = application.person, application.visit
    assert person is not None
    with translation.override(person.language):
        subject = _("Who comes: what the host needs to know, %(event)s") % {"event": visit.event.title}
        path = reverse("visit-identity", args=[visit.event.slug])
        fields = [word_of(name) for name in asked_by(visit)]
    return Letter(
        to=person.email or "",
        subject=subject[:200],
        template="identity_asked",
        context={
            "event": visit.event,
            "fields": fields,
            "lock": locks_at(visit),
            "is_reminder": mark == "identity_reminded_at",
            "url": f"{settings.SITE_URL}{path}",
        },
        language=person.language,
        key=f"identity-{application.pk}-{mark}",
        accent=visit.event.accent,
        reply_to=visit.event.contact_email,
    )
