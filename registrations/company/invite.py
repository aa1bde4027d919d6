"""Invite: ask the holder of a place, by their own link, to complete their details; remind them once."""

import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.addresses import same
from convention.leases import leased
from convention.mail import Letter, Refused, send

from ..calendar import where_of
from ..doors import own_secret
from ..models import Registration
from .models import Invitation

WEEK = datetime.timedelta(days=7)
DAY = datetime.timedelta(days=1)


@transaction.atomic
def invite(*, registration: Registration) -> Invitation | None:
    """Queue the mail to the holder, again where it went out before; none to whoever ordered, or to nobody."""
    if not registration.email or same(registration.email, registration.order.email):
        return None
    invitation, is_new = Invitation.objects.get_or_create(
        registration=registration, holder=registration.generation
    )
    if not is_new:
        again = Invitation.objects.filter(pk=invitation.pk, completed_at__isnull=True)
        again.update(sent_at=None, refused_at=None, round=F("round") + 1)
    send_invitation.enqueue(invitation.pk)
    return invitation


@task()
def send_invitation(invitation_id: int) -> None:
    """Send it unless it was sent, or is of no use any more."""
    with leased(f"invitation:{invitation_id}"):
        invitation = _open(invitation_id)
        if invitation and invitation.sent_at is None and invitation.refused_at is None:
            stem = f"details-{invitation.registration.reference.lower()}-{invitation.holder}"
            _send(invitation, key=f"{stem}-{invitation.round}", mark="sent_at")


@task()
def send_reminder(invitation_id: int) -> None:
    """Send the one reminder, unless it was sent or the details are complete."""
    with leased(f"invitation:{invitation_id}"):
        invitation = _open(invitation_id)
        if invitation and invitation.reminded_at is None:
            stem = f"details-{invitation.registration.reference.lower()}-{invitation.holder}"
            _send(invitation, key=f"{stem}-reminder", mark="reminded_at")


def remind_incomplete() -> None:
    """Recurring work: remind everyone whose details are due and who was not reminded yet."""
    now = timezone.now()
    waiting = Invitation.objects.open(at=now).filter(sent_at__isnull=False, reminded_at__isnull=True)
    for invitation in waiting.select_related("registration__event"):
        assert invitation.sent_at
        event = invitation.registration.event
        if is_reminder_due(sent=invitation.sent_at, deadline=event.last_substitution, at=now):
            send_reminder.enqueue(invitation.pk)


def is_reminder_due(*, sent: datetime.datetime, deadline: datetime.datetime, at: datetime.datetime) -> bool:
    """A week after the mail, or three days before the deadline; never within a day of the mail."""
    return at >= sent + DAY and (at >= sent + WEEK or at >= deadline - 3 * DAY)


def _open(invitation_id: int) -> Invitation | None:
    rows = Invitation.objects.open(at=timezone.now()).filter(pk=invitation_id)
    return rows.select_related(
        "registration__event__venue", "registration__order", "registration__ticket"
    ).first()


def _send(invitation: Invitation, *, key: str, mark: str) -> None:
    """Send and note it; a final refusal is noted, and the contact sees it. Raises NotSent."""
    try:
        send(letter_for(invitation.registration, key=key))
    except Refused:
        mark = "refused_at"
    Invitation.objects.filter(pk=invitation.pk).update(**{mark: timezone.now()})


def letter_for(registration: Registration, *, key: str) -> Letter:
    """The mail with the holder's own link, in the language of the order."""
    event, order = registration.event, registration.order
    with translation.override(order.language):
        subject = _("Your place: %(event)s") % {"event": event.title}
        path = reverse(
            "order-details", args=[order.reference, own_secret(registration), registration.reference]
        )
    return Letter(
        to=registration.email,
        subject=subject,
        template="details",
        context={
            "registration": registration,
            "event": event,
            "where": where_of(event),
            "company": order.company,
            "url": f"{settings.SITE_URL}{path}",
        },
        language=order.language,
        key=key,
        accent=event.accent,
        reply_to=event.contact_email,
    )
