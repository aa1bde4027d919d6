"""Registering in three screens: who, choices, check. No account, no script needed, nothing typed is lost."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.forms import BaseFormSet, formset_factory
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
from convention.text import whole_number

from .. import draft as drafts
from ..checks import MOST_PLACES
from ..draft import Draft
from ..forms.register import BillingForm, ChoiceForm, ContactForm, LanguageForm, PaymentForm, PersonForm
from ..limits import refuse_flood
from ..models import Order
from ..one_place import AlreadyRegistered
from ..places import refresh_held
from ..register import Means, order_with_key, refuse_if_closed, register

People = formset_factory(PersonForm, extra=0, max_num=MOST_PLACES, absolute_max=MOST_PLACES)


@never_cache
@require_http_methods(["GET", "POST"])
def who(request: HttpRequest, slug: str) -> HttpResponse:
    """First screen: who comes, and who gets the confirmation."""
    event = _open_event(request, slug)
    draft = drafts.load(request.session, slug)
    if request.method == "GET":
        return _who_page(request, event, draft, People(prefix="person", initial=_first_guess(request, draft)))
    people, contact = People(request.POST, prefix="person"), ContactForm(request.POST)
    valid = people.is_valid() and contact.is_valid()
    if not people.forms:
        return redirect("register", slug)
    _keep_people(draft, request, len(people.forms))
    if _changed_number(request, draft):
        drafts.save(request.session, slug, draft)
        return redirect(f"{request.path}?person={len(draft.people)}")
    drafts.save(request.session, slug, draft)
    if "X-Draft" in request.headers:
        return HttpResponse(status=204)
    if not draft.email:
        people.forms[0].add_error("email", _("Write the address that gets the confirmation."))
    elif valid:
        return redirect("register-choices", slug)
    return _who_page(request, event, draft, people, contact)


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
        typed = {name: request.POST.get(f"person-{index}-{name}", "")[:400] for name in drafts.PERSON}
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
    draft = drafts.load(request.session, slug)
    if not draft.email:
        return redirect("register", slug)
    forms = _choice_forms(event, draft, request.POST if request.method == "POST" else None)
    if request.method == "POST":
        for index, person in enumerate(draft.people):
            person["ticket"] = request.POST.get(f"choice-{index}-ticket", "")[:50]
            person["no_photo"] = f"choice-{index}-no_photo" in request.POST
        drafts.save(request.session, slug, draft)
        if "X-Draft" in request.headers:
            return HttpResponse(status=204)
        checked = [form.is_valid() for form in forms]
        if all(checked):
            return redirect("register-check", slug)
    context = {"event": event, "forms": forms, "people": list(zip(draft.people, forms, strict=True))}
    return render(request, "registrations/register_choices.html", context)


def _choice_forms(event: Event, draft: Draft, data: Any) -> list[ChoiceForm]:
    tickets = [ticket for ticket in event.tickets.all() if ticket.is_public]
    now = timezone.now()
    refresh_held(tickets, at=now)
    closed = frozenset(t.slug for t in tickets if t.left == 0 or not t.is_on_sale(at=now))
    free = [ticket.slug for ticket in tickets if ticket.slug not in closed]
    only = free[0] if len(free) == 1 else ""
    return [
        ChoiceForm(
            data,
            tickets=tickets,
            closed=closed,
            email=person.get("email", ""),
            prefix=f"choice-{index}",
            initial={"ticket": person.get("ticket") or only, "no_photo": person.get("no_photo")},
        )
        for index, person in enumerate(draft.people)
    ]


@never_cache
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest, slug: str) -> HttpResponse:
    """Third screen: all at one glance, the invoice's address where something is due, and the button."""
    nonce = request.POST.get("nonce", "")
    event = visible_event(slug, request.user)
    if nonce and (order := order_with_key(event, _key(nonce))):
        return _after(order)
    refuse_if_closed(event, at=timezone.now())
    draft = drafts.load(request.session, slug)
    tickets = {ticket.slug: ticket for ticket in event.tickets.all() if ticket.is_public}
    if not draft.email or any(person.get("ticket") not in tickets for person in draft.people):
        return redirect("register-choices" if draft.email else "register", slug)
    total = sum(tickets[person["ticket"]].price for person in draft.people)
    data = request.POST if request.method == "POST" else None
    billing = _billing_form(draft, data) if total else None
    payment = PaymentForm(data, initial=_typed(draft)) if total and settings.CARDS_OFFERED else None
    language = LanguageForm(data, initial={"language": draft.language or translation.get_language()})
    if request.method == "POST":
        _keep_check(draft, request)
        drafts.save(request.session, slug, draft)
        if "X-Draft" in request.headers:
            return HttpResponse(status=204)
        if all(form is None or form.is_valid() for form in (language, payment, billing)):
            return _book(request, event, draft)
    context = {
        "event": event,
        "draft": draft,
        "people": [(person, tickets[person["ticket"]]) for person in draft.people],
        "total": total,
        "billing": billing,
        "payment": payment,
        "language_form": language,
    }
    return render(request, "registrations/register_check.html", context)


def _typed(draft: Draft) -> dict[str, str]:
    return {name: text for name, text in draft.billing.items() if text}


def _billing_form(draft: Draft, data: Any) -> BillingForm:
    guess = {"billing_name": draft.people[0].get("company", ""), "billing_country": "FR"}
    return BillingForm(data, initial={**guess, **draft.billing})


def _keep_check(draft: Draft, request: HttpRequest) -> None:
    names = [*drafts.BILLING, "purchase_order", "payment"]
    draft.billing = {name: request.POST[name][:400] for name in names if name in request.POST}
    draft.language = request.POST.get("language", "")[:5]


def _key(nonce: str) -> str:
    return f"form:{nonce}"


def _book(request: HttpRequest, event: Event, draft: Draft) -> HttpResponse:
    """Book, or go back to the screen where the trouble can be mended, with all that was typed."""
    person = request.user if isinstance(request.user, Person) else None
    means = Means(source="page", key=_key(draft.nonce), person=person)
    language = translation.get_language() or "fr"
    wanted = draft.request(language)
    refuse_flood(event, wanted)
    try:
        order = register(event=event, request=wanted, means=means)
    except (SoldOut, InvalidFields, AlreadyRegistered) as error:
        _tell(request, error)
        fields = error.fields if isinstance(error, InvalidFields) else {}
        about_tickets = all(field.endswith("ticket") for field in fields)
        return redirect("register-choices" if about_tickets else "register", event.slug)
    drafts.forget(request.session, event.slug)
    return _after(order)


def _after(order: Order) -> HttpResponse:
    """To the payment where one is due now, else to the order."""
    if order.is_by_card:
        return redirect("order-pay", order.reference, order.secret)
    return redirect(order.manage_path)


def _tell(request: HttpRequest, error: ConventionError) -> None:
    kept = _("Everything you typed was kept.")
    said = (
        [s for sentences in error.fields.values() for s in sentences]
        if isinstance(error, InvalidFields)
        else []
    )
    for sentence in said or [str(error)]:
        messages.error(request, f"{sentence} {kept}")
