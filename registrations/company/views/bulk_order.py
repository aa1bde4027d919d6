"""Register many colleagues: type or paste rows, correct them in place, then place one order.

The rows are saved as a draft, so nothing typed is lost.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from convention.api.throttles import TooManyRequests
from convention.club.models import Company
from convention.club.permissions import get_company_of_contact, require_signed_in
from convention.events.models import Event
from convention.events.permissions import get_visible_event
from convention.text.normalize import parse_digits
from convention.web.client_network import get_client_network
from convention.web.routing import require_safe_or_post
from registrations.application_rules import refuse_without_application
from registrations.booking.validation import refuse_if_closed
from registrations.company.booking import list_ticket_limits
from registrations.company.bulk_order import (
    BulkOrder,
    SecondPlace,
    find_code_error,
    find_pass_ticket,
    list_offered_colleagues,
    list_unconfirmed_second_places,
    load_bulk_order,
)
from registrations.company.draft_rows import (
    ROW_FIELDS,
    PasteReport,
    add_addon_to_all,
    append_pasted_rows,
    append_unnamed_rows,
    fill_tickets,
    is_filled_row,
)
from registrations.company.forms import MAX_ROWS, BaseAttendeeRowFormSet, PasteForm
from registrations.order_request import MAX_PLACES_PER_ORDER, normalize_code
from registrations.pricing.display import describe_priced_ticket
from registrations.rate_limits import get_voucher_throttled
from registrations.storefront.drafts import DraftContent
from registrations.storefront.forms import VoucherCodeForm

from .bulk_order_draft import (
    BLANK_ROW_COUNT,
    load_company_draft,
    make_checked_rows,
    make_unchecked_rows,
    price_draft,
    save_company_draft,
)
from .desk import render_page

# References of as many registrations as there are rows, separated by spaces.
MAX_ACCEPTED_LENGTH = MAX_ROWS * 20
MAX_ADDONS_PER_ROW = 50


@never_cache
@require_safe_or_post
def bulk_order_rows(request: HttpRequest, company: str, event: str) -> HttpResponse:
    """Show the rows; a POST pastes, adds, removes or checks them."""
    company_obj, event_obj = get_company_of_contact(company, request.user), _get_open_event(request, event)
    draft = load_company_draft(request.session, company_obj, event_obj)
    if request.method != "POST":
        bulk_order = _open_saved_rows(request, company_obj, event_obj, draft)
        return render_rows(request, bulk_order, make_unchecked_rows(bulk_order), PasteForm())
    _read_typed_fields(request, draft)
    bulk_order = _open_typed_rows(request, company_obj, event_obj, draft)
    paste = PasteForm(request.POST)
    has_changed_rows = _change_rows(request, bulk_order)
    is_pasting = "paste" in request.POST
    report = append_pasted_rows(draft, paste, bulk_order.offer) if is_pasting else PasteReport()
    _save_draft(request, company_obj, event_obj, draft)
    # Sent by the script that saves the draft while the contact types; it needs no page.
    if mode := request.headers.get("X-Draft"):
        if mode != "total":
            return HttpResponse(status=204)
        return render(request, "company/draft_total.html", price_draft(bulk_order))
    # Redirect after changing rows, so that reloading the page does not change them again.
    if has_changed_rows:
        return redirect(f"{request.path}#rows")
    if "apply" in request.POST:
        return _apply_code(request, bulk_order)
    if report is None:
        # Errors of the rows would only hide that of the paste.
        return render_rows(request, bulk_order, make_unchecked_rows(bulk_order), paste)
    _show_report(request, report)
    return _check_draft(request, bulk_order)


def open_bulk_order(request: HttpRequest, company: Company, event: Event, draft: DraftContent) -> BulkOrder:
    """Load what the contact can order with the draft's code. Raise TooManyRequests after many wrong codes."""
    contact, network = require_signed_in(request.user), get_client_network(request.META)
    senders = request.session.session_key or "", contact.email or ""
    voucher = get_voucher_throttled(event, draft.code, *senders, network=network)
    return load_bulk_order(company=company, contact=contact, event=event, draft=draft, voucher=voucher)


def _open_saved_rows(request: HttpRequest, company: Company, event: Event, draft: DraftContent) -> BulkOrder:
    """Load like `open_bulk_order`; after many wrong codes without it, so that the contact can remove it."""
    try:
        return open_bulk_order(request, company, event, draft)
    except TooManyRequests as refusal:
        messages.error(request, str(refusal))
        draft.code = ""
        return open_bulk_order(request, company, event, draft)


