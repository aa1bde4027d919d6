"""Registering: the first two of three screens, who and choices; `check` is the third.

No account, no script needed, nothing typed is lost.
"""

from collections.abc import Iterator
from typing import Any

from django.forms import BaseFormSet, formset_factory
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from convention.club.models import Person
from convention.events.doors import visible_event
from convention.events.models import Event
from convention.network import network_of
from convention.text import whole_number

from ..checks import MOST_PLACES, about_its_use, about_numbers, about_voucher
from ..draft import PERSON, Draft
from ..draft_store import load_draft, save_draft
from ..fares import facts_of, offered_to
from ..forms.answers import AnswersForm, forms_for
from ..forms.register import ChoiceForm, CodeForm, ContactForm, Offer, PersonForm
from ..limits import voucher_brought
from ..models import Voucher
from ..on_application import page_to_apply
from ..order_request import code_typed
from ..places import refresh_held
from ..register import refuse_if_closed

People = formset_factory(PersonForm, extra=0, max_num=MOST_PLACES, absolute_max=MOST_PLACES)


@never_cache
@require_http_methods(["GET", "POST"])
def who(request: HttpRequest, slug: str) -> HttpResponse:
    """First screen: who comes, and who gets the confirmation."""
    event = _open_event(request, slug)
    draft = load_draft(request.session, slug)
    if request.method == "GET" and request.GET.get("code"):
        draft.code = code_typed(request.GET["code"][:60])  # a link with a code fills it in
        _save(request, event, draft)
    if request.method == "GET":
        return _first_page(request, event, draft)
    people, contact = People(request.POST, prefix="person"), ContactForm(request.POST)
    valid = people.is_valid() and contact.is_valid()
    if not people.forms:
        return redirect("register", slug)
    _keep_people(draft, request, len(people.forms))
    if _changed_number(request, draft):
        _save(request, event, draft)
        return redirect(f"{request.path}?person={len(draft.people)}")
    _save(request, event, draft)
    if "X-Draft" in request.headers:
        return HttpResponse(status=204)
    if not draft.email:
        people.forms[0].add_error("email", _("Write the address that gets the confirmation."))
    elif valid:
        return redirect("register-choices", slug)
    return _who_page(request, event, draft, people, contact)


def _save(request: HttpRequest, event: Event, draft: Draft) -> None:
    save_draft(request.session, event.slug, draft, event=event, network=network_of(request.META))


def _first_page(request: HttpRequest, event: Event, draft: Draft) -> HttpResponse:
    """The empty screen; where places are given on application, the page to apply."""
    if page := page_to_apply(event):
        return redirect(page)
    return _who_page(request, event, draft, People(prefix="person", initial=_first_guess(request, draft)))


def _who_page(
    request: HttpRequest,
    event: Event,
    draft: Draft,
    people: BaseFormSet[PersonForm],
    contact: ContactForm | None = None,
) -> HttpResponse:
    contact = contact or ContactForm(initial={"contact": draft.contact})
    people.forms[0].fields["email"].required = not draft.contact
    if "person" in request.GET:
        people.forms[-1].fields["first_name"].widget.attrs["autofocus"] = True
    context = {"people": people, "contact": contact, "most": MOST_PLACES}
    return render(request, "registrations/register_who.html", {"event": event, **context})


def _open_event(request: HttpRequest, slug: str) -> Event:
    event = visible_event(slug, request.user)
    refuse_if_closed(event, at=timezone.now())
    return event


def _first_guess(request: HttpRequest, draft: Draft) -> list[dict[str, Any]]:
    """What is typed so far; for a signed-in person who typed nothing yet, their own name."""
    person = request.user
    if any(draft.people) or not isinstance(person, Person):
        return draft.people
    return [{"first_name": person.first_name, "last_name": person.last_name, "email": person.email or ""}]


def _keep_people(draft: Draft, request: HttpRequest, number: int) -> None:
    """Everything typed, right or wrong; what later screens asked stays with each person."""
    people = []
    for index in range(number):
        known = draft.people[index] if index < len(draft.people) else {}
        typed = {name: request.POST.get(f"person-{index}-{name}", "")[:400] for name in PERSON}
        people.append({**known, **typed})
    draft.people = people or [{}]
    draft.contact = request.POST.get("contact", "").strip()[:400]


def _changed_number(request: HttpRequest, draft: Draft) -> bool:
    """Whether a person was added or removed."""
    if "add" in request.POST:
        draft.add_person()
        return True
    if (removed := whole_number(request.POST.get("remove", ""))) is not None:
        draft.remove_person(removed)
        return True
    return False


