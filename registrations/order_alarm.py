"""Mail the organizers of an event that many places were ordered from unverified addresses within an hour."""

from django.conf import settings
from django.db.models import Count
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from convention.club.models import Person
from convention.events.doors import organizers_of
from convention.leases import leased
from convention.mail import Letter, Refused, send

from .models import Order, OrderAlarm

MAX_LISTED_ORDERS = 30


@task()
def mail_alarm(alarm_id: int) -> None:
    """Queue one mail for each organizer with an address."""
    alarm = OrderAlarm.objects.select_related("event").get(pk=alarm_id)
    for person in organizers_of(alarm.event):
        if person.email:
            mail_organizer.enqueue(alarm.pk, person.pk)


@task()
def mail_organizer(alarm_id: int, person_id: int) -> None:
    """Send one organizer the list of the orders; run again it is the same mail. Raises NotSent."""
    alarm = OrderAlarm.objects.select_related("event__venue").get(pk=alarm_id)
    person = Person.objects.filter(pk=person_id, is_active=True).first()
    if person is None or not person.email:
        return
    with leased(f"order-alarm:{alarm_id}:{person_id}"), translation.override(person.language):
        try:
            send(_letter(alarm, person))
        except Refused:
            return  # the notice on the organizers' page stays


def review_query(alarm: OrderAlarm) -> str:
    """Return the query of the page that lists and cancels the orders of an alarm."""
    since = timezone.localtime(alarm.since, alarm.event.zone)
    return f"?{urlencode({'state': 'held', 'since': f'{since:%Y-%m-%dT%H:%M}'})}"


def _letter(alarm: OrderAlarm, person: Person) -> Letter:
    event = alarm.event
    orders = Order.objects.unverified().filter(event=event, created_at__gte=alarm.since)
    listed = orders.annotate(places=Count("registrations")).order_by("created_at", "pk")
    page = reverse("organize-bulk-cancel", args=[event.slug])
    return Letter(
        to=person.email or "",
        subject=_("Check these orders: %(event)s") % {"event": event.title},
        template="order_alarm",
        context={
            "event": event,
            "places": alarm.places,
            "orders": listed[:MAX_LISTED_ORDERS],
            "unlisted": max(0, orders.count() - MAX_LISTED_ORDERS),
            "url": f"{settings.SITE_URL}{page}{review_query(alarm)}",
        },
        language=person.language,
        key=f"order-alarm-{alarm.pk}-{person.pk}",
        accent=event.accent,
        reply_to=event.contact_email,
    )
