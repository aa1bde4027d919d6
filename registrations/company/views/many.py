"""Registering many at once: typed or pasted, mended in place, then one order. Nothing typed is lost."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from convention.club.doors import company_of_contact, signed_in
from convention.club.models import Company
from convention.errors import ConventionError, InvalidFields, SoldOut, Unreadable
from convention.events.doors import visible_event
from convention.events.models import Event
from convention.money import Money
from convention.network import network_of
from convention.text import whole_number

from ...checks import MOST_PLACES, about_number
from ...draft import BILLING, Draft
from ...draft_store import forget_draft, load_draft, save_draft
from ...forms.register import BillingForm
from ...keys import order_with_key
from ...limits import refuse_flood
from ...models import Ticket
from ...on_application import refuse_unasked
from ...one_place import AlreadyRegistered
from ...order_request import OrderRequest
from ...places import refresh_held, sold_out
from ...price_changed import PriceChanged
from ...price_words import row_of, say_vat
from ...pricing import Quote
from ...refund_words import say_refunds
from ...register import look_up, refuse_if_closed
from ..book import book, means_of, without_seat
from ..forms import MOST_ROWS, PasteForm, RowForms, Rows
from ..paste import rows_of
from .frame import page

BLANK_ROWS = 3
FIELDS = ("first_name", "last_name", "email", "ticket", "is_to_follow")
EMPTY = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0"}


@never_cache
@require_http_methods(["GET", "POST"])
def many(request: HttpRequest, company: str, event: str) -> HttpResponse:
    """The rows: pasted, added, removed, or checked; all right, they lead to the order."""
    ours, found = company_of_contact(company, request.user), _open_event(request, event)
    tickets = _tickets(found)
    draft = load_draft(request.session, _key_of(ours, found))
    paste = PasteForm(request.POST or None)
    if request.method == "GET":
        return _rows_page(request, ours, found, _rows(draft, tickets), PasteForm())
    draft.people = _typed(request)
    act = next((act for name, act in ACTS.items() if name in request.POST), None)
    moved = act(request, draft) if act else False
    pasted = "paste" in request.POST and _pasted(draft, paste, tickets)
    _save(request, ours, found, draft)
    if "X-Draft" in request.headers:
        return HttpResponse(status=204)
    if moved:
        return redirect(f"{request.path}#rows")
    rows = Rows(_as_sent(draft), prefix="row", form_kwargs={"tickets": tickets})
    good = _is_good(rows, ours, found, tickets)
    if good and "check" in request.POST:
        return redirect("company-check", company, event)
    return _rows_page(request, ours, found, rows, PasteForm() if pasted else paste)


def _rows_page(
    request: HttpRequest, company: Company, event: Event, rows: RowForms, paste: PasteForm
) -> HttpResponse:
    wrong = [
        (number, form) for number, form in enumerate(rows.forms, start=1) if form.is_bound and form.errors
    ]
    context = {"event": event, "rows": rows, "paste": paste, "most": MOST_PLACES, "wrong": wrong}
    return page(request, "company/register.html", company, **context)


def _open_event(request: HttpRequest, slug: str) -> Event:
    event = visible_event(slug, request.user)
    refuse_if_closed(event, at=timezone.now())
    for ticket in event.tickets.all():
        refuse_unasked(ticket)
    return event


def _tickets(event: Event) -> list[Ticket]:
    """What a contact may order now."""
    now = timezone.now()
    tickets = [ticket for ticket in event.tickets.all() if ticket.is_public and ticket.is_on_sale(at=now)]
    refresh_held(tickets, at=now)
    return tickets


def _save(request: HttpRequest, company: Company, event: Event, draft: Draft) -> None:
    name, network = _key_of(company, event), network_of(request.META)
    save_draft(request.session, name, draft, event=event, network=network)


def _key_of(company: Company, event: Event) -> str:
    return f"{event.slug}@{company.slug}"


def _typed(request: HttpRequest) -> list[dict[str, Any]]:
    """Everything that stands in the rows, right or wrong."""
    number = min(whole_number(request.POST.get("row-TOTAL_FORMS", "")) or 0, MOST_ROWS)
    return [
        {name: request.POST.get(f"row-{index}-{name}", "")[:400] for name in FIELDS}
        for index in range(number)
    ]


def _stands(person: dict[str, Any]) -> bool:
    return any(person.get(name) for name in FIELDS if name != "ticket")


def _add(request: HttpRequest, draft: Draft) -> bool:
    """Some more empty rows."""
    ticket = draft.people[-1].get("ticket", "") if draft.people else ""
    draft.people = [*draft.people, *({"ticket": ticket} for _each in range(BLANK_ROWS))][:MOST_ROWS]
    return True


def _remove(request: HttpRequest, draft: Draft) -> bool:
    """One row less; the last one is emptied."""
    number = whole_number(request.POST.get("remove", ""))
    if number is not None and number < len(draft.people):
        del draft.people[number]
    return True


def _clear(request: HttpRequest, draft: Draft) -> bool:
    """Begin anew."""
    draft.people = []
    return True


ACTS = {"add": _add, "remove": _remove, "clear": _clear}


def _pasted(draft: Draft, paste: PasteForm, tickets: list[Ticket]) -> bool:
    """Put what was pasted below what stands there; what cannot be read stays in its field with the reason."""
    if not paste.is_valid():
        return False
    try:
        rows = rows_of(paste.cleaned_data["pasted"], tickets)
    except Unreadable as error:
        paste.add_error("pasted", str(error))
        return False
    standing = [person for person in draft.people if _stands(person)]
    if not rows:
        paste.add_error("pasted", _("Paste at least one row."))
    elif len(standing) + len(rows) > MOST_ROWS:
        paste.add_error("pasted", _("At most %(most)d rows at a time.") % {"most": MOST_ROWS})
    else:
        draft.people = [*standing, *rows]
    return not paste.errors


def _rows(draft: Draft, tickets: list[Ticket]) -> RowForms:
    """The rows as they stand, with empty ones where nobody does, and no errors yet."""
    people = [person for person in draft.people if person] or [{}] * BLANK_ROWS
    return Rows(prefix="row", initial=people, form_kwargs={"tickets": tickets})


def _as_sent(draft: Draft) -> dict[str, str]:
    """The rows as the page would send them."""
    data = {f"row-{name}": value for name, value in EMPTY.items()}
    data["row-TOTAL_FORMS"] = str(len(draft.people))
    for index, person in enumerate(draft.people):
        data |= {f"row-{index}-{name}": str(person[name]) for name in FIELDS if person.get(name)}
    return data


def _is_good(rows: RowForms, company: Company, event: Event, tickets: list[Ticket]) -> bool:
    """Whether all can be ordered; what cannot is said, each at its row or for all."""
    rows.is_valid()
    filled = [form for _number, form in rows.filled()]
    right = [form for form in filled if not form.errors]
    for number, sentence in without_seat(event, company, [form.place() for form in right]).items():
        right[number].add_error("email", sentence)
    general = rows.non_form_errors()
    general.extend(sentence for _field, sentence in about_number(len(filled)))
    wanted = Counter(form.place().ticket for form in right)
    general.extend(
        str(sold_out(ticket))
        for ticket in tickets
        if ticket.left is not None and ticket.left < wanted[ticket.slug]
    )
    return not general and not any(form.errors for form in filled)


@never_cache
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, company: str, event: str) -> HttpResponse:
    """Who comes with which ticket, the invoice's address and purchase order, and the button."""
    ours, nonce = company_of_contact(company, request.user), request.POST.get("nonce", "")
    found = visible_event(event, request.user)
    if nonce and order_with_key(found, _key(ours, nonce)):
        return redirect("company-registrations", company)
    refuse_if_closed(found, at=timezone.now())
    draft, tickets = load_draft(request.session, _key_of(ours, found)), _tickets(found)
    rows = Rows(_as_sent(draft), prefix="row", form_kwargs={"tickets": tickets})
    if not _is_good(rows, ours, found, tickets):
        return _rows_page(request, ours, found, rows, PasteForm())
    contact = signed_in(request.user)
    wanted = _request(draft, ours, contact.email or "")
    try:
        quote, currency = look_up(event=found, request=wanted, means=means_of(ours, contact))
    except (SoldOut, InvalidFields) as error:
        return _back_to_rows(request, ours, found, error)
    data = request.POST if request.method == "POST" else None
    billing = BillingForm(data, initial={**billing_of(ours), **draft.billing}) if quote.total else None
    if request.method == "POST":
        _keep_billing(request, draft)
        _save(request, ours, found, draft)
        if "X-Draft" in request.headers:
            return HttpResponse(status=204)
        if billing is None or billing.is_valid():
            return _book(request, ours, found, draft)
    priced = [row_of(line, currency=currency, zone=found.zone) for line in quote.lines]
    context = {
        "event": found,
        "people": list(zip(wanted.places, priced, strict=True)),
        "total": Money(quote.total, currency),
        "refunds": say_refunds(found, _priced(wanted, tickets, quote)),
        "vat": [say_vat(one, currency) for one in quote.vat],
        "billing": billing,
        "draft": draft,
    }
    return page(request, "company/check.html", ours, **context)


