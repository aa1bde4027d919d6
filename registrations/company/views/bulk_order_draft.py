"""The draft of a bulk order in the session, and its rows as a formset with their errors."""

from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from convention.club.models import Company
from convention.events.models import Event
from registrations.booking.validation import check_place_count
from registrations.company.booking import SeatError, find_seat_errors, list_company_cap_errors
from registrations.company.bulk_order import (
    BulkOrder,
    calculate_draft_price,
    find_pass_ticket,
    list_shortages,
)
from registrations.company.draft_rows import ROW_FIELDS
from registrations.company.forms import AttendeeRowFormSet, BaseAttendeeRowFormSet
from registrations.storefront.drafts import DraftContent, delete_draft, load_draft, save_draft

BLANK_ROW_COUNT = 3
EMPTY_FORMSET_DATA = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0"}


def load_company_draft(session: SessionBase, company: Company, event: Event) -> DraftContent:
    """Return the draft of the company's order for the event, a new one if none is stored."""
    return load_draft(session, _make_draft_name(company, event))


def save_company_draft(
    session: SessionBase, company: Company, event: Event, draft: DraftContent, *, network: str
) -> None:
    """Save the draft. Raise what `save_draft` raises."""
    save_draft(session, _make_draft_name(company, event), draft, event=event, network=network)


def delete_company_draft(session: SessionBase, company: Company, event: Event) -> None:
    """Delete the draft, once it is booked."""
    delete_draft(session, _make_draft_name(company, event))


def _make_draft_name(company: Company, event: Event) -> str:
    return f"{event.slug}@{company.slug}"


def make_unchecked_rows(bulk_order: BulkOrder) -> BaseAttendeeRowFormSet:
    """Return an unvalidated formset of the draft's rows, with blank rows if there are none."""
    pass_ticket = find_pass_ticket(bulk_order)
    blank_row = {"ticket": pass_ticket} if pass_ticket else {}
    people = [person for person in bulk_order.draft.people if person] or [blank_row] * BLANK_ROW_COUNT
    formset: BaseAttendeeRowFormSet = AttendeeRowFormSet(
        prefix="row", initial=people, form_kwargs={"offer": bulk_order.offer}
    )
    return formset


def make_checked_rows(bulk_order: BulkOrder) -> BaseAttendeeRowFormSet:
    """Return a formset bound to the draft, with all errors at their rows or at the formset.

    Bound to the draft and not to a request: pasted rows are checked together with typed ones.
    """
    data = _make_post_data(bulk_order.draft)
    formset: BaseAttendeeRowFormSet = AttendeeRowFormSet(
        data, prefix="row", form_kwargs={"offer": bulk_order.offer}
    )
    _check_rows(bulk_order, formset)
    return formset


def _make_post_data(draft: DraftContent) -> dict[str, str | list[str]]:
    """Return the draft's rows as the page would post them."""
    data: dict[str, str | list[str]] = {f"row-{name}": value for name, value in EMPTY_FORMSET_DATA.items()}
    data["row-TOTAL_FORMS"] = str(len(draft.people))
    for index, person in enumerate(draft.people):
        data |= {f"row-{index}-{name}": str(person[name]) for name in ROW_FIELDS if person.get(name)}
        data[f"row-{index}-addons"] = list(person.get("addons") or [])
    return data


def _check_rows(bulk_order: BulkOrder, formset: BaseAttendeeRowFormSet) -> None:
    """Add the errors of the rows to them, and those of the order to the formset."""
    company, event = bulk_order.company, bulk_order.event
    # Called for the errors it adds to the forms, which are read below.
    formset.is_valid()
    filled_rows = list(formset.iterate_filled_rows())
    # Only rows without errors of their own are checked against seats and stock.
    valid_rows = [(number, form) for number, form in filled_rows if not form.errors]
    valid_forms = [form for _number, form in valid_rows]
    for index, error in find_seat_errors(event, company, [form.to_place() for form in valid_forms]).items():
        row_number, form = valid_rows[index]
        form.add_error("email", _describe_seat_error(error, bulk_order, row_number))
    form_errors = formset.non_form_errors()
    form_errors.extend(sentence for _field, sentence in check_place_count(len(filled_rows)))
    places = [form.to_place() for form in valid_forms]
    form_errors.extend(list_company_cap_errors(company, bulk_order.tickets, places))
    form_errors.extend(list_shortages(bulk_order.offer, places))


def _describe_seat_error(error: SeatError, bulk_order: BulkOrder, row_number: int) -> str:
    """Return the sentence; if a seat is missing, with a link to the form that gives the row's person one."""
    if not error.lacks_seat:
        return error.sentence
    # The row by its number: names and addresses do not belong into web addresses.
    query = {"event": bulk_order.event.slug, "row": row_number}
    seats_path = reverse("company-seats", args=[bulk_order.company.slug], query=query, fragment="add")
    link_text = _("Give them a seat")
    return format_html('<span>{} <a href="{}">{}</a></span>', error.sentence, seats_path, link_text)


def get_draft_person(
    session: SessionBase, company: Company, event: Event, *, row_number: int | None
) -> dict[str, str]:
    """Return name and address in a row of the company's draft, {} if there is no such row."""
    people = load_company_draft(session, company, event).people
    if row_number is None or not 0 < row_number <= len(people):
        return {}
    person = people[row_number - 1]
    return {name: str(person.get(name) or "") for name in ("first_name", "last_name", "email")}


def price_draft(bulk_order: BulkOrder) -> dict[str, Any]:
    """Return the price of the draft as template context."""
    return calculate_draft_price(bulk_order)._asdict()
