"""Decide which tickets and names of a list apply to existing registrations.

A list carries no price: a ticket that it changes is charged at today's price. It therefore leaves alone what
somebody has paid, been invoiced or agreed with the organizers; the registration's page shows the difference
before it changes such a ticket.
"""

import copy
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import batched

from django.utils.translation import gettext as _

from convention.errors import InvalidFields
from convention.events.models import Event
from registrations.application_rules import describe_missing_application
from registrations.booking.membership_places import check_pass_transfer
from registrations.booking.transfer import is_transfer
from registrations.booking.validation import is_addon_for_ticket
from registrations.changes.correct import NAME_FIELDS
from registrations.invoices.models.documents import Invoice, Payment
from registrations.models import Registration, Ticket

from .rows import ImportCatalog, RegistrationRow
from .save_import import BATCH_SIZE


def refuse_ticket_changes(
    event: Event,
    rows: Sequence[RegistrationRow],
    registrations_by_row: Mapping[int, Registration],
    catalog: ImportCatalog,
) -> tuple[list[RegistrationRow], list[tuple[int, str]]]:
    """Return the rows without the tickets that a list may not change, and the reason for each by row."""
    objections = _find_objections(event, rows, registrations_by_row, catalog)
    allowed_rows = [
        replace(row, has_ticket_cell=False) if row.row_number in objections else row for row in rows
    ]
    return allowed_rows, sorted(objections.items())


def _find_objections(
    event: Event,
    rows: Sequence[RegistrationRow],
    registrations_by_row: Mapping[int, Registration],
    catalog: ImportCatalog,
) -> dict[int, str]:
    """Return by row number why the row's ticket is not given to a registration that has another one."""
    tickets = {ticket.slug: ticket for ticket in catalog.tickets}
    wanted_tickets = {
        row.row_number: tickets[row.place.ticket]
        for row in rows
        if (registration := registrations_by_row.get(row.row_number))
        and row.has_ticket_cell
        and registration.is_active
        and row.place.ticket != registration.ticket.slug
    }
    if event.is_over():
        return dict.fromkeys(wanted_tickets, _("The ticket is not changed: the event is over."))
    billed_references = find_billed_references(
        {registrations_by_row[number].order.reference for number in wanted_tickets}
    )
    objections = {
        number: _find_objection(registrations_by_row[number], ticket, billed_references)
        for number, ticket in wanted_tickets.items()
    }
    return {number: objection for number, objection in objections.items() if objection}


def find_billed_references(references: Collection[str]) -> set[str]:
    """Return which of these orders have a payment or an invoice."""
    found = set[str]()
    for batch in batched(sorted(references), BATCH_SIZE, strict=False):
        for document in (Invoice, Payment):
            billed = document._default_manager.filter(receivable__reference__in=batch).order_by()
            found.update(billed.values_list("receivable__reference", flat=True))
    return found


def _find_objection(registration: Registration, ticket: Ticket, billed_references: Collection[str]) -> str:
    """Return why a list may not change this ticket, or ""."""
    if registration.order.reference in billed_references:
        return _(
            "The ticket is not changed: the order has been paid or invoiced. Change it on the "
            "registration’s page."
        )
    if any(reduction["reason"] == "organizer" for reduction in registration.reductions):
        return _(
            "The ticket is not changed: the price was agreed with the organizer. Change it on the "
            "registration’s page."
        )
    if ticket.currency != registration.order.currency:
        return _("The ticket is not changed: it is sold in another currency.")
    # A list must not bypass the applications for a visit.
    if describe_missing_application(ticket):
        return _("The ticket is not changed: its places are allocated on application.")
    return ""


def check_addons_of_ticket(
    row: RegistrationRow, registration: Registration, catalog: ImportCatalog
) -> Iterator[str]:
    """Yield the add-ons the attendee has that do not go with the row's ticket."""
    ticket = next(
        (candidate for candidate in catalog.tickets if candidate.slug == row.place.ticket),
        registration.ticket,
    )
    if not row.has_ticket_cell or ticket.pk == registration.ticket_id:
        return
    # Add-ons are not changed by a list, so that a ticket that excludes one cannot be given.
    taken_addon_ids = {chosen.addon_id for chosen in registration.active_addons}
    for addon in catalog.addons:
        if addon.pk in taken_addon_ids and not is_addon_for_ticket(addon, ticket.slug):
            sentence = _(
                "This person has booked “%(addon)s”, which is not available with “%(ticket)s”. Keep "
                "the current ticket, or make the add-on available with the other one."
            )
            yield sentence % {"addon": addon.title, "ticket": ticket.title}


def check_transfer(row: RegistrationRow, registration: Registration) -> Iterator[str]:
    """Yield an error if the row names another person for a place that is not theirs to have.

    Applicants were chosen by priority: the next one on the waiting list has a claim to the place. A
    membership pass pays for colleagues with a seat only.
    """
    names = {name: text for name in NAME_FIELDS if (text := getattr(row.place, name))}
    before = {
        name: getattr(registration, name)
        for name, text in names.items()
        if text != getattr(registration, name)
    }
    named = copy.copy(registration)
    for name in before:
        setattr(named, name, names[name])
    if not is_transfer(named, before):
        return
    if describe_missing_application(registration.ticket):
        yield _(
            "This place was allocated on application, so a list cannot give it to another person. "
            "Correct the name in the row, or remove the row."
        )
    try:
        check_pass_transfer(named, field="last_name")
    except InvalidFields:
        yield _(
            "A membership pass pays for this place, so a list cannot give it to another person. Correct the "
            "name in the row, or give the place to a colleague with a seat on the registration’s page."
        )
