"""The third screen to register: review, prices, billing address, and the button that books."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from convention.club.models import Person
from convention.errors import ConventionError, InvalidFields, SoldOut
from convention.events.models import Event
from convention.events.permissions import get_visible_event
from convention.money import Money
from convention.text.normalize import casefold_text, parse_digits
from convention.web.client_network import get_client_network
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.billing.company_address import find_billing_company, make_billing_data
from registrations.billing.refund_text import describe_ticket_refunds
from registrations.booking.idempotency import find_order_by_key
from registrations.booking.order_limits import AlreadyRegistered
from registrations.booking.place_order import place_order
from registrations.booking.prepare_sale import preview_quote
from registrations.booking.validation import refuse_if_closed
from registrations.models import Order, Question, Ticket
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest
from registrations.orders.related_orders import link_to_previous_order
from registrations.orders.second_registrations import list_second_registration_links
from registrations.pricing.catalog import (
    Offering,
    PriceChanged,
    RequestedCatalog,
    load_offering,
    load_requested_catalog,
)
from registrations.pricing.display import describe_vat, make_line_row
from registrations.pricing.quotation_prices import (
    QuotedPriceUsed,
    explain_quotation_use,
    find_quotation,
    load_quoted_prices,
)
from registrations.pricing.quote import Quote
from registrations.questions.answers import AnswerContext, check_answers, describe_answers
from registrations.questions.files import load_file_names
from registrations.questions.queries import load_questions
from registrations.quotations.create import QuotationUnavailable, create_order_quotation
from registrations.quotations.lookup import find_cheaper_quotation
from registrations.rate_limits import TooManyUnverifiedOrders, throttle_code_guesses, throttle_order

from .draft_views import redirect_unfinished
from .drafts import BILLING_FIELDS, DraftContent, delete_draft, load_draft, save_draft
from .forms import AttendeeCopiesForm, LanguageForm, build_payment_forms

# The form returns one price for each place and add-on; a forged one must not cost time.
MAX_SHOWN_PRICES_LENGTH = 10_000


@never_cache
@require_safe_or_post
def register_review(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the third screen, or book."""
    nonce = request.POST.get("nonce", "")
    draft = load_draft(request.session, slug)
    event = get_visible_event(slug, request.user)
    # A second click, or a page reloaded after booking, whose draft is gone: show the order it made.
    if nonce and (order := find_order_by_key(event, _make_idempotency_key(nonce))):
        return redirect(order.sender_path)
    refuse_if_closed(event, at=timezone.now())
    order_request = draft.build_order_request(translation.get_language() or "fr").normalize()
    catalog = load_requested_catalog(event, order_request)
    offering = load_offering(event, order_request, catalog)
    _throttle_code_guesses(request, draft, catalog)
    # Bookmarked, or a ticket was removed since: back to the screen that is not complete.
    if not draft.email or not _is_complete(order_request, offering):
        return redirect("register-choices" if draft.email else "register", slug)
    order_context = _make_order_context(request, draft, catalog)
    quote = preview_quote(event, order_request, offering, order_context)
    data = get_posted_data(request)
    forms = _build_forms(request, draft, data, amount_due=quote.total)
    if data is not None:
        _update_draft(draft, request)
        if response := redirect_unfinished(request, slug):
            _save_draft(request, event, draft)
            return response
        valid = [form.is_valid() for form in forms.values()]  # each shows its own errors
        is_autosave = "X-Draft" in request.headers
        if all(valid) and not is_autosave and "quote" not in request.POST:
            return _submit_order(request, event, draft, order_context)
        _save_draft(request, event, draft)
        if is_autosave:
            return HttpResponse(status=204)
        if all(valid):
            throttle_order(event, order_request)
            return _create_quotation(request, event, draft, order_context)
    context = {"event": event, "draft": draft, **forms, **_price_context(event, draft, offering, quote)}
    context["second_registrations"] = list_second_registration_links(
        request.user,
        event,
        [(place.first_name, place.last_name, place.email) for place in order_request.places],
    )
    context["cheaper_quotation"] = find_cheaper_quotation(
        find_quotation(draft.quotation), places=draft.people, total=quote.total
    )
    context["needs_link"] = quote.total > 0 and not order_context.is_trusted
    context["answers_by_person"] = list(
        zip(draft.people, _list_answer_texts(event, order_request, offering), strict=True)
    )
    return render(request, "registrations/register_review.html", context)


def _throttle_code_guesses(request: HttpRequest, draft: DraftContent, catalog: RequestedCatalog) -> None:
    """Raise TooManyRequests for a browser, address or network that sent too many wrong codes."""
    senders = (request.session.session_key or "", draft.email)
    throttle_code_guesses(
        catalog.event, draft.code, catalog.voucher, *senders, network=get_client_network(request.META)
    )


