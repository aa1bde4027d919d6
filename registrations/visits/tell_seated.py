"""Tell a visitor whom the organizer seated in other rides: which they are now, and why."""

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from convention.leases import leased
from convention.mail import Letter

from .models import Application
from .ride_calendar import rides_of
from .send_noted import send_noted


@task()
def tell_seated(application_id: int, reason: str, change: int) -> None:
    """Send the rides as they stand now; `change` tells one change from the next. Who left hears nothing."""
    rows = Application.objects.confirmed().select_related("visit__event", "registration__order")
    with leased(f"seated:{application_id}:{change}"):
        application = rows.filter(pk=application_id).first()
        if application is None or application.registration is None:
            return
        with translation.override(application.registration.order.language):
            send_noted(_letter(application, reason, change))


def _letter(application: Application, reason: str, change: int) -> Letter:
    event, holder = application.visit.event, application.registration
    assert holder is not None
    return Letter(
        to=holder.email or holder.order.email,
        subject=(_("Your rides: %(visit)s") % {"visit": event.title})[:200],
        template="rides_seated",
        context={
            "rides": rides_of(application),
            "event": event,
            "reason": reason,
            "url": settings.SITE_URL + reverse("visit-rides", args=[event.slug]),
        },
        language=holder.order.language,
        key=f"rides-seated-{application.pk}-{change}",
        accent=event.accent,
        reply_to=event.contact_email,
    )