def _priced(wanted: OrderRequest, tickets: Sequence[Ticket], quote: Quote) -> list[Ticket]:
    """The tickets of places that cost something."""
    slugs = {wanted.places[line.place].ticket for line in quote.lines if line.price}
    return [ticket for ticket in tickets if ticket.slug in slugs]


def billing_of(company: Company) -> dict[str, str]:
    """What is written on the company's invoices."""
    return {
        "billing_name": company.name,
        "billing_street": company.street,
        "billing_postcode": company.postcode,
        "billing_city": company.city,
        "billing_country": company.country,
    }


def _keep_billing(request: HttpRequest, draft: Draft) -> None:
    names = [*BILLING, "purchase_order"]
    draft.billing = {name: request.POST[name][:400] for name in names if name in request.POST}


def _key(company: Company, nonce: str) -> str:
    return f"company:{company.pk}:{nonce}"


def _request(draft: Draft, company: Company, email: str) -> OrderRequest:
    """What is asked for: the draft's people who stand in their rows, in the contact's name."""
    people = [person for person in draft.people if _stands(person)]
    language = translation.get_language() or "fr"
    asked = replace(draft, people=people, contact=email).request(language)
    places = tuple(
        replace(place, company=company.name, is_to_follow=not (place.first_name or place.last_name))
        for place in asked.places
    )
    return replace(asked, places=places, company=company.name)