@never_cache
@require_http_methods(["GET", "POST"])
def choices(request: HttpRequest, slug: str) -> HttpResponse:
    """Second screen: a ticket for each person, with its price and the places left."""
    event = _open_event(request, slug)
    draft = load_draft(request.session, slug)
    if not draft.email:
        return redirect("register", slug)
    data = request.POST if request.method == "POST" else None
    if data is not None:
        _keep_choices(draft, request)
    senders = request.session.session_key or "", draft.email
    voucher = voucher_brought(event, draft.code, *senders, network=network_of(request.META))
    applies = "apply" in request.POST
    code = CodeForm(data, initial={"code": draft.code})
    forms = _choice_forms(draft, offer_of(event, voucher), None if applies else data)
    answers = forms_for(
        draft, forms[0].offer.by_slug, data, request.FILES or None, *senders, network=network_of(request.META)
    )
    if request.method == "POST":
        _save(request, event, draft)
        if "X-Draft" in request.headers:
            return _draft_answer(request, answers)
        about = _about_code(draft, voucher) if applies else _about_going_on(draft, voucher, forms[0].offer)
        for field, sentence in about:
            code.add_error(field, sentence)
        if applies and code.is_valid():
            return redirect(f"{request.path}#code")
        valid = [form.is_valid() for form in [code, *forms, *answers] if form]  # each shows its own errors
        if not applies and all(valid):
            return redirect("register-check", slug)
    context = {"event": event, "forms": forms, "code": code, "voucher": voucher}
    context["people"] = list(zip(draft.people, forms, answers, strict=True))
    context["wrong"] = [] if applies else [form for form in [*forms, *answers] if form and form.errors]
    context["full"] = forms[0].full_tickets
    return render(request, "registrations/register_choices.html", context)


def _draft_answer(request: HttpRequest, answers: list[AnswersForm | None]) -> HttpResponse:
    """Nothing; or, where a choice may have changed what is asked, the questions anew."""
    if request.headers["X-Draft"] != "questions":
        return HttpResponse(status=204)
    return render(request, "registrations/draft_questions.html", {"forms": enumerate(answers)})


def _keep_choices(draft: Draft, request: HttpRequest) -> None:
    """Everything chosen, right or wrong."""
    for index, person in enumerate(draft.people):
        person["ticket"] = request.POST.get(f"choice-{index}-ticket", "")[:50]
        person["addons"] = [slug[:50] for slug in request.POST.getlist(f"choice-{index}-addons")[:50]]
        person["no_photo"] = f"choice-{index}-no_photo" in request.POST
    draft.code = code_typed(request.POST.get("code", "")[:60])


def _about_code(draft: Draft, voucher: Voucher | None) -> Iterator[tuple[str | None, str]]:
    """What is wrong with the code, whoever comes with it."""
    if draft.code and (sentence := about_voucher(voucher, at=timezone.now())):
        yield "code", sentence


def _about_going_on(draft: Draft, voucher: Voucher | None, offer: Offer) -> Iterator[tuple[str | None, str]]:
    """What is wrong with the code for what was chosen, and with how many there are of each ticket."""
    yield from _about_code(draft, voucher)
    wanted = draft.request("fr")
    tickets = {ticket.slug: ticket for ticket in offer.tickets}
    chosen = [place for place in wanted.places if place.ticket in tickets]
    if (
        offer.code
        and voucher
        and chosen
        and (about := about_its_use(voucher, chosen, company=wanted.company))
    ):
        yield "code", about
    for sentence in about_numbers(tickets[place.ticket] for place in chosen):
        yield None, sentence


def offer_of(event: Event, voucher: Voucher | None) -> Offer:
    """What can be chosen at this event by whoever has the voucher."""
    tickets = offered_to(event.tickets.with_prices(), voucher)
    now = timezone.now()
    refresh_held(tickets, at=now)
    addons = list(event.addons.prefetch_related("tickets"))
    closed, closed_addons = (
        frozenset(one.slug for one in offered if one.left == 0 or not one.is_on_sale(at=now))
        for offered in (tickets, addons)
    )
    code = facts_of(voucher) if voucher and voucher.is_valid(at=now) else None
    return Offer(tickets, addons, closed, closed_addons, code)


def _choice_forms(draft: Draft, offer: Offer, data: Any) -> list[ChoiceForm]:
    free = [ticket.slug for ticket in offer.tickets if ticket.slug not in offer.closed]
    only = free[0] if len(free) == 1 else ""
    return [
        ChoiceForm(
            data,
            offer=offer,
            email=person.get("email", ""),
            prefix=f"choice-{index}",
            initial={
                "ticket": person.get("ticket") or only,
                "addons": person.get("addons", []),
                "no_photo": person.get("no_photo"),
            },
        )
        for index, person in enumerate(draft.people)
    ]
