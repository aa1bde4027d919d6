"""Refund rules of an event: which hold for a ticket, and keeping others in their place."""

import datetime
import itertools
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import InvalidFields
from convention.events.models import Event

from .bill import asked_for
from .models import RefundRule, Registration, Ticket
from .terms import Rule, Terms, Why, refund_for


def rules_for(ticket: Ticket, event: Event) -> list[Rule]:
    """The ticket's own rules, else the event's; where there are none, all comes back until it starts."""
    rows = [row for row in event.refund_rules.all() if row.ticket_id in (None, ticket.pk)]
    chosen = [row for row in rows if row.ticket_id] or rows
    return [Rule(row.until(event), row.share) for row in chosen] or [Rule(event.starts_at, 100)]


def terms_of(registration: Registration, *, at: datetime.datetime) -> Terms:
    """On which terms a registration would be cancelled at that moment: of what is still asked for it."""
    worth = asked_for(registration) if registration.confirmed_at else registration.worth
    if registration.worth and not worth:
        return Terms(0, 0, Why.CREDITED)
    return refund_for(
        worth=worth,
        confirmed_at=registration.confirmed_at,
        rules=rules_for(registration.ticket, registration.event),
        at=at,
    )


@transaction.atomic
def save_refund_rules(*, event: Event, rules: Sequence[RefundRule]) -> None:
    """Keep these rules and no others; they hold for whoever cancels from now on. Raises InvalidFields."""
    refuse_odd(rules)
    event.refund_rules.all().delete()
    for rule in rules:
        rule.event = event
    RefundRule.objects.bulk_create(rules)
    record("refund_rules.change", event, event=event, fields=["refund_rules"])


def refuse_odd(rules: Sequence[RefundRule]) -> None:
    """Raises InvalidFields where two rules end at once, or a later one gives more."""
    by_ticket: dict[int | None, list[RefundRule]] = {}
    for rule in sorted(rules, key=lambda rule: -rule.days):
        by_ticket.setdefault(rule.ticket_id, []).append(rule)
    for of_one in by_ticket.values():
        for early, late in itertools.pairwise(of_one):
            if early.days == late.days:
                raise InvalidFields(_("Two rules end on the same day; keep one of them."), {})
            if late.share > early.share:
                raise InvalidFields(_("Who cancels later cannot get back more: check the shares."), {})