def _book(request: HttpRequest, company: Company, event: Event, draft: Draft) -> HttpResponse:
    """Book, or go back to the rows with what stands in the way; all that was typed is kept."""
    contact = signed_in(request.user)
    wanted = _request(draft, company, contact.email or "")
    if (shown := whole_number(request.POST.get("shown", ""))) is not None:
        wanted = replace(wanted, expected_total=shown)
    refuse_flood(event, wanted)
    try:
        order = book(
            event=event, company=company, contact=contact, request=wanted, key=_key(company, draft.nonce)
        )
    except PriceChanged as error:
        messages.warning(request, str(error))
        return redirect("company-check", company.slug, event.slug)
    except (SoldOut, InvalidFields, AlreadyRegistered) as error:
        return _back_to_rows(request, company, event, error)
    forget_draft(request.session, _key_of(company, event))
    places = len(wanted.places)
    said = ngettext(
        "%(places)d place is booked: order %(reference)s.",
        "%(places)d places are booked: order %(reference)s.",
        places,
    )
    messages.success(request, said % {"places": places, "reference": order.reference})
    return redirect("company-registrations", company.slug)


def _back_to_rows(
    request: HttpRequest, company: Company, event: Event, error: ConventionError
) -> HttpResponse:
    for sentence in _sentences(error):
        messages.error(request, f"{sentence} {_('Everything you typed was kept.')}")
    return redirect("company-register", company.slug, event.slug)


def _sentences(error: ConventionError) -> list[str]:
    """What is wrong, each once."""
    if isinstance(error, InvalidFields):
        return list(dict.fromkeys(said for sentences in error.fields.values() for said in sentences))
    return [str(error)]