def _is_complete(order_request: OrderRequest, offering: Offering) -> bool:
    """Return whether everything chosen is still offered."""
    return all(
        place.ticket in offering.tickets and offering.addons.keys() >= set(place.addons)
        for place in order_request.places
    )


def _build_forms(request: HttpRequest, draft: DraftContent, data: Any, *, amount_due: int) -> dict[str, Any]:
    """Return the screen's forms by their names in its template."""
    billing = _make_initial_billing(request, draft) if amount_due else {}
    language = LanguageForm(data, initial={"language": draft.language or translation.get_language()})
    forms = {
        **build_payment_forms(data, amount_due=amount_due, billing=billing, payment=draft.payment),
        "language_form": language,
    }
    if draft.other_addresses:
        initial = {"notifies_attendees": draft.notifies_attendees}
        forms["copies"] = AttendeeCopiesForm(data, initial=initial)
    return forms


def _make_initial_billing(request: HttpRequest, draft: DraftContent) -> dict[str, str]:
    """Return what was typed before, or the address of the company that a contact registers for."""
    typed_company = draft.people[0].get("company", "")
    if draft.billing:
        return {"billing_name": typed_company, **draft.billing}
    company = find_billing_company(request.user)
    # The name of another company needs another address.
    if company and casefold_text(typed_company) in ("", casefold_text(company.name)):
        return make_billing_data(company)
    return {"billing_name": typed_company}


def _price_context(event: Event, draft: DraftContent, offering: Offering, quote: Quote) -> dict[str, Any]:
    """Return the template's prices; the form returns `shown`, so that nothing is booked at another price."""
    currency = offering.tickets[str(draft.people[0]["ticket"])].currency
    rows = [make_line_row(line, currency=currency, zone=event.zone) for line in quote.lines]
    return {
        "rows": [
            (draft.people[line.place_number], line, row) for line, row in zip(quote.lines, rows, strict=True)
        ],
        "total": Money(quote.total, currency),
        "vat": [describe_vat(total, currency) for total in quote.vat_by_rate],
        "shown": ",".join(str(line.price) for line in quote.lines),
        "refunds": describe_ticket_refunds(event, list_priced_tickets(draft, offering, quote)),
        "unused_code": draft.code if draft.code and not quote.voucher_use_count else "",
    }


def _list_answer_texts(
    event: Event, order_request: OrderRequest, offering: Offering
) -> Iterator[list[tuple[Question, str]]]:
    """Yield each attendee's answers in words."""
    questions = load_questions(event)
    files = load_file_names(event, [place.answers for place in order_request.places])
    for place in order_request.places:
        context = AnswerContext(answered_at=timezone.now(), file_names=files)
        yield list(
            describe_answers(
                questions,
                check_answers(questions, offering.tickets[place.ticket], place.answers, context).accepted,
            )
        )


def list_priced_tickets(draft: DraftContent, offering: Offering, quote: Quote) -> list[Ticket]:
    """Return the tickets of places that cost something, including add-ons."""
    places = dict.fromkeys(line.place_number for line in quote.lines if line.price)
    return [offering.tickets[str(draft.people[place]["ticket"])] for place in places]


def _update_draft(draft: DraftContent, request: HttpRequest) -> None:
    draft.correct_address(request.POST.get("correct_address", ""))
    # Truncated but not validated, so that nothing typed is lost; the longest field has 200 characters.
    names = [*BILLING_FIELDS, "purchase_order"]
    draft.billing = {name: request.POST[name][:400] for name in names if name in request.POST}
    draft.language = request.POST.get("language", "")[:5]
    # The language of the e-mails was preselected from that of the page, which changes.
    if "switch_language" in request.POST and draft.language == translation.get_language():
        draft.language = ""
    draft.payment = request.POST.get("payment", "")[:20]
    draft.notifies_attendees = "notifies_attendees" in request.POST


def _save_draft(request: HttpRequest, event: Event, draft: DraftContent) -> None:
    save_draft(request.session, event.slug, draft, event=event, network=get_client_network(request.META))


def _get_signed_in_person(request: HttpRequest) -> Person | None:
    return request.user if isinstance(request.user, Person) else None


def _make_idempotency_key(nonce: str) -> str:
    return f"form:{nonce}"


def _make_order_context(request: HttpRequest, draft: DraftContent, catalog: RequestedCatalog) -> OrderContext:
    network = get_client_network(request.META)
    return OrderContext(
        source=Order.Source.PAGE,
        idempotency_key=_make_idempotency_key(draft.nonce),
        person=_get_signed_in_person(request),
        catalog=catalog,
        network=network,
        quoted_prices=load_quoted_prices(find_quotation(draft.quotation), catalog.event),
    )


