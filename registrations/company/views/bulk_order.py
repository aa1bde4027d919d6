"""Register many colleagues: type or paste rows, correct them in place, then place one order.

The rows are saved as a draft, so nothing typed is lost.
"""

from collections import Counter
from dataclasses import replace
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from convention.club.models import Company, Person
from convention.club.permissions import get_company_of_contact, require_signed_in
from convention.events.models import Event
from convention.events.permissions import get_visible_event
from convention.money import Money
from convention.text.email_addresses import normalize_email
from convention.text.normalize import parse_digits
from convention.web.client_network import get_client_network
from convention.web.routing import require_safe_or_post
from registrations.application_rules import refuse_without_application
from registrations.booking.prepare_sale import preview_quote
from registrations.booking.validation import check_place_count, refuse_if_closed
from registrations.company.booking import (
    SeatError,
    find_existing_registrations,
    find_seat_errors,
    make_order_context,
)
from registrations.company.draft_rows import (
    ROW_FIELDS,
    PasteReport,
    append_pasted_rows,
    fill_tickets,
    is_filled_row,
)
from registrations.company.forms import MAX_ROWS, AttendeeRowFormSet, BaseAttendeeRowFormSet, PasteForm
from registrations.company.overview import list_unregistered_colleagues, load_company_passes
from registrations.company.permissions import list_company_orders
from registrations.inventory.stock import make_sold_out_error, refresh_availability
from registrations.models import Registration, Ticket
from registrations.order_request import MAX_PLACES_PER_ORDER, OrderRequest
from registrations.pricing.catalog import Offering
from registrations.pricing.display import describe_priced_ticket
from registrations.storefront.drafts import DraftContent, load_draft, save_draft

from .desk import render_page

BLANK_ROW_COUNT = 3
# References of as many registrations as there are rows, separated by spaces.
MAX_ACCEPTED_LENGTH = MAX_ROWS * 20
EMPTY_FORMSET_DATA = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0"}


class SecondPlace(NamedTuple):
    """A row whose person has a registration at the event already.

    `is_changeable` says whether the registration has a page in the company area.
    """

    row_number: int
    registration: Registration
    is_changeable: bool


@never_cache
@require_safe_or_post
def bulk_order_rows(request: HttpRequest, company: str, event: str) -> HttpResponse:
    """Show the rows; a POST pastes, adds, removes or checks them."""
    company_obj, event_obj = get_company_of_contact(company, request.user), _get_open_event(request, event)
    tickets = load_orderable_tickets(event_obj)
    draft = load_draft(request.session, make_draft_name(company_obj, event_obj))
    if request.method != "POST":
        return _render_unchecked_rows(
            request, company_obj, event_obj, PasteForm(), draft=draft, tickets=tickets
        )
    paste = PasteForm(request.POST)
    draft.people = _read_typed_rows(request)
    if "accepted_duplicates" in request.POST:
        draft.accepted_duplicates = request.POST["accepted_duplicates"][:MAX_ACCEPTED_LENGTH].split()
    has_changed_rows = _change_rows(request, company_obj, event_obj, draft, tickets)
    report = append_pasted_rows(draft, paste, tickets) if "paste" in request.POST else PasteReport()
    save_company_draft(request, company_obj, event_obj, draft)
    # Sent by the script that saves the draft while the contact types; it needs no page.
    if mode := request.headers.get("X-Draft"):
        if mode != "total":
            return HttpResponse(status=204)
        total = _price_draft(request, company_obj, event_obj, draft)
        return render(request, "company/draft_total.html", total)
    # Redirect after changing rows, so that reloading the page does not change them again.
    if has_changed_rows:
        return redirect(f"{request.path}#rows")
    if report is None:
        # Errors of the rows would only hide that of the paste.
        return _render_unchecked_rows(request, company_obj, event_obj, paste, draft=draft, tickets=tickets)
    _show_report(request, report)
    # Bound to the draft and not to the request: pasted rows are checked together with typed ones.
    rows = AttendeeRowFormSet(make_post_data(draft), prefix="row", form_kwargs={"tickets": tickets})
    is_valid = check_rows(rows, company_obj, event_obj, tickets)
    second_places = list_second_places(rows, company_obj, event_obj) if is_valid else []
    is_confirmed = not needs_confirmation(second_places, draft)
    if is_valid and is_confirmed and request.POST.keys() & {"check", "accepted_duplicates"}:
        return redirect("company-check", company, event)
    # Text that was pasted and not added yet stays.
    unread_text = "" if "paste" in request.POST else request.POST.get("pasted", "")
    paste = PasteForm(initial={"pasted": unread_text})
    return render_rows(
        request, company_obj, event_obj, rows, paste,
        draft=draft, second_places=[] if is_confirmed else second_places,
    )  # fmt: skip


