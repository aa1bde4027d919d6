"""Save an import: book new registrations, change others, and store the snapshots that an undo needs."""

import enum
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.actor import current_actor
from convention.club.models import Company
from convention.db.limited_stock import LimitedStock
from convention.events.models import Event
from registrations.billing.receivables import sync_attendee_names, sync_existing_receivable, update_buyers
from registrations.billing.selection_money import format_amounts
from registrations.booking.build_order import build_addons, build_order, build_registration
from registrations.booking.prepared_order import PreparedOrder
from registrations.booking.save_order import save_orders
from registrations.changes.change_order import set_ticket
from registrations.inventory.stock import exchange_tickets, list_stock_items
from registrations.models import Addon, ImportedRow, ImportRun, Order, Registration, Ticket
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest
from registrations.pricing.catalog import Offering, make_price_list, quote_changed_ticket
from registrations.pricing.quote import PriceRequest, Quote, calculate_quote
from registrations.questions.queries import count_chosen_options

from .rows import ImportCatalog, RegistrationRow

BATCH_SIZE = 500
IMPORT_CONTEXT = OrderContext(source=Order.Source.IMPORT)
# The snapshot by which an undo detects later changes, and which it restores.
SNAPSHOT_FIELDS = (
    "first_name", "last_name", "email", "company", "no_photo", "ticket_id", "price", "vat_rate",
    "vat_exemption", "reductions", "membership_pass_id", "voucher_id", "answers", "badge_version",
    "issued_to", "person_id",
)  # fmt: skip


class NewcomerMails(enum.StrEnum):
    """Whether an import e-mails the confirmation with the badge to the people it registers."""

    NONE = "none"
    CONFIRMATION = "confirmation"


@dataclass(frozen=True, kw_only=True)
class RegistrationChange:
    """A registration that a list changes, and each change in words; `difference` is "" at the same price."""

    registration: Registration
    lines: list[str]
    difference: str = ""


@dataclass
class RegistrationImportResult:
    """The changes of an import, planned or saved, and its counters.

    `refused_tickets` are the rows whose ticket is not applied, with the reason. `changes` are listed by a
    preview only.
    """

    new_orders: list[PreparedOrder] = field(default_factory=list)
    changed_registrations: list[Registration] = field(default_factory=list)
    ticket_changes: list[tuple[Ticket, Registration]] = field(default_factory=list)
    changed_orders: dict[int, Order] = field(default_factory=dict)
    old_values: dict[int, dict[str, Any]] = field(default_factory=dict)
    extra_items: Counter[LimitedStock] = field(default_factory=Counter)
    written_fields: set[str] = field(default_factory=lambda: {"sequence"})
    unchanged_count: int = 0
    other_addons_count: int = 0
    lost_voucher_count: int = 0
    transfer_count: int = 0
    order_ids_to_notify: list[int] = field(default_factory=list)
    adopted_orders: dict[int, Order] = field(default_factory=dict)
    ignored_columns: list[str] = field(default_factory=list)
    quotes: dict[tuple[str, ...], Quote] = field(default_factory=dict)
    column_fields: list[str] = field(default_factory=list)
    column_mapping: dict[str, str] = field(default_factory=dict)
    refused_tickets: list[tuple[int, str]] = field(default_factory=list)
    changes: list[RegistrationChange] = field(default_factory=list)
    import_run: ImportRun | None = None

    def __str__(self) -> str:
        counts = _("%(new)d new, %(changed)d updated, %(unchanged)d unchanged.") % {
            "new": len(self.new_orders),
            "changed": len(self.changed_registrations),
            "unchanged": self.unchanged_count,
        }
        return " ".join(filter(None, [counts, *self.remarks]))

    @property
    def new_registrations(self) -> list[Registration]:
        return [registration for booking in self.new_orders for registration in booking.registrations]

    @property
    def new_total_text(self) -> str:
        """Return a sentence about the price of the new registrations, or "" if there are none."""
        if not self.new_orders:
            return ""
        totals = Counter[str]()
        for booking in self.new_orders:
            totals[booking.order.currency] += booking.order.total
        amount, count = format_amounts(totals), len(self.new_orders)
        if not amount:
            return _("The new registrations are free of charge.")
        sentence = ngettext(
            "%(count)d new registration costs %(amount)s, to be invoiced.",
            "%(count)d new registrations cost %(amount)s in total, to be invoiced.",
            count,
        )
        return sentence % {"count": count, "amount": amount}

    @property
    def remarks(self) -> list[str]:
        """Return sentences about side effects of the import."""
        texts = (
            self.transfers_text, self.links_text, self.refused_tickets_text, self.addons_text,
            self.vouchers_text,
        )  # fmt: skip
        return [sentence for sentence in texts if sentence]

    @property
    def transfers_text(self) -> str:
        """Return a sentence about places that go to another person, or ""."""
        sentence = ngettext(
            "%(people)d place goes to another person: the previous badge and answers are no longer valid.",
            "%(people)d places go to other people: the previous badges and answers are no longer valid.",
            self.transfer_count,
        )
        return sentence % {"people": self.transfer_count} if self.transfer_count else ""

    @property
    def links_text(self) -> str:
        """Return a sentence about orders whose links are replaced, or ""."""
        sentence = ngettext(
            "%(orders)d order was placed under an address that was never verified: its buyer "
            "receives a new link by e-mail, and the old one stops working.",
            "%(orders)d orders were placed under addresses that were never verified: their "
            "buyers receive new links by e-mail, and the old ones stop working.",
            len(self.adopted_orders),
        )
        return sentence % {"orders": len(self.adopted_orders)} if self.adopted_orders else ""

    @property
    def refused_tickets_text(self) -> str:
        """Return a sentence about people who keep their ticket although the list has another one, or ""."""
        sentence = ngettext(
            "%(people)d person keeps their ticket although the list has another one.",
            "%(people)d people keep their tickets although the list has other ones.",
            len(self.refused_tickets),
        )
        return sentence % {"people": len(self.refused_tickets)} if self.refused_tickets else ""

    @property
    def addons_text(self) -> str:
        """Return a sentence about add-ons that differ from the list and stay, or ""."""
        sentence = ngettext(
            "%(people)d registered person has other add-ons than in the list. Their add-ons are not changed.",
            "%(people)d registered people have other add-ons than in the list. Their add-ons are "
            "not changed.",
            self.other_addons_count,
        )
        return sentence % {"people": self.other_addons_count} if self.other_addons_count else ""

    @property
    def vouchers_text(self) -> str:
        """Return a sentence about vouchers that do not apply to the new ticket, or ""."""
        sentence = ngettext(
            "%(people)d person had a code that does not apply to the new ticket. They pay the "
            "usual price, and the code can be used again.",
            "%(people)d people had a code that does not apply to the new ticket. They pay the "
            "usual price, and the code can be used again.",
            self.lost_voucher_count,
        )
        return sentence % {"people": self.lost_voucher_count} if self.lost_voucher_count else ""


