"""Registering: the third screen, where prices are shown before anything is booked."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from convention.club.models import Person
from convention.errors import ConventionError, InvalidFields, SoldOut
from convention.events.doors import visible_event
from convention.events.models import Event
from convention.money import Money
from convention.network import network_of
from convention.text import whole_number

from ..answer_files import files_named
from ..answers import Around, read, told
from ..draft import BILLING, Draft
from ..draft_store import forget_draft, load_draft, save_draft
from ..fares import Wares, asked_by, wares_for
from ..forms.register import LanguageForm, paying_forms
from ..kept_sale import Outdated, kept_sale, read_sale
from ..keys import order_with_key
from ..limits import TooManyUnverified, refuse_flood, refuse_guesses
from ..models import Order, Question, Ticket
from ..on_sale import OnSale
from ..one_place import AlreadyRegistered
from ..order_context import Means
from ..order_request import OrderRequest
from ..price_changed import PriceChanged
from ..price_words import row_of, say_vat
from ..pricing import Quote
from ..questions import questions_of
from ..quotation import CannotQuote, ask_quotation
from ..refund_words import say_refunds
from ..register import foreseen_quote, refuse_if_closed, register

MAX_SHOWN_CHARS = 10_000
"""Of the prices that the form brings back: each place and add-on has one."""


@never_cache
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, slug: str) -> HttpResponse:
    """Third screen: all at one glance, the invoice's address where something is due, and the button."""
    nonce = request.POST.get("nonce", "")
    draft = load_draft(request.session, slug)
    ready = _by_what_is_kept(request, slug, draft) if nonce == draft.nonce else None
    if ready and (order := _order_at_once(request, draft, *ready)):
        return _leave(request, slug, order)
    event = visible_event(slug, request.user)
    if nonce and (order := order_with_key(event, _key(nonce))):
        return redirect(order.next_path)
    refuse_if_closed(event, at=timezone.now())
    wanted = draft.request(translation.get_language() or "fr").tidied()
    sold = read_sale(slug, *asked_by(wanted)) or OnSale(event)
    wares = wares_for(event, wanted, sold)
    _refuse_guesses(request, draft, sold)
    if not draft.email or not _is_whole(wanted, wares):
        return redirect("register-choices" if draft.email else "register", slug)
    means = _means(request, draft, sold)
    quote = foreseen_quote(event, wanted, wares, means)
    data = request.POST if request.method == "POST" else None
    forms = _forms(draft, data, due=quote.total)
    if data is not None:
        _keep_check(draft, request)
        _save(request, event, draft)
        if "X-Draft" in request.headers:
            return HttpResponse(status=204)
        valid = [form.is_valid() for form in forms.values()]  # each shows its own errors
        if all(valid):
            if not ready:  # else it was counted
                refuse_flood(event, wanted)
            asks = _quote if "quote" in request.POST else _book
            return asks(request, event, draft, means)
    context = {"event": event, "draft": draft, **forms, **_shown(event, draft, wares, quote)}
    context["needs_link"] = quote.total > 0 and not means.is_trusted
    context["answered"] = list(zip(draft.people, _answered(event, wanted, wares), strict=True))
    return render(request, "registrations/register_check.html", context)


def _refuse_guesses(request: HttpRequest, draft: Draft, sold: OnSale) -> None:
    """Raises TooOften for a browser or an address that brought too many wrong codes."""
    who = (request.session.session_key or "", draft.email)
    refuse_guesses(sold.event, draft.code, sold.voucher, *who, network=network_of(request.META))


def _is_whole(wanted: OrderRequest, wares: Wares) -> bool:
    """Whether all that was chosen is still offered."""
    return all(
        place.ticket in wares.tickets and wares.addons.keys() >= set(place.addons) for place in wanted.places
    )


def _forms(draft: Draft, data: Any, *, due: int) -> dict[str, Any]:
    """The forms of the screen by their names in its template; what costs nothing is billed to nobody."""
    guess = {"billing_name": draft.people[0].get("company", ""), **draft.billing}
    language = LanguageForm(data, initial={"language": draft.language or translation.get_language()})
    return {**paying_forms(data, due=due, billing=guess, payment=draft.payment), "language_form": language}


def _shown(event: Event, draft: Draft, wares: Wares, quote: Quote) -> dict[str, Any]:
    """What the screen says of prices; `shown` travels with the form, so that none other is booked."""
    currency = wares.tickets[str(draft.people[0]["ticket"])].currency
    rows = [row_of(line, currency=currency, zone=event.zone) for line in quote.lines]
    return {
        "rows": [(draft.people[line.place], line, row) for line, row in zip(quote.lines, rows, strict=True)],
        "total": Money(quote.total, currency),
        "vat": [say_vat(one, currency) for one in quote.vat],
        "shown": ",".join(str(line.price) for line in quote.lines),
        "refunds": say_refunds(event, priced_tickets(draft, wares, quote)),
        "idle_code": draft.code if draft.code and not quote.uses_of_code else "",
    }


def _answered(event: Event, wanted: OrderRequest, wares: Wares) -> Iterator[list[tuple[Question, str]]]:
    """What each person answered, in words."""
    questions = questions_of(event)
    files = files_named(event, [place.answers for place in wanted.places])
    for place in wanted.places:
        around = Around(at=timezone.now(), files=files)
        yield list(told(questions, read(questions, wares.tickets[place.ticket], place.answers, around).kept))


def priced_tickets(draft: Draft, wares: Wares, quote: Quote) -> list[Ticket]:
    """The tickets of places that cost something, with what goes with them."""
    places = dict.fromkeys(line.place for line in quote.lines if line.price)
    return [wares.tickets[str(draft.people[place]["ticket"])] for place in places]