def _submit_order(
    request: HttpRequest, event: Event, draft: DraftContent, order_context: OrderContext
) -> HttpResponse:
    """Book; on errors go back to the screen where they can be corrected, with everything typed."""
    try:
        with _draft_saved_on_error(request, event, draft):
            order_request = _build_expected_request(request, draft)
            throttle_order(event, order_request)
            order = place_order(event=event, request=order_request, context=order_context)
    except PriceChanged as error:
        messages.warning(request, str(error))
        if explanation := explain_quotation_use(draft.quotation):
            messages.warning(request, explanation)
        for sentence in _list_price_changes(draft, _read_shown_prices(request), error.details["quote"]):
            messages.warning(request, sentence)
        return redirect("register-review", event.slug)
    # Nothing that was typed has to be corrected; for too many orders, the message says that signing in helps.
    except (QuotedPriceUsed, TooManyUnverifiedOrders) as error:
        _add_error_messages(request, error)
        return redirect("register-review", event.slug)
    except (SoldOut, InvalidFields, AlreadyRegistered) as error:
        _add_error_messages(request, error)
        fields = error.field_errors if isinstance(error, InvalidFields) else {}
        return redirect(_find_screen(set(fields)), event.slug)
    link_to_previous_order(order=order, reference=draft.previous_order)
    return _redirect_to_order(request, event.slug, order)


@contextmanager
def _draft_saved_on_error(request: HttpRequest, event: Event, draft: DraftContent) -> Iterator[None]:
    """Save the draft only if the order fails: a booked one needs none, and in a rush each write counts."""
    try:
        yield
    except Exception:
        _save_draft(request, event, draft)
        raise


def _build_expected_request(request: HttpRequest, draft: DraftContent) -> OrderRequest:
    """Return the request with the total of the prices that were shown."""
    order_request = draft.build_order_request(translation.get_language() or "fr")
    return (
        replace(order_request, expected_total=sum(_read_shown_prices(request)))
        if "shown" in request.POST
        else order_request
    )


def _read_shown_prices(request: HttpRequest) -> list[int]:
    return [
        parse_digits(price) or 0
        for price in request.POST.get("shown", "")[:MAX_SHOWN_PRICES_LENGTH].split(",")
    ]


def _redirect_to_order(request: HttpRequest, slug: str, order: Order) -> HttpResponse:
    """Delete the draft and go to the order."""
    delete_draft(request.session, slug)
    return redirect(order.sender_path)


def _create_quotation(
    request: HttpRequest, event: Event, draft: DraftContent, order_context: OrderContext
) -> HttpResponse:
    """Create a quotation for what was chosen; nothing is booked, and the draft stays."""
    order_request = draft.build_order_request(translation.get_language() or "fr")
    try:
        quotation = create_order_quotation(event=event, request=order_request, context=order_context)
    except QuotationUnavailable as error:
        messages.error(request, str(error))
        return redirect("register-review", event.slug)
    except (SoldOut, InvalidFields) as error:
        _add_error_messages(request, error)
        fields = error.field_errors if isinstance(error, InvalidFields) else {}
        return redirect(_find_screen(set(fields)), event.slug)
    # By it, "Order these places" continues this draft, with the names of its attendees.
    draft.quotation = quotation.number
    _save_draft(request, event, draft)
    return redirect("quotation", quotation.link_token)


def _find_screen(fields: set[str]) -> str:
    """Return the URL name of the screen that has these fields."""
    if fields == {"payment"}:
        return "register-review"
    # Without any field (sold out), the choices are the screen to correct.
    about_choices = all(_is_choice_field(field) for field in fields)
    return "register-choices" if about_choices else "register"


def _is_choice_field(field: str) -> bool:
    return field.endswith(("ticket", "addons", "code", "registrations")) or ".answers." in field


def _list_price_changes(draft: DraftContent, shown: list[int], quote: dict[str, Any]) -> Iterator[str]:
    """Yield the prices that differ from those shown."""
    currency = quote["total"]["currency"]
    # Not strict: the list of shown prices comes from the browser.
    for before, line in zip(shown, quote["lines"], strict=False):
        if before != line["price"]:
            person = draft.people[line["registration"]]
            amounts = {"before": Money(before, currency), "now": Money(line["price"], currency)}
            name = f"{person.get('first_name', '')} {person.get('last_name', '')}".strip()
            yield _("%(name)s: %(now)s instead of %(before)s.") % {"name": name, **amounts}


def _add_error_messages(request: HttpRequest, error: ConventionError) -> None:
    reassurance = _("Your entries have not been lost.")
    error_messages = (
        [s for sentences in error.field_errors.values() for s in sentences]
        if isinstance(error, InvalidFields)
        else []
    )
    for sentence in error_messages or [str(error)]:
        messages.error(request, f"{sentence} {reassurance}")
