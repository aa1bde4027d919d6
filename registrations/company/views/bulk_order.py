"""Register many colleagues: type or paste rows, correct them in place, then place one order.

The rows are saved as a draft, so nothing typed is lost.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from convention.club.models import Company, Person
from convention.club.permissions import get_company_of_contact, require_signed_in
from convention.errors import ConventionError, InvalidFields, SoldOut, UnreadableFile
from convention.events.models import Event
from convention.events.permissions import get_visible_event
from convention.money import Money
from convention.text.email_addresses import normalize_email
from convention.text.normalize import parse_digits
from convention.web.client_network import get_client_network
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.application_rules import refuse_without_application
from registrations.billing.refund_text import describe_ticket_refunds
from registrations.booking.idempotency import find_order_by_key
from registrations.booking.order_limits import AlreadyRegistered
from registrations.booking.prepare_sale import preview_quote, quote_order
from registrations.booking.validation import check_place_count, refuse_if_closed
from registrations.company.booking import (
    SeatError,
    book_for_company,
    find_seat_errors,
    make_order_context,
)
from registrations.company.forms import MAX_ROWS, AttendeeRowFormSet, BaseAttendeeRowFormSet, PasteForm
from registrations.company.overview import list_unregistered_colleagues, load_company_passes
from registrations.company.pasted_rows import parse_pasted_rows
from registrations.inventory.stock import make_sold_out_error, refresh_availability
from registrations.models import Ticket
from registrations.order_request import MAX_PLACES_PER_ORDER, BillingDetails, OrderRequest
from registrations.pricing.catalog import Offering, PriceChanged
from registrations.pricing.display import describe_vat, make_line_row
from registrations.pricing.quote import Quote
from registrations.rate_limits import throttle_order
from registrations.storefront.drafts import BILLING_FIELDS, DraftContent, delete_draft, load_draft, save_draft
from registrations.storefront.forms import BillingForm

from .desk import render_page

BLANK_ROW_COUNT = 3
ROW_FIELDS = ("first_name", "last_name", "email", "ticket", "is_to_follow")
EMPTY_FORMSET_DATA = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0"}


@never_cache
@require_safe_or_post
def bulk_order_rows(request: HttpRequest, company: str, event: str) -> HttpResponse:
    """Show the rows; a POST pastes, adds, removes or checks them."""
    company_obj, event_obj = get_company_of_contact(company, request.user), _get_open_event(request, event)
    tickets = _load_tickets(event_obj)
    draft = load_draft(request.session, _draft_key(company_obj, event_obj))
    if request.method != "POST":
        return _render_unchecked_rows(
            request, company_obj, event_obj, PasteForm(), draft=draft, tickets=tickets
        )
    paste = PasteForm(request.POST)
    draft.people = _read_typed_rows(request)
    has_changed_rows = _change_rows(request, company_obj, event_obj, draft, tickets)
    is_paste_refused = "paste" in request.POST and not _append_pasted_rows(draft, paste, tickets)
    _save_draft(request, company_obj, event_obj, draft)
    # Sent by the script that saves the draft while the contact types; it needs no page.
    if mode := request.headers.get("X-Draft"):
        if mode != "total":
            return HttpResponse(status=204)
        total = _price_draft(request, company_obj, event_obj, draft)
        return render(request, "company/draft_total.html", total)
    # Redirect after changing rows, so that reloading the page does not change them again.
    if has_changed_rows:
        return redirect(f"{request.path}#rows")
    if is_paste_refused:
        # Errors of the rows would only hide that of the paste.
        return _render_unchecked_rows(request, company_obj, event_obj, paste, draft=draft, tickets=tickets)
    # Bound to the draft and not to the request: pasted rows are checked together with typed ones.
    rows = AttendeeRowFormSet(_make_post_data(draft), prefix="row", form_kwargs={"tickets": tickets})
    is_valid = _check_rows(rows, company_obj, event_obj, tickets)
    if is_valid and "check" in request.POST:
        return redirect("company-check", company, event)
    # Text that was pasted and not added yet stays.
    unread_text = "" if "paste" in request.POST else request.POST.get("pasted", "")
    paste = PasteForm(initial={"pasted": unread_text})
    return _render_rows(request, company_obj, event_obj, rows, paste, draft=draft)


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
    return _render_rows(request, company, event, formset, paste_form, draft=draft)


def _render_rows(
    request: HttpRequest,
    company: Company,
    event: Event,
    formset: BaseAttendeeRowFormSet,
    paste_form: PasteForm,
    *,
    draft: DraftContent,
) -> HttpResponse:
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
        **_price_draft(request, company, event, draft),
    }
    return render_page(request, "company/bulk_order.html", company, **context)


def _price_draft(request: HttpRequest, company: Company, event: Event, draft: DraftContent) -> dict[str, Any]:
    """Return what the rows with a ticket cost, and the passes; `total` is None if nothing can be summed."""
    tickets = _load_tickets(event)
    offering = Offering({ticket.slug: ticket for ticket in tickets})
    people = [person for person in draft.people if person.get("ticket") in offering.tickets]
    people = [person for person in people if _is_filled(person)]
    currencies = {offering.tickets[person["ticket"]].currency for person in people}
    if len(currencies) != 1:
        return {"total": None, "passes": load_company_passes(company, event, tickets)}
    contact = require_signed_in(request.user)
    order_request = _make_order_request(replace(draft, people=people), company, contact.email or "")
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


def _load_tickets(event: Event) -> list[Ticket]:
    """Return the tickets a contact can order now."""
    now = timezone.now()
    tickets = [
        ticket for ticket in event.tickets.with_prices() if ticket.is_public and ticket.is_on_sale(at=now)
    ]
    refresh_availability(tickets, at=now)
    return tickets


def _save_draft(request: HttpRequest, company: Company, event: Event, draft: DraftContent) -> None:
    name, network = _draft_key(company, event), get_client_network(request.META)
    save_draft(request.session, name, draft, event=event, network=network)


def _draft_key(company: Company, event: Event) -> str:
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


def _is_filled(person: dict[str, Any]) -> bool:
    return any(person.get(name) for name in ROW_FIELDS if name != "ticket")


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
    draft.people = []
    return True


ROW_ACTIONS = {"add": _add_rows, "remove": _remove_row, "clear": _clear_rows}


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
    blank_index = next((n for n, person in enumerate(draft.people) if not _is_filled(person)), None)
    if blank_index is None:
        draft.people.append(row)
    else:
        draft.people[blank_index] = row
    return True


def _list_offered_colleagues(company: Company, event: Event, draft: DraftContent) -> list[Person]:
    """Return the colleagues with a seat who are neither registered nor in the draft; none if it is full."""
    if len(draft.people) >= MAX_ROWS and all(map(_is_filled, draft.people)):
        return []
    added = {normalize_email(str(person.get("email") or "")) for person in draft.people}
    colleagues = list_unregistered_colleagues(company, event, at=timezone.now())
    return [person for person in colleagues if normalize_email(person.known_email) not in added]


def _append_pasted_rows(draft: DraftContent, paste_form: PasteForm, tickets: list[Ticket]) -> bool:
    """Append pasted rows to the draft; return False with the error on the form if they cannot be read."""
    if not paste_form.is_valid():
        return False
    try:
        rows = parse_pasted_rows(paste_form.cleaned_data["pasted"], tickets)
    except UnreadableFile as error:
        paste_form.add_error("pasted", str(error))
        return False
    filled_rows = [person for person in draft.people if _is_filled(person)]
    if not rows:
        paste_form.add_error("pasted", _("Paste at least one row."))
    elif len(filled_rows) + len(rows) > MAX_ROWS:
        paste_form.add_error("pasted", _("Paste at most %(most)d rows at a time.") % {"most": MAX_ROWS})
    else:
        draft.people = [*filled_rows, *rows]
    return not paste_form.errors


def _find_pass_ticket(company: Company, event: Event, tickets: list[Ticket]) -> str:
    """Return the first ticket that the membership pays for while passes are left; "" if there is none."""
    passes = load_company_passes(company, event, tickets)
    return passes.tickets[0].slug if passes.tickets else ""


def _make_formset(draft: DraftContent, tickets: list[Ticket], default_ticket: str) -> BaseAttendeeRowFormSet:
    """Return an unvalidated formset of the draft's rows, with blank rows if there are none."""
    blank_row = {"ticket": default_ticket} if default_ticket else {}
    people = [person for person in draft.people if person] or [blank_row] * BLANK_ROW_COUNT
    return AttendeeRowFormSet(prefix="row", initial=people, form_kwargs={"tickets": tickets})