def _open_typed_rows(request: HttpRequest, company: Company, event: Event, draft: DraftContent) -> BulkOrder:
    """Load like `open_bulk_order`; save what was typed if the code is refused after too many guesses."""
    try:
        return open_bulk_order(request, company, event, draft)
    except TooManyRequests:
        _save_draft(request, company, event, draft)
        raise


def _save_draft(request: HttpRequest, company: Company, event: Event, draft: DraftContent) -> None:
    network = get_client_network(request.META)
    save_company_draft(request.session, company, event, draft, network=network)


def _apply_code(request: HttpRequest, bulk_order: BulkOrder) -> HttpResponse:
    """Show what the code does, or why it cannot be used; rows that are not finished show no errors."""
    code = _make_checked_code(request, bulk_order)
    if code.is_valid():
        return redirect(f"{request.path}#code")
    return render_rows(request, bulk_order, make_unchecked_rows(bulk_order), PasteForm(), code_form=code)


def _make_checked_code(request: HttpRequest, bulk_order: BulkOrder) -> VoucherCodeForm:
    code = VoucherCodeForm(request.POST)
    if code.is_valid() and (sentence := find_code_error(bulk_order)):
        code.add_error("code", sentence)
    return code


def _check_draft(request: HttpRequest, bulk_order: BulkOrder) -> HttpResponse:
    """Show the rows with their errors, or go on to the review if that button was pressed."""
    rows, code = make_checked_rows(bulk_order), _make_checked_code(request, bulk_order)
    second_places = list_unconfirmed_second_places(bulk_order, rows)
    is_complete = not rows.has_errors and code.is_valid() and not second_places
    if is_complete and request.POST.keys() & {"check", "accepted_duplicates"}:
        return redirect("company-check", bulk_order.company.slug, bulk_order.event.slug)
    # Text that was pasted and not added yet stays.
    unread_text = "" if "paste" in request.POST else request.POST.get("pasted", "")
    paste = PasteForm(initial={"pasted": unread_text})
    return render_rows(request, bulk_order, rows, paste, code_form=code, second_places=second_places)


def _show_report(request: HttpRequest, report: PasteReport) -> None:
    for sentence in report.describe():
        messages.warning(request, sentence)


def render_rows(
    request: HttpRequest,
    bulk_order: BulkOrder,
    formset: BaseAttendeeRowFormSet,
    paste_form: PasteForm,
    *,
    code_form: VoucherCodeForm | None = None,
    second_places: list[SecondPlace] | None = None,
) -> HttpResponse:
    """Render the page with the rows, and the second places that the contact has to confirm."""
    rows_with_errors = [
        (number, form) for number, form in enumerate(formset.forms, start=1) if form.is_bound and form.errors
    ]
    context = {
        "event": bulk_order.event,
        "colleagues": list_offered_colleagues(bulk_order),
        "rows": formset,
        "paste": paste_form,
        "max_places": MAX_PLACES_PER_ORDER,
        "rows_with_errors": rows_with_errors,
        "second_places": second_places or [],
        "ticket_choices": [(ticket.slug, describe_priced_ticket(ticket)) for ticket in bulk_order.tickets],
        # A member's place needs the address of a colleague with a seat.
        "unnamed_ticket_choices": [
            (ticket.slug, describe_priced_ticket(ticket))
            for ticket in bulk_order.tickets
            if not ticket.needs_member_verification
        ],
        "ticket_limits": list_ticket_limits(bulk_order.company, bulk_order.tickets),
        "offer": bulk_order.offer,
        "code": code_form or VoucherCodeForm(initial={"code": bulk_order.draft.code}),
        "voucher": bulk_order.voucher,
        **price_draft(bulk_order),
    }
    return render_page(request, "company/bulk_order.html", bulk_order.company, **context)


def _get_open_event(request: HttpRequest, slug: str) -> Event:
    event = get_visible_event(slug, request.user)
    refuse_if_closed(event, at=timezone.now())
    # At events with applications, companies cannot register colleagues.
    for ticket in event.tickets.all():
        refuse_without_application(ticket)
    return event


