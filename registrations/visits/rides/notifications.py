"""Mails to passengers: a changed ride, and seats changed by the organizer."""

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from convention.db.leases import hold_lease
from convention.mail.messages import MailMessage, send_or_log
from convention.text.dates import format_datetime
from registrations.billing.buyer_name import find_attendee_first_name
from registrations.visits.models import Application, RideSeat
from registrations.visits.models.visits import hash_texts

from .calendar import list_rides


@task()
def notify_passenger(seat_id: int) -> None:
    """Mail one passenger the changed ride, unless they no longer have a seat in it. Raise MailNotSent."""
    rows = RideSeat.objects.active().select_related(
        "ride__visit__event", "application__registration__order", "application__person"
    )
    with hold_lease(f"ride-seat:{seat_id}"):
        seat = rows.filter(pk=seat_id).first()
        if seat is None:
            return
        holder = seat.application.registration
        assert holder is not None
        with translation.override(holder.mail_language):
            send_or_log(_build_departure_message(seat))


def _build_departure_message(seat: RideSeat) -> MailMessage:
    ride, holder = seat.ride, seat.application.registration
    assert holder is not None
    event = ride.visit.event
    when = format_datetime(ride.leaves_at, event.zone)
    return MailMessage(
        to=holder.email or holder.order.email,
        subject=_("Your ride has changed: %(event)s") % {"event": event.title},
        template="ride_changed",
        recipient_name=find_attendee_first_name(holder),
        context={
            "ride": ride,
            "event": event,
            "url": settings.SITE_URL + reverse("visit-rides", args=[event.slug]),
        },
        language=holder.mail_language,
        # The key contains the content: a retry sends nothing twice, another change is mailed again.
        message_key=f"ride-seat-{seat.pk}-{hash_texts(when, ride.meeting_point, ride.map_url)[:16]}",
        accent=event.accent,
        reply_to=event.contact_email,
    )


@task()
def notify_seated_visitor(application_id: int, reason: str, change: int) -> None:
    """Mail a visitor their rides as they are now; `change` makes the mail of each change distinct."""
    rows = Application.objects.confirmed().select_related("visit__event", "registration__order")
    with hold_lease(f"seated:{application_id}:{change}"):
        application = rows.filter(pk=application_id).first()
        if application is None or application.registration is None:
            return
        with translation.override(application.registration.mail_language):
            send_or_log(_build_seating_message(application, reason, change))


def _build_seating_message(application: Application, reason: str, change: int) -> MailMessage:
    event, holder = application.visit.event, application.registration
    assert holder is not None
    return MailMessage(
        to=holder.email or holder.order.email,
        subject=_("Your rides: %(visit)s") % {"visit": event.title},
        template="rides_assigned",
        recipient_name=find_attendee_first_name(holder),
        context={
            "rides": list_rides(application),
            "event": event,
            "reason": reason,
            "url": settings.SITE_URL + reverse("visit-rides", args=[event.slug]),
        },
        language=holder.mail_language,
        message_key=f"rides-seated-{application.pk}-{change}",
        accent=event.accent,
        reply_to=event.contact_email,
    )