def _keep_check(draft: Draft, request: HttpRequest) -> None:
    names = [*BILLING, "purchase_order"]
    draft.billing = {name: request.POST[name][:400] for name in names if name in request.POST}
    draft.language = request.POST.get("language", "")[:5]
    draft.payment = request.POST.get("payment", "")[:20]


def _save(request: HttpRequest, event: Event, draft: Draft) -> None:
    save_draft(request.session, event.slug, draft, event=event, network=network_of(request.META))


def _person(request: HttpRequest) -> Person | None:
    """Whoever is signed in, if anybody is."""
    return request.user if isinstance(request.user, Person) else None


def _key(nonce: str) -> str:
    return f"form:{nonce}"


def _means(request: HttpRequest, draft: Draft, sold: OnSale) -> Means:
    """How the order arrives: by the page, which has just read what is offered."""
    network = network_of(request.META)
    return Means(source="page", key=_key(draft.nonce), person=_person(request), sold=sold, network=network)


def _book(request: HttpRequest, event: Event, draft: Draft, means: Means) -> HttpResponse:
    """Book, or go back to the screen where the trouble can be mended, with all that was typed."""
    try:
        order = register(event=event, request=_expected(request, draft), means=means)
    except PriceChanged as error:
        messages.warning(request, str(error))
        for sentence in _changes(draft, _shown_prices(request), error.details["quote"]):
            messages.warning(request, sentence)
        return redirect("register-check", event.slug)
    except TooManyUnverified as error:
        _tell(request, error)
        return redirect("register-check", event.slug)
    except (SoldOut, InvalidFields, AlreadyRegistered) as error:
        _tell(request, error)
        fields = error.fields if isinstance(error, InvalidFields) else {}
        return redirect(_screen_of(set(fields)), event.slug)
    return _leave(request, event.slug, order)


def _expected(request: HttpRequest, draft: Draft) -> OrderRequest:
    """What is asked for, at the prices that were shown."""
    wanted = draft.request(translation.get_language() or "fr")
    return replace(wanted, expected_total=sum(_shown_prices(request))) if "shown" in request.POST else wanted


def _shown_prices(request: HttpRequest) -> list[int]:
    return [whole_number(price) or 0 for price in request.POST.get("shown", "")[:MAX_SHOWN_CHARS].split(",")]


def _leave(request: HttpRequest, slug: str, order: Order) -> HttpResponse:
    """To the order: nothing is kept of how it was typed."""
    forget_draft(request.session, slug)
    return redirect(order.next_path)


def _by_what_is_kept(request: HttpRequest, slug: str, draft: Draft) -> tuple[Event, Means] | None:
    """How the order arrives where all of it is known already, and nothing is wrong with it; else nothing."""
    wanted = draft.request(translation.get_language() or "fr").tidied()
    sold = kept_sale(slug, *asked_by(wanted))
    if not sold or not draft.email or "quote" in request.POST or "X-Draft" in request.headers:
        return None
    means, wares = _means(request, draft, sold), wares_for(sold.event, wanted, sold)
    if not _is_whole(wanted, wares):
        return None
    due = foreseen_quote(sold.event, wanted, wares, means).total
    is_valid = all(form.is_valid() for form in _forms(draft, request.POST, due=due).values())
    _refuse_guesses(request, draft, sold)
    return (sold.event, means) if is_valid else None


def _order_at_once(request: HttpRequest, draft: Draft, event: Event, means: Means) -> Order | None:
    """The order by what is kept; nothing where that does not sell it: then what is read says why."""
    _keep_check(draft, request)
    wanted = _expected(request, draft)
    refuse_flood(event, wanted)
    try:
        return register(event=event, request=wanted, means=means)
    except (Outdated, ConventionError):
        _save(request, event, draft)
        return None


def _quote(request: HttpRequest, event: Event, draft: Draft, means: Means) -> HttpResponse:
    """Give a quotation of what was chosen, which stays as it was typed; nothing is booked."""
    wanted = draft.request(translation.get_language() or "fr")
    try:
        quotation = ask_quotation(event=event, request=wanted, means=means)
    except CannotQuote as error:
        messages.error(request, str(error))
        return redirect("register-check", event.slug)
    except (SoldOut, InvalidFields) as error:
        _tell(request, error)
        fields = error.fields if isinstance(error, InvalidFields) else {}
        return redirect(_screen_of(set(fields)), event.slug)
    return redirect("quotation", quotation.link_token)


def _screen_of(fields: set[str]) -> str:
    """The screen where these fields are mended."""
    if fields == {"payment"}:
        return "register-check"
    about_choices = all(_is_choice(field) for field in fields)
    return "register-choices" if about_choices else "register"


def _is_choice(field: str) -> bool:
    return field.endswith(("ticket", "addons", "code", "registrations")) or ".answers." in field


def _changes(draft: Draft, shown: list[int], quote: dict[str, Any]) -> Iterator[str]:
    """Which prices are others than those that were shown."""
    currency = quote["total"]["currency"]
    for before, line in zip(shown, quote["lines"], strict=False):
        if before != line["price"]:
            person = draft.people[line["registration"]]
            amounts = {"before": Money(before, currency), "now": Money(line["price"], currency)}
            name = f"{person.get('first_name', '')} {person.get('last_name', '')}".strip()
            yield _("%(name)s: %(now)s instead of %(before)s.") % {"name": name, **amounts}


def _tell(request: HttpRequest, error: ConventionError) -> None:
    kept = _("Everything you typed was kept.")
    said = (
        [s for sentences in error.fields.values() for s in sentences]
        if isinstance(error, InvalidFields)
        else []
    )
    for sentence in said or [str(error)]:
        messages.error(request, f"{sentence} {kept}")
