"""Tell who sits in a ride that it leaves from elsewhere or at another time."""

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from convention.dates import say_moment
from convention.leases import leased
from convention.mail import Letter

from .models import LegSeat
from .models.visits import hash_of
from .send_noted import send_noted


@task()
def tell_passengers(seat_id: int) -> None:
    """Send one passenger the ride as it stands now; who has left it meanwhile hears nothing."""
    rows = LegSeat.objects.standing().select_related(
        "leg__visit__event", "application__registration__order", "application__person"
    )
    with leased(f"ride-seat:{seat_id}"):
        seat = rows.filter(pk=seat_id).first()
        if seat is None:
            return
        holder = seat.application.registration
        assert holder is not None
        with translation.override(holder.order.language):
            send_noted(_letter(seat))


def _letter(seat: LegSeat) -> Letter:
    leg, holder = seat.leg, seat.application.registration
    assert holder is not None
    event = leg.visit.event
    when = say_moment(leg.leaves_at, event.zone)
    return Letter(
        to=holder.email or holder.order.email,
        subject=_("Your ride has changed: %(when)s") % {"when": when},
        template="ride_changed",
        context={
            "leg": leg,
            "event": event,
            "url": settings.SITE_URL + reverse("visit-rides", args=[event.slug]),
        },
        language=holder.order.language,
        key=f"ride-seat-{seat.pk}-{hash_of(when, leg.meeting_point, leg.map_url)[:16]}",
        accent=event.accent,
        reply_to=event.contact_email,
    )