def snapshot_registration(registration: Registration) -> dict[str, Any]:
    """Return the values of a registration that an undo compares and restores."""
    confirmed = registration.confirmed_at
    return {
        **{name: getattr(registration, name) for name in SNAPSHOT_FIELDS},
        "answers": dict(registration.answers),
        # As text: the snapshot is stored as JSON and compared with a value read from there.
        "confirmed_at": confirmed.isoformat(timespec="seconds") if confirmed else None,
        "purchase_order": registration.order.purchase_order,
    }


def add_booking(
    result: RegistrationImportResult,
    row: RegistrationRow,
    catalog: ImportCatalog,
    company: Company | None,
    answers: Mapping[str, Any],
) -> None:
    """Add the booking of a new registration to the result, unsaved."""
    place = row.place
    ticket = next(ticket for ticket in catalog.tickets if ticket.slug == place.ticket)
    addons = {addon.slug: addon for addon in catalog.addons if addon.slug in place.addons}
    quote = _quote_ticket(result, ticket, list(addons.values()))
    request = OrderRequest(
        email=place.email,
        places=(place,),
        company=place.company[:200],
        purchase_order=row.purchase_order,
    )
    # An order for each row, so that the link of one person opens no other person's place.
    order = build_order(ticket.event, request, IMPORT_CONTEXT, quote, currency=ticket.currency)
    registration = build_registration(
        order, place, ticket, quote.lines[0], confirmed_at=timezone.now(), member_company=company
    )
    registration.answers = dict(answers)
    offering = Offering({ticket.slug: ticket}, addons)
    chosen = build_addons([registration], offering, quote)
    result.new_orders.append(PreparedOrder(order, [registration], addons=chosen, sends_mails=False))


def _quote_ticket(result: RegistrationImportResult, ticket: Ticket, addons: list[Addon]) -> Quote:
    """Return the quote of a ticket with add-ons, cached: it is the same for every row."""
    key = (ticket.slug, *(addon.slug for addon in addons))
    if key not in result.quotes:
        # Without voucher and pass: imported registrations cost today's public price.
        request = PriceRequest(price_list=make_price_list(ticket), addons=tuple(map(make_price_list, addons)))
        result.quotes[key] = calculate_quote([request], at=timezone.now())
    return result.quotes[key]


def _change_ticket(result: RegistrationImportResult, registration: Registration, ticket: Ticket) -> None:
    """Give the registration another ticket at its price.

    A pass or a voucher still lowers the price if it applies to the new ticket; else it is released.
    """
    voucher = registration.voucher
    line = quote_changed_ticket(ticket, voucher, registration.membership_pass)
    set_ticket(registration, ticket, line, result.extra_items)
    # Not reserved until `_exchange_places` has reserved its place.
    registration.is_reserved = False
    if voucher and not line.uses_voucher:
        result.lost_voucher_count += 1