def _make_post_data(draft: DraftContent) -> dict[str, str]:
    """Return the draft's rows as the page would post them."""
    data = {f"row-{name}": value for name, value in EMPTY_FORMSET_DATA.items()}
    data["row-TOTAL_FORMS"] = str(len(draft.people))
    for index, person in enumerate(draft.people):
        data |= {f"row-{index}-{name}": str(person[name]) for name in ROW_FIELDS if person.get(name)}
    return data


def _check_rows(
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


def _describe_seat_error(error: SeatError, company: Company) -> str:
    """Return the sentence, with a link to the page that gives seats if one is missing."""
    if not error.lacks_seat:
        return error.sentence
    seats_path = reverse("company-seats", args=[company.slug])
    return format_html('{} <a href="{}">{}</a>', error.sentence, seats_path, _("See the company’s seats"))


@never_cache
@require_safe_or_post
def bulk_order_review(request: HttpRequest, company: str, event: str) -> HttpResponse:
    """Show the quote, the invoice's address and the purchase order; a POST places the order."""
    company_obj, nonce = get_company_of_contact(company, request.user), request.POST.get("nonce", "")
    event_obj = get_visible_event(event, request.user)
    # A second click: the first one has placed the order.
    if nonce and (order := find_order_by_key(event_obj, _idempotency_key(company_obj, nonce))):
        return redirect("company-order", company, order.reference)
    refuse_if_closed(event_obj, at=timezone.now())
    draft, tickets = load_draft(request.session, _draft_key(company_obj, event_obj)), _load_tickets(event_obj)
    rows = AttendeeRowFormSet(_make_post_data(draft), prefix="row", form_kwargs={"tickets": tickets})
    # Checked again: stock and seats may have changed since the rows page.
    if not _check_rows(rows, company_obj, event_obj, tickets):
        return _render_rows(request, company_obj, event_obj, rows, PasteForm(), draft=draft)
    contact = require_signed_in(request.user)
    order_request = _make_order_request(draft, company_obj, contact.email or "")
    # Without the billing details, which the form on this page checks: the rows page could not correct them.
    priced_request = replace(order_request, billing=BillingDetails(), purchase_order="")
    try:
        quote, currency = quote_order(
            event=event_obj, request=priced_request, context=make_order_context(company_obj, contact)
        )
    except (SoldOut, InvalidFields) as error:
        return _redirect_to_rows(request, company_obj, event_obj, error)
    data = get_posted_data(request)
    billing = (
        BillingForm(data, initial={**make_billing_data(company_obj), **draft.billing})
        if quote.total
        else None
    )
    if request.method == "POST":
        # Saved even if invalid: the address is not typed twice.
        _update_billing(request, draft)
        _save_draft(request, company_obj, event_obj, draft)
        if "X-Draft" in request.headers:
            return HttpResponse(status=204)
        if billing is None or billing.is_valid():
            return _book_draft(request, company_obj, event_obj, draft)
    price_rows = [make_line_row(line, currency=currency, zone=event_obj.zone) for line in quote.lines]
    context = {
        "event": event_obj,
        "people": list(zip(order_request.places, price_rows, strict=True)),
        "total": Money(quote.total, currency),
        "refunds": describe_ticket_refunds(event_obj, _list_priced_tickets(order_request, tickets, quote)),
        "vat": [describe_vat(amount, currency) for amount in quote.vat_by_rate],
        "billing": billing,
        "draft": draft,
        "passes": load_company_passes(company_obj, event_obj, tickets, quote),
    }
    return render_page(request, "company/bulk_order_review.html", company_obj, **context)


def _list_priced_tickets(
    order_request: OrderRequest, tickets: Sequence[Ticket], quote: Quote
) -> list[Ticket]:
    """Return the tickets of the places that cost something."""
    slugs = {order_request.places[line.place_number].ticket for line in quote.lines if line.price}
    return [ticket for ticket in tickets if ticket.slug in slugs]


def make_billing_data(company: Company) -> dict[str, str]:
    """Return the company's address as billing data."""
    return {
        "billing_name": company.name,
        "billing_street": company.street,
        "billing_postcode": company.postcode,
        "billing_city": company.city,
        "billing_country": company.country,
        "billing_tax_number": company.vat_number or company.siren,
    }


def _update_billing(request: HttpRequest, draft: DraftContent) -> None:
    names = [*BILLING_FIELDS, "purchase_order"]
    draft.billing = {name: request.POST[name][:400] for name in names if name in request.POST}


def _idempotency_key(company: Company, nonce: str) -> str:
    return f"company:{company.pk}:{nonce}"


def _make_order_request(draft: DraftContent, company: Company, email: str) -> OrderRequest:
    """Return the order request for the draft's people, in the contact's name."""
    people = [person for person in draft.people if _is_filled(person)]
    language = translation.get_language() or "fr"
    order_request = replace(draft, people=people, contact=email).build_order_request(language)
    places = tuple(
        replace(place, company=company.name, is_to_follow=not (place.first_name or place.last_name))
        for place in order_request.places
    )
    return replace(order_request, places=places, company=company.name)


def _book_draft(request: HttpRequest, company: Company, event: Event, draft: DraftContent) -> HttpResponse:
    """Place the order, or go back to the rows with the errors; the draft stays."""
    contact = require_signed_in(request.user)
    order_request = _make_order_request(draft, company, contact.email or "")
    # The total that the contact saw: a price that changed meanwhile must not be ordered unseen.
    if (shown := parse_digits(request.POST.get("shown", ""))) is not None:
        order_request = replace(order_request, expected_total=shown)
    throttle_order(event, order_request)
    try:
        order = book_for_company(
            event=event,
            company=company,
            contact_person=contact,
            request=order_request,
            idempotency_key=_idempotency_key(company, draft.nonce),
        )
    # Back to the review, which shows the new price: nothing in the rows has to be corrected.
    except PriceChanged as error:
        messages.warning(request, str(error))
        return redirect("company-check", company.slug, event.slug)
    except (SoldOut, InvalidFields, AlreadyRegistered) as error:
        return _redirect_to_rows(request, company, event, error)
    delete_draft(request.session, _draft_key(company, event))
    places = len(order_request.places)
    message = ngettext(
        "%(places)d place is booked: order %(reference)s.",
        "%(places)d places are booked: order %(reference)s.",
        places,
    )
    messages.success(request, message % {"places": places, "reference": order.reference})
    return redirect("company-order", company.slug, order.reference)


def _redirect_to_rows(
    request: HttpRequest, company: Company, event: Event, error: ConventionError
) -> HttpResponse:
    for sentence in _list_error_sentences(error):
        messages.error(request, f"{sentence} {_('Your entries have not been lost.')}")
    return redirect("company-register", company.slug, event.slug)


def _list_error_sentences(error: ConventionError) -> list[str]:
    if isinstance(error, InvalidFields):
        return list(
            dict.fromkeys(sentence for sentences in error.field_errors.values() for sentence in sentences)
        )
    return [str(error)]
