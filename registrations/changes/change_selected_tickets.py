"""Change the ticket of the registrations that an organizer selected: preview, then one after the other."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.audit.record import record_action
from convention.errors import ConventionError
from convention.events.models import Event
from convention.jobs.job_queue import JobProgress
from registrations.billing.receivables import sum_waived
from registrations.billing.refund_terms import calculate_refund_amount
from registrations.billing.selection_money import BilledOrder, load_billed_orders
from registrations.models import Registration, Ticket

from .change_order import OrderChange, change_ticket, preview_order_change, recognize_members
from .selections import (
    ProgressReport,
    RegistrationSelection,
    SelectionOutcome,
    SkippedRegistrations,
    make_fingerprint,
)

RELATED_FIELDS: Final = ("order", "ticket", "member_of", "voucher", "membership_pass")
PREFETCHED_FIELDS: Final = ("addons__addon__tickets", "voucher__tickets")


@dataclass
class SelectedTicketChanges:
    """The difference in cents of each registration that would change, by id; and those that would not.

    The sums are in cents by currency: owed in addition, taken off, and of that refunded.
    `same_quota_count` of them have a ticket of the same quota now, and so need no place of it.
    """

    ticket: Ticket
    differences: dict[int, int] = field(default_factory=dict)
    skipped: SkippedRegistrations = field(default_factory=SkippedRegistrations)
    charged: Counter[str] = field(default_factory=Counter)
    released: Counter[str] = field(default_factory=Counter)
    refunded: Counter[str] = field(default_factory=Counter)
    corrected_references: set[str] = field(default_factory=set)
    same_quota_count: int = 0

    @property
    def fingerprint(self) -> str:
        """Return a hash of all changes and of the sums that depend on payments and credit notes."""
        sums = [sorted(amounts.items()) for amounts in (self.charged, self.refunded)]
        return make_fingerprint([self.ticket.pk, sorted(self.differences.items()), sums])

    @property
    def lacking_count(self) -> int:
        """Return how many registrations would get no place now, of the ticket or of its quota."""
        count, quota = len(self.differences), self.ticket.quota
        needs = [
            (count, self.ticket.own_remaining),
            (count - self.same_quota_count, quota.remaining if quota else None),
        ]
        return max([0, *(needed - left for needed, left in needs if left is not None)])


@dataclass(frozen=True)
class SelectionTicketChange:
    """A confirmed request to change the ticket, at the stated difference in cents for each registration."""

    ticket_id: int
    differences: Mapping[int, int]
    reason: str

    def to_json(self) -> str:
        """Return it as the payload of a job."""
        return json.dumps([self.ticket_id, list(self.differences.items()), self.reason])

    @classmethod
    def from_json(cls, stored: str) -> "SelectionTicketChange":
        """Read the payload of a job."""
        ticket_id, differences, reason = json.loads(stored)
        return cls(ticket_id, dict(differences), reason)


def preview_selected_changes(selection: RegistrationSelection, *, ticket: Ticket) -> SelectedTicketChanges:
    """Return what the change to `ticket` comes to, in a fixed number of queries; nothing is changed."""
    event, changes = selection.event, SelectedTicketChanges(ticket)
    ticket.event = event
    rows = selection.find_registrations().select_related(*RELATED_FIELDS)
    # In the order of the changes, which decides what of an order's payments is left to refund.
    registrations = list(rows.prefetch_related(*PREFETCHED_FIELDS).order_by("pk"))
    recognize_members(registrations, ticket)
    balances = OrderBalances(load_billed_orders(row.order for row in registrations))
    for registration in registrations:
        registration.event = registration.order.event = event
        if registration.ticket_id == ticket.pk:
            changes.skipped.add([registration], _("already has this ticket"))
            continue
        addons = [chosen.addon for chosen in registration.active_addons]
        try:
            change = preview_order_change(registration=registration, ticket=ticket, addons=addons)
        except ConventionError as error:
            changes.skipped.add([registration], error)
            continue
        if change.lacks_membership:
            # An exception for one person is made on the page of the registration, with its reason.
            sentence = _("“%(ticket)s” is for members only.") % {"ticket": ticket.title}
            changes.skipped.add([registration], sentence)
        else:
            changes.differences[registration.pk] = change.difference_cents
            if ticket.quota_id and registration.ticket.quota_id == ticket.quota_id:
                changes.same_quota_count += 1
            balances.apply(registration, change, changes)
    return changes


class OrderBalances:
    """Cents that each order owes and has paid, updated with each change of the preview."""

    def __init__(self, billed_orders: Mapping[str, BilledOrder]) -> None:
        self.billed_orders = billed_orders
        self.owed = {reference: order.balance.amount_owed for reference, order in billed_orders.items()}
        self.received = {
            reference: order.balance.amount_retained for reference, order in billed_orders.items()
        }

    def apply(self, registration: Registration, change: OrderChange, changes: SelectedTicketChanges) -> None:
        """Add the money of one change to the sums."""
        reference, currency = registration.order.reference, registration.order.currency
        difference_cents = change.difference_cents
        owed_difference_cents = difference_cents + self.sum_credited(registration, change)
        changes.charged[currency] += max(0, owed_difference_cents)
        released_cents = max(0, -difference_cents)
        # If more is owed although the price falls, only that is stated, as for a single registration.
        if owed_difference_cents <= 0:
            changes.released[currency] += released_cents
        if reference not in self.billed_orders:
            return
        self.owed[reference] += owed_difference_cents
        refund_cents = calculate_refund_amount(
            released_cents=released_cents,
            owed_cents=self.owed[reference],
            received_cents=self.received[reference],
        )
        self.received[reference] -= refund_cents
        changes.refunded[currency] += refund_cents
        if self.billed_orders[reference].is_invoiced:
            changes.corrected_references.add(reference)

    def sum_credited(self, registration: Registration, change: OrderChange) -> int:
        """Return the cents that the treasurer had credited of what is replaced, which are owed again."""
        billed = self.billed_orders.get(registration.order.reference)
        return sum_waived(change.list_replaced_charges(registration), billed.charges) if billed else 0


def change_selected_tickets(
    *, event: Event, change: SelectionTicketChange, report: ProgressReport | None = None
) -> SelectionOutcome:
    """Change the ticket of each registration; return how many were changed, and why others were not.

    Those that have the ticket already count as done: an interrupted job starts again.
    """
    outcome = SelectionOutcome()
    ticket = Ticket.objects.with_prices().select_related("event").get(event=event, pk=change.ticket_id)
    rows = Registration.objects.filter(event=event, pk__in=change.differences).select_related("order")
    for number, registration in enumerate(list(rows.order_by("pk")), start=1):
        if registration.ticket_id != ticket.pk:
            _change_one(registration, ticket, change, outcome)
        else:
            outcome.done_count += 1
        if report:
            report(number, len(change.differences))
    record_action("selection.change_ticket", event, event=event, fields=["ticket"], reason=change.reason)
    return outcome


def _change_one(
    registration: Registration, ticket: Ticket, change: SelectionTicketChange, outcome: SelectionOutcome
) -> None:
    try:
        change_ticket(
            registration=registration,
            ticket=ticket,
            expected_cents=change.differences[registration.pk],
            reason=change.reason,
        )
    except ConventionError as error:
        outcome.skipped.add([registration], error)
    else:
        outcome.done_count += 1


def describe_changed(outcome: SelectionOutcome) -> str:
    """Return in a sentence how many tickets were changed."""
    return ngettext(
        "The ticket of %(count)d registration has been changed.",
        "The tickets of %(count)d registrations have been changed.",
        outcome.done_count,
    ) % {"count": outcome.done_count}


def run_change_job(progress: JobProgress, _file: BinaryIO) -> str:
    """Change the tickets of the job; return the outcome, with a line for each one not changed."""
    outcome = change_selected_tickets(
        event=progress.job.required_event,
        change=SelectionTicketChange.from_json(progress.job.payload),
        report=progress,
    )
    return "\n".join([describe_changed(outcome), *outcome.skipped.list_lines()])
