"""Load, validate and save the refund rules of an event."""

import datetime
import itertools
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import InvalidFields
from convention.events.models import Event
from registrations.models import RefundRule, Registration, Ticket

from .receivables import calculate_amount_due
from .refund_terms import RefundReason, RefundStep, RefundTerms, decide_refund_terms


def load_refund_steps(ticket: Ticket, event: Event) -> list[RefundStep]:
    """Return the ticket's own rules, else the event's; without any, a full refund until the event starts."""
    rows = [row for row in event.refund_rules.all() if row.ticket_id in (None, ticket.pk)]
    # One rule for the ticket is enough to replace all of the event's rules.
    chosen = [row for row in rows if row.ticket_id] or rows
    return [RefundStep(row.get_deadline(event), row.refund_percent) for row in chosen] or [
        RefundStep(event.starts_at, 100)
    ]


def load_refund_terms(registration: Registration, *, at: datetime.datetime) -> RefundTerms:
    """Return the terms on which a registration would be cancelled at `at`."""
    return decide_terms_for_due(registration, calculate_amount_due(registration), at=at)


def decide_terms_for_due(registration: Registration, due_cents: int, *, at: datetime.datetime) -> RefundTerms:
    """Return the refund terms at `at` for a registration with `due_cents` due."""
    price_cents = registration.full_price - registration.unpaid_addon_cents
    if registration.confirmed_at is None:
        # A hold is billed only once it is confirmed: all of its price is released.
        due_cents = price_cents
    # The treasurer credited it in full already: nothing is left to refund.
    if price_cents and not due_cents:
        return RefundTerms(0, 0, RefundReason.CREDITED)
    return decide_refund_terms(
        due_cents=due_cents,
        confirmed_at=registration.confirmed_at,
        refund_steps=load_refund_steps(registration.ticket, registration.event),
        at=at,
    )


@transaction.atomic
def save_refund_rules(*, event: Event, refund_rules: Sequence[RefundRule]) -> None:
    """Replace the event's rules; they apply to later cancellations only. Raise InvalidFields."""
    validate_refund_rules(refund_rules)
    # Rules can be replaced rather than updated: nothing refers to them, and cancellations store their fee.
    event.refund_rules.all().delete()
    for rule in refund_rules:
        rule.event = event
    RefundRule.objects.bulk_create(refund_rules)
    record_action("refund_rules.change", event, event=event, fields=["refund_rules"])


def validate_refund_rules(refund_rules: Sequence[RefundRule]) -> None:
    """Raise InvalidFields where two rules end together, or a later rule refunds more."""
    by_ticket: dict[int | None, list[RefundRule]] = {}
    for rule in sorted(refund_rules, key=lambda rule: -rule.days_before):
        by_ticket.setdefault(rule.ticket_id, []).append(rule)
    for rules in by_ticket.values():
        for early, late in itertools.pairwise(rules):
            if early.days_before == late.days_before:
                raise InvalidFields(_("Two rules end on the same day. Remove one of them."), {})
            if late.refund_percent > early.refund_percent:
                raise InvalidFields(
                    _(
                        "A later cancellation cannot be refunded more than an earlier one. Check the "
                        "percentages."
                    ),
                    {},
                )
