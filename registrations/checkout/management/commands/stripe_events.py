"""`manage.py stripe_events [--replay EVENT | --since DAY]`: what Stripe told, and once more."""

import datetime
from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from convention.commands import SentenceCommand
from convention.errors import ConventionError
from registrations.checkout import gateway
from registrations.checkout.handle import act_on, receive_event
from registrations.checkout.models import StripeEvent
from registrations.checkout.offered import takes_cards
from registrations.checkout.reconcile import fetch_events

SHOWN = 20


class Command(SentenceCommand):
    """Show the latest events, do one again, or fetch what was missed."""

    help = (
        "Show what Stripe told lately; --replay does one event again, --since fetches those that were missed."
    )
    transactional = False

    def add_arguments(self, parser: CommandParser) -> None:
        """One event, or a day."""
        either = parser.add_mutually_exclusive_group()
        either.add_argument("--replay", metavar="EVENT", help="the id of an event, such as evt_1Nxx")
        either.add_argument("--since", metavar="DAY", help="a day within the last 30, such as 2027-06-16")

    def run(self, **options: Any) -> None:
        """Do what is asked; acting twice on an event changes nothing."""
        if (options["replay"] or options["since"]) and not takes_cards():
            raise ConventionError(_("Set STRIPE_SECRET_KEY: there is no Stripe to ask."))
        try:
            self.tell(self.done(options["replay"], options["since"]))
        except gateway.NotReached as error:
            raise ConventionError(_("Stripe does not answer; try again later.")) from error

    def done(self, replay: str | None, since: str | None) -> Iterator[str]:
        """What was done, a line each."""
        if replay:
            yield replayed(replay)
        elif since:
            count = fetch_events(since=moment_of(since))
            yield ngettext("%(count)d new event.", "%(count)d new events.", count) % {"count": count}
        else:
            for event in StripeEvent.objects.all()[:SHOWN]:
                state = pgettext("event", "done") if event.done_at else _("waiting")
                yield f"{event.happened_at:%Y-%m-%d %H:%M:%S}  {event.event_id}  {event.kind}  {state}"


def replayed(event_id: str) -> str:
    """Act on one event again. Raises ConventionError where Stripe knows none of that name."""
    event = StripeEvent.objects.filter(event_id=event_id).first()
    try:
        event = event or receive_event(facts=gateway.event_facts(event_id))
        act_on(event=event)
    except gateway.Declined as error:
        raise ConventionError(_("Stripe knows no event %(id)s.") % {"id": event_id}) from error
    return _("%(id)s (%(kind)s) was done again.") % {"id": event_id, "kind": event.kind}


def moment_of(day: str) -> datetime.datetime:
    """The beginning of that day. Raises ConventionError."""
    try:
        found = parse_date(day)
    except ValueError:
        found = None
    if found is None:
        raise ConventionError(_("Write the day as 2027-06-16."))
    return timezone.make_aware(datetime.datetime.combine(found, datetime.time()))