def _show_report(request: HttpRequest, report: PasteReport) -> None:
    for sentence in report.describe():
        messages.warning(request, sentence)


def _render_unchecked_rows(
    request: HttpRequest,
    company: Company,
    event: Event,
    paste_form: PasteForm,
    *,
    draft: DraftContent,
    tickets: list[Ticket],
) -> HttpResponse:
    formset = _make_formset(draft, tickets, _find_pass_ticket(company, event, tickets))
    return render_rows(request, company, event, formset, paste_form, draft=draft)


def render_rows(
    request: HttpRequest,
    company: Company,
    event: Event,
    formset: BaseAttendeeRowFormSet,
    paste_form: PasteForm,
    *,
    draft: DraftContent,
    second_places: list[SecondPlace] | None = None,
) -> HttpResponse:
    """Render the page with the rows, and the second places that the contact has to confirm."""
    rows_with_errors = [
        (number, form) for number, form in enumerate(formset.forms, start=1) if form.is_bound and form.errors
    ]
    context = {
        "event": event,
        "colleagues": _list_offered_colleagues(company, event, draft),
        "rows": formset,
        "paste": paste_form,
        "max_places": MAX_PLACES_PER_ORDER,
        "rows_with_errors": rows_with_errors,
        "second_places": second_places or [],
        "ticket_choices": [
            (ticket.slug, describe_priced_ticket(ticket)) for ticket in load_orderable_tickets(event)
        ],
        **_price_draft(request, company, event, draft),
    }
    return render_page(request, "company/bulk_order.html", company, **context)


def _price_draft(request: HttpRequest, company: Company, event: Event, draft: DraftContent) -> dict[str, Any]:
    """Return what the rows with a ticket cost, and the passes; `total` is None if nothing can be summed."""
    tickets = load_orderable_tickets(event)
    offering = Offering({ticket.slug: ticket for ticket in tickets})
    people = [person for person in draft.people if person.get("ticket") in offering.tickets]
    people = [person for person in people if is_filled_row(person)]
    currencies = {offering.tickets[person["ticket"]].currency for person in people}
    if len(currencies) != 1:
        return {"total": None, "passes": load_company_passes(company, event, tickets)}
    contact = require_signed_in(request.user)
    order_request = make_order_request(replace(draft, people=people), company, contact.email or "")
    quote = preview_quote(event, order_request, offering, make_order_context(company, contact))
    return {
        "total": Money(quote.total, currencies.pop()),
        "person_count": len(people),
        "passes": load_company_passes(company, event, tickets, quote),
    }


def _get_open_event(request: HttpRequest, slug: str) -> Event:
    event = get_visible_event(slug, request.user)
    refuse_if_closed(event, at=timezone.now())
    # At events with applications, companies cannot register colleagues.
    for ticket in event.tickets.all():
        refuse_without_application(ticket)
    return event


def load_orderable_tickets(event: Event) -> list[Ticket]:
    """Return the tickets a contact can order now."""
    now = timezone.now()
    tickets = [
        ticket for ticket in event.tickets.with_prices() if ticket.is_public and ticket.is_on_sale(at=now)
    ]
    refresh_availability(tickets, at=now)
    return tickets