def _read_typed_fields(request: HttpRequest, draft: DraftContent) -> None:
    """Put everything typed into the draft, valid or not."""
    # The number of rows comes from the browser, so it is limited before anything is built from it.
    number = min(parse_digits(request.POST.get("row-TOTAL_FORMS", "")) or 0, MAX_ROWS)
    draft.people = [_read_typed_row(request, index) for index in range(number)]
    # The script that saves the draft sends codes that are half typed, and each would count as a guess.
    if "X-Draft" not in request.headers:
        draft.code = normalize_code(request.POST.get("code", "")[:60])
    if "accepted_duplicates" in request.POST:
        draft.accepted_duplicates = request.POST["accepted_duplicates"][:MAX_ACCEPTED_LENGTH].split()


def _read_typed_row(request: HttpRequest, index: int) -> dict[str, Any]:
    # Longer than any column, so that the form still sees that a text is too long.
    texts = {name: request.POST.get(f"row-{index}-{name}", "")[:400] for name in ROW_FIELDS}
    slugs = request.POST.getlist(f"row-{index}-addons")[:MAX_ADDONS_PER_ROW]
    return {**texts, "addons": [slug[:50] for slug in slugs]}


def _add_rows(request: HttpRequest, bulk_order: BulkOrder) -> None:
    # New rows start with the ticket of the row above.
    people = bulk_order.draft.people
    ticket = people[-1].get("ticket", "") if people else ""
    new_rows: list[dict[str, Any]] = [{"ticket": ticket} for _each in range(BLANK_ROW_COUNT)]
    bulk_order.draft.people = [*people, *new_rows][:MAX_ROWS]


def _remove_row(request: HttpRequest, bulk_order: BulkOrder) -> None:
    """Remove a row."""
    number = parse_digits(request.POST.get("remove", ""))
    if number is not None and number < len(bulk_order.draft.people):
        del bulk_order.draft.people[number]


def _clear_rows(request: HttpRequest, bulk_order: BulkOrder) -> None:
    """Empty the draft. The next list is another order, with its own purchase order number."""
    draft = bulk_order.draft
    draft.people, draft.accepted_duplicates, draft.quotation = [], [], ""
    draft.billing.pop("purchase_order", None)


def _fill_tickets(request: HttpRequest, bulk_order: BulkOrder) -> None:
    """Choose one ticket in all rows without one; its field is above the rows."""
    fill_tickets(bulk_order.draft, request.POST.get("same_ticket", "")[:400])


def _add_unnamed_rows(request: HttpRequest, bulk_order: BulkOrder) -> None:
    """Add places without a name; their number and their ticket are chosen above the rows."""
    number = parse_digits(request.POST.get("unnamed_count", "")) or 0
    if not 0 < number <= MAX_PLACES_PER_ORDER:
        sentence = _("Enter how many places to add, from 1 to %(most)d.")
        messages.error(request, sentence % {"most": MAX_PLACES_PER_ORDER})
        return
    append_unnamed_rows(bulk_order.draft, number, request.POST.get("unnamed_ticket", "")[:400])


def _add_addon_to_all(request: HttpRequest, bulk_order: BulkOrder) -> None:
    """Choose one add-on in all rows; its field is above the rows."""
    add_addon_to_all(bulk_order.draft, request.POST.get("same_addon", ""), bulk_order.offer)


def _add_colleague(request: HttpRequest, bulk_order: BulkOrder) -> None:
    """Put the holder of a seat into the first blank row, or into a new one."""
    pk, draft = parse_digits(request.POST["colleague"]), bulk_order.draft
    colleague = next((person for person in list_offered_colleagues(bulk_order) if person.pk == pk), None)
    if colleague is None:
        return
    member_ticket = next(
        (ticket.slug for ticket in bulk_order.tickets if ticket.needs_member_verification), ""
    )
    row = {
        "first_name": colleague.first_name,
        "last_name": colleague.last_name,
        "email": colleague.known_email,
        "ticket": find_pass_ticket(bulk_order) or member_ticket,
    }
    blank_index = next((n for n, person in enumerate(draft.people) if not is_filled_row(person)), None)
    if blank_index is None:
        draft.people.append(row)
    else:
        draft.people[blank_index] = row


ROW_ACTIONS = {
    "colleague": _add_colleague,
    "add": _add_rows,
    "remove": _remove_row,
    "clear": _clear_rows,
    "fill": _fill_tickets,
    "add_unnamed": _add_unnamed_rows,
    "fill_addon": _add_addon_to_all,
}


def _change_rows(request: HttpRequest, bulk_order: BulkOrder) -> bool:
    """Run the first button in the table that was pressed; return whether one was."""
    action = next((action for name, action in ROW_ACTIONS.items() if name in request.POST), None)
    if action:
        action(request, bulk_order)
    return action is not None