def lock_orders(registration_ids: Iterable[int]) -> None:
    """Lock the orders of these registrations, before the registrations themselves."""
    for batch in batched(sorted(registration_ids), BATCH_SIZE, strict=False):
        orders = Registration.objects.filter(pk__in=batch).order_by().values("order")
        list(Order.objects.locked_for_update().filter(pk__in=orders).values_list("pk"))


def update_order_totals(differences_cents: Mapping[int, int]) -> None:
    """Add the differences, in cents by order id, to the totals, and sync what is owed."""
    for order in Order.objects.filter(
        pk__in=[pk for pk in differences_cents if differences_cents[pk]]
    ).order_by("pk"):
        order.total = max(0, order.total + differences_cents[order.pk])
        # A free order that costs something now is invoiced.
        if order.total and order.payment == Order.Payment.FREE:
            order.payment = Order.Payment.INVOICE
        order.save(update_fields=["total", "payment"])
        sync_existing_receivable(order)


def save_import(event: Event, result: RegistrationImportResult) -> None:
    """Book the new registrations, move the reserved places, and stamp all rows with one sequence number."""
    if result.new_orders or result.changed_registrations:
        # Places are released and reserved by their difference, so that a list can fill a place that it frees.
        sequence = save_orders(result.new_orders, event_id=event.pk, reserve=lambda: _exchange_places(result))
        for registration in result.changed_registrations:
            registration.sequence = sequence
    _save_changes(result)


def simulate_import(result: RegistrationImportResult) -> None:
    """Do all that can fail: move the places and save changes, but create nothing."""
    _exchange_places(result)
    _save_changes(result)


def _save_changes(result: RegistrationImportResult) -> None:
    """Save the changed registrations and orders, and what they owe."""
    Order.objects.bulk_update(
        result.changed_orders.values(), ["purchase_order", "payment", "verified_at"], BATCH_SIZE
    )
    update_buyers(result.changed_orders.values(), "purchase_order")
    if result.changed_registrations:
        Registration.objects.bulk_update(
            result.changed_registrations, sorted(result.written_fields), BATCH_SIZE
        )
    if {"first_name", "last_name"} & result.written_fields:
        sync_attendee_names(result.changed_registrations)
    # Summed by order: several of its registrations may change their ticket.
    differences_cents = Counter[int]()
    for _ticket, registration in result.ticket_changes:
        differences_cents[registration.order_id] += (
            registration.price - result.old_values[registration.pk]["price"]
        )
    update_order_totals(differences_cents)


def _exchange_places(result: RegistrationImportResult) -> None:
    for registration in result.changed_registrations:
        # Without a reserved place, its add-ons and options were not counted either.
        if not registration.is_reserved:
            result.extra_items.update(
                list_stock_items(registration, registration.active_addons) - Counter([registration.ticket])
            )
    released_places = [(r.ticket, r.member_of) for _ticket, r in result.ticket_changes if r.is_reserved]
    # After `released_places` was collected, since this changes the ticket.
    for ticket, registration in result.ticket_changes:
        _change_ticket(result, registration, ticket)
    new_registrations = result.new_registrations
    unreserved = new_registrations + [
        registration for registration in result.changed_registrations if not registration.is_reserved
    ]
    result.extra_items.update(chosen.addon for booking in result.new_orders for chosen in booking.addons)
    result.extra_items.update(count_chosen_options(new_registrations))
    reserved_places = [(registration.ticket, registration.member_of) for registration in unreserved]
    exchange_tickets(released_places, reserved_places, extra_items=result.extra_items)
    for registration in unreserved:
        registration.is_reserved = True


def save_import_run(event: Event, result: RegistrationImportResult, *, file_name: str) -> ImportRun:
    """Save the import with its snapshots, so that it can be undone."""
    result.import_run = ImportRun.objects.create(
        event=event,
        imported_by_id=current_actor.get().person_id,
        file_name=file_name[-200:],
        mapping=result.column_mapping,
        created_count=len(result.new_orders),
        changed_count=len(result.changed_registrations),
        unchanged_count=result.unchanged_count,
    )
    rows = [
        ImportedRow(
            run=result.import_run, registration=registration, values_after=snapshot_registration(registration)
        )
        for registration in result.new_registrations
    ]
    for registration in result.changed_registrations:
        before, after = result.old_values[registration.pk], snapshot_registration(registration)
        # Only differences are stored: snapshots of large lists would fill the table.
        names = [name for name in after if after[name] != before[name]]
        rows.append(
            ImportedRow(
                run=result.import_run,
                registration=registration,
                values_before={name: before[name] for name in names},
                values_after={name: after[name] for name in names},
            )
        )
    ImportedRow.objects.bulk_create(rows, BATCH_SIZE)
    return result.import_run
