"""Mail the organizers of an event that many places were ordered from unverified addresses within an hour."""

from django.conf import settings
from django.db.models import Count
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from convention.club.models import Person
from convention.db.leases import hold_lease
from convention.events.permissions import get_organizers
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from registrations.models import Order, OrderAlarm

MAX_LISTED_ORDERS = 30


@task()
def notify_organizers(alarm_id: int) -> None:
    """Queue one mail for each organizer with an address."""
    alarm = OrderAlarm.objects.select_related("event").get(pk=alarm_id)
    for person in get_organizers(alarm.event):
        if person.email:
            notify_organizer.enqueue(alarm.pk, person.pk)


# One task for each organizer, so that a retry for one does not mail the others again.
@task()
def notify_organizer(alarm_id: int, person_id: int) -> None:
    """Send one organizer the list of the orders; a retry has the same Message-ID. Raise an error to retry."""
    alarm = OrderAlarm.objects.select_related("event__venue").get(pk=alarm_id)
    person = Person.objects.filter(pk=person_id, is_active=True).first()
    if person is None or not person.email:
        return
    with hold_lease(f"order-alarm:{alarm_id}:{person_id}"), translation.override(person.language):
        try:
            if message := _build_message(alarm, person):
                send_mail_message(message)
        except MailRefused:
            return  # the organizers' page shows the alarm anyway


def build_review_query(alarm: OrderAlarm) -> str:
    """Return the query string of the page that lists and cancels an alarm's orders."""
    since = timezone.localtime(alarm.ordered_since, alarm.event.zone)
    return f"?{urlencode({'state': 'held', 'since': f'{since:%Y-%m-%dT%H:%M}'})}"


def _build_message(alarm: OrderAlarm, person: Person) -> MailMessage | None:
    """Return the mail, or None if all of the orders have been verified or cancelled meanwhile."""
    event = alarm.event
    orders = Order.objects.unverified().filter(event=event, created_at__gte=alarm.ordered_since)
    # The alarm's own count is from when it was raised, and would not match the list below it.
    totals = orders.aggregate(orders=Count("pk", distinct=True), places=Count("registrations"))
    if not totals["orders"]:
        return None
    orders_with_places = orders.annotate(places=Count("registrations")).order_by("created_at", "pk")
    page = reverse("organize-bulk-cancel", args=[event.slug])
    return MailMessage(
        to=person.email or "",
        subject=_("Check these orders: %(event)s") % {"event": event.title},
        template="order_alarm",
        context={
            "event": event,
            "places": totals["places"],
            "orders": orders_with_places[:MAX_LISTED_ORDERS],
            "unlisted_count": max(0, totals["orders"] - MAX_LISTED_ORDERS),
            "url": f"{settings.SITE_URL}{page}{build_review_query(alarm)}",
        },
        language=person.language,
        message_key=f"order-alarm-{alarm.pk}-{person.pk}",
        accent=event.accent,
        reply_to=event.contact_email,
    )