def save_company_draft(request: HttpRequest, company: Company, event: Event, draft: DraftContent) -> None:
    name, network = make_draft_name(company, event), get_client_network(request.META)
    save_draft(request.session, name, draft, event=event, network=network)


def make_draft_name(company: Company, event: Event) -> str:
    return f"{event.slug}@{company.slug}"


def _read_typed_rows(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the rows as typed, valid or not."""
    # The number of rows comes from the browser, so it is limited before anything is built from it.
    number = min(parse_digits(request.POST.get("row-TOTAL_FORMS", "")) or 0, MAX_ROWS)
    return [
        # Longer than any column, so that the form still sees that a text is too long.
        {name: request.POST.get(f"row-{index}-{name}", "")[:400] for name in ROW_FIELDS}
        for index in range(number)
    ]


def _add_rows(request: HttpRequest, draft: DraftContent) -> bool:
    # New rows start with the ticket of the row above.
    ticket = draft.people[-1].get("ticket", "") if draft.people else ""
    draft.people = [*draft.people, *({"ticket": ticket} for _each in range(BLANK_ROW_COUNT))][:MAX_ROWS]
    return True


def _remove_row(request: HttpRequest, draft: DraftContent) -> bool:
    """Remove a row."""
    number = parse_digits(request.POST.get("remove", ""))
    if number is not None and number < len(draft.people):
        del draft.people[number]
    return True


def _clear_rows(request: HttpRequest, draft: DraftContent) -> bool:
    """Empty the draft."""
    draft.people, draft.accepted_duplicates = [], []
    return True


def _fill_tickets(request: HttpRequest, draft: DraftContent) -> bool:
    """Choose one ticket in all rows without one; its field stands above the rows."""
    fill_tickets(draft, request.POST.get("same_ticket", "")[:400])
    return True


ROW_ACTIONS = {"add": _add_rows, "remove": _remove_row, "clear": _clear_rows, "fill": _fill_tickets}


def _change_rows(
    request: HttpRequest, company: Company, event: Event, draft: DraftContent, tickets: list[Ticket]
) -> bool:
    """Run the first button in the table that was pressed; return whether one was."""
    if "colleague" in request.POST:
        return _add_colleague(request, company, event, draft, tickets)
    action = next((action for name, action in ROW_ACTIONS.items() if name in request.POST), None)
    return action(request, draft) if action else False


def _add_colleague(
    request: HttpRequest, company: Company, event: Event, draft: DraftContent, tickets: list[Ticket]
) -> bool:
    """Put the holder of a seat into the first blank row, or into a new one."""
    pk = parse_digits(request.POST["colleague"])
    colleagues = _list_offered_colleagues(company, event, draft)
    colleague = next((person for person in colleagues if person.pk == pk), None)
    if colleague is None:
        return True
    member_ticket = next((ticket.slug for ticket in tickets if ticket.needs_member_verification), "")
    row = {
        "first_name": colleague.first_name,
        "last_name": colleague.last_name,
        "email": colleague.known_email,
        "ticket": _find_pass_ticket(company, event, tickets) or member_ticket,
    }
    blank_index = next((n for n, person in enumerate(draft.people) if not is_filled_row(person)), None)
    if blank_index is None:
        draft.people.append(row)
    else:
        draft.people[blank_index] = row
    return True


def _list_offered_colleagues(company: Company, event: Event, draft: DraftContent) -> list[Person]:
    """Return the colleagues with a seat who are neither registered nor in the draft; none if it is full."""
    if len(draft.people) >= MAX_ROWS and all(map(is_filled_row, draft.people)):
        return []
    added = {normalize_email(str(person.get("email") or "")) for person in draft.people}
    colleagues = list_unregistered_colleagues(company, event, at=timezone.now())
    return [person for person in colleagues if normalize_email(person.known_email) not in added]


def _find_pass_ticket(company: Company, event: Event, tickets: list[Ticket]) -> str:
    """Return the first ticket that the membership pays for while passes are left; "" if there is none."""
    passes = load_company_passes(company, event, tickets)
    return passes.tickets[0].slug if passes.tickets else ""


def _make_formset(draft: DraftContent, tickets: list[Ticket], default_ticket: str) -> BaseAttendeeRowFormSet:
    """Return an unvalidated formset of the draft's rows, with blank rows if there are none."""
    blank_row = {"ticket": default_ticket} if default_ticket else {}
    people = [person for person in draft.people if person] or [blank_row] * BLANK_ROW_COUNT
    return AttendeeRowFormSet(prefix="row", initial=people, form_kwargs={"tickets": tickets})


def make_post_data(draft: DraftContent) -> dict[str, str]:
    """Return the draft's rows as the page would post them."""
    data = {f"row-{name}": value for name, value in EMPTY_FORMSET_DATA.items()}
    data["row-TOTAL_FORMS"] = str(len(draft.people))
    for index, person in enumerate(draft.people):
        data |= {f"row-{index}-{name}": str(person[name]) for name in ROW_FIELDS if person.get(name)}
    return data


def check_rows(
    formset: BaseAttendeeRowFormSet, company: Company, event: Event, tickets: list[Ticket]
) -> bool:
    """Return whether all rows can be ordered; errors are added to their rows or to the formset."""
    # Called for the errors it adds to the forms, which are read below.
    formset.is_valid()
    filled_forms = [form for _number, form in formset.iterate_filled_rows()]
    # Only rows without errors of their own are checked against seats and stock.
    valid_forms = [form for form in filled_forms if not form.errors]
    for number, error in find_seat_errors(event, company, [form.to_place() for form in valid_forms]).items():
        valid_forms[number].add_error("email", _describe_seat_error(error, company))
    form_errors = formset.non_form_errors()
    form_errors.extend(sentence for _field, sentence in check_place_count(len(filled_forms)))
    counts = Counter(form.to_place().ticket for form in valid_forms)
    form_errors.extend(
        str(make_sold_out_error(ticket))
        for ticket in tickets
        if ticket.remaining is not None and ticket.remaining < counts[ticket.slug]
    )
    return not form_errors and not any(form.errors for form in filled_forms)


def list_second_places(formset: BaseAttendeeRowFormSet, company: Company, event: Event) -> list[SecondPlace]:
    """Return the rows, without errors, whose person has a registration at the event already."""
    filled_rows = list(formset.iterate_filled_rows())
    existing = find_existing_registrations(event, company, [form.to_place() for _number, form in filled_rows])
    if not existing:
        return []
    order_ids = {registration.order_id for registration in existing.values()}
    changeable = set(list_company_orders(company).filter(pk__in=order_ids).values_list("pk", flat=True))
    return [
        SecondPlace(filled_rows[index][0], registration, registration.order_id in changeable)
        for index, registration in existing.items()
    ]


def needs_confirmation(second_places: list[SecondPlace], draft: DraftContent) -> bool:
    """Return whether one of the second places was not accepted by the contact."""
    references = {second_place.registration.reference for second_place in second_places}
    return not references <= set(draft.accepted_duplicates)


def _describe_seat_error(error: SeatError, company: Company) -> str:
    """Return the sentence, with a link to the page that gives seats if one is missing."""
    if not error.lacks_seat:
        return error.sentence
    seats_path = reverse("company-seats", args=[company.slug])
    return format_html('{} <a href="{}">{}</a>', error.sentence, seats_path, _("See the company’s seats"))


def make_order_request(draft: DraftContent, company: Company, email: str) -> OrderRequest:
    """Return the order request for the draft's people, in the contact's name."""
    people = [person for person in draft.people if is_filled_row(person)]
    language = translation.get_language() or "fr"
    order_request = replace(draft, people=people, contact=email).build_order_request(language)
    places = tuple(
        replace(place, company=company.name, is_to_follow=not (place.first_name or place.last_name))
        for place in order_request.places
    )
    return replace(order_request, places=places, company=company.name)
