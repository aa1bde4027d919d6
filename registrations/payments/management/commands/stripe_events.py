"""`manage.py stripe_events [--replay EVENT | --since DAY]`: list, replay or fetch Stripe events."""

import datetime
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from convention.commands import ConventionCommand
from convention.errors import ConventionError
from registrations.payments.cards import gateway
from registrations.payments.cards.checkout import accepts_cards
from registrations.payments.cards.reconcile import fetch_events
from registrations.payments.cards.webhook_events import process_event, receive_event
from registrations.payments.models import StripeEvent

MAX_EVENTS_SHOWN = 20


class Command(ConventionCommand):
    """List the latest events, replay one, or fetch those that were missed."""

    help = "Show recent Stripe events. --replay processes one again, --since fetches missed ones."
    # Each event commits on its own, so that one failure does not undo the others.
    runs_in_transaction = False

    def add_arguments(self, parser: CommandParser) -> None:
        group = parser.add_mutually_exclusive_group()
        group.add_argument("--replay", metavar="EVENT", help="the ID of an event, such as evt_1Nxx")
        group.add_argument("--since", metavar="DAY", help="a day within the last 30, such as 2027-06-16")

    def run(self, **options: Any) -> None:
        """List, replay or fetch events by the options; processing an event twice changes nothing."""
        if (options["replay"] or options["since"]) and not accepts_cards():
            raise ConventionError(_("Stripe is not configured: set STRIPE_SECRET_KEY."))
        try:
            self.print_lines(self.run_lines(options["replay"], options["since"]))
        except gateway.StripeUnavailable as error:
            raise ConventionError(_("Stripe is not responding. Try again later.")) from error

    def run_lines(self, replay: str | None, since: str | None) -> Iterator[str]:
        """Do the work and yield the lines to print."""
        if replay:
            yield replay_event(replay)
        elif since:
            count = fetch_events(since=parse_day(since))
            yield ngettext("%(count)d new event.", "%(count)d new events.", count) % {"count": count}
        else:
            for event in StripeEvent.objects.all()[:MAX_EVENTS_SHOWN]:
                state = pgettext("card event", "done") if event.handled_at else _("waiting")
                yield f"{event.happened_at:%Y-%m-%d %H:%M:%S}  {event.event_id}  {event.kind}  {state}"


def replay_event(event_id: str) -> str:
    """Process one event again. Raise ConventionError if Stripe does not know or refuses it."""
    event = StripeEvent.objects.filter(event_id=event_id).first()
    try:
        event = event or receive_event(facts=gateway.fetch_event(event_id))
        process_event(event=event)
    except gateway.StripeRefusal as error:
        if error.code == "resource_missing":
            raise ConventionError(_("Stripe has no event %(id)s.") % {"id": event_id}) from error
        raise ConventionError(f"{event_id}: {str(error) or error.code}") from error
    return _("%(id)s (%(kind)s) was processed again.") % {"id": event_id, "kind": event.kind}


def parse_day(day: str) -> datetime.datetime:
    """Return the beginning of a day in the server's time zone. Raise ConventionError."""
    try:
        parsed = parse_date(day)
    except ValueError:
        parsed = None
    if parsed is None:
        raise ConventionError(_("Enter the date as 2027-06-16."))
    return timezone.make_aware(datetime.datetime.combine(parsed, datetime.time()))
