"""The first two of the three screens to register: people, then tickets; `review_views.py` has the third.

They need no account and no script, and lose nothing that was typed.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.forms import BaseFormSet, formset_factory
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from convention.api.throttles import TooManyRequests
from convention.club.addresses.own_addresses import load_own_addresses
from convention.club.models import Person
from convention.club.permissions import get_employer, is_member
from convention.errors import NotFound
from convention.events.models import Event
from convention.events.permissions import get_visible_event
from convention.text.email_addresses import normalize_email
from convention.text.normalize import parse_digits
from convention.web.client_network import get_client_network
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.application_rules import get_application_path
from registrations.billing.company_address import find_billing_company
from registrations.booking.validation import (
    check_ticket_counts,
    check_voucher,
    check_voucher_recipients,
    check_voucher_use,
    refuse_if_closed,
)
from registrations.models import Question, Ticket, Voucher
from registrations.models.registrations import make_sort_name
from registrations.order_request import MAX_PLACES_PER_ORDER, normalize_code
from registrations.permissions import get_order_by_link, list_registration_links
from registrations.pricing.catalog import is_voucher_for
from registrations.questions.answer_forms import AnswersForm, build_answer_forms, respond_with_questions
from registrations.rate_limits import get_voucher_throttled

from .choice_offer import ChoiceOffer, load_choice_offer
from .draft_views import respond_to_unfinished
from .drafts import BILLING_FIELDS, PERSON_FIELDS, DraftContent, load_draft, save_draft
from .forms import ContactForm, OrderAttendeeForm, TicketChoiceForm, VoucherCodeForm

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser

PersonFormSet = formset_factory(
    OrderAttendeeForm, extra=0, max_num=MAX_PLACES_PER_ORDER, absolute_max=MAX_PLACES_PER_ORDER
)


@never_cache
@require_safe_or_post
def register_people(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the first screen: attendees, and the address for the confirmation."""
    event = _open_event(request, slug)
    draft = load_draft(request.session, slug)
    if request.method != "POST":
        if request.GET.get("code"):
            draft.code = normalize_code(request.GET["code"][:60])  # from a link with a voucher
            _save_draft(request, event, draft)
        return _render_first_page(request, event, draft)
    people, contact = PersonFormSet(request.POST, prefix="person"), ContactForm(request.POST)
    valid = people.is_valid() and contact.is_valid()
    if not people.forms:  # a forged management form
        return redirect("register", slug)
    _update_people(draft, request, len(people.forms))
    repeated_name = _find_repeated_name(request, draft)
    if _change_people_count(request, draft):
        _save_draft(request, event, draft)
        # Redirected, so that a reload adds no other person; the query moves the focus to the new one.
        return redirect(f"{request.path}?person={len(draft.people)}")
    _save_draft(request, event, draft)
    if response := _respond_to_unfinished_people(request, slug, people, contact):
        return response
    if not draft.email:
        people.forms[0].add_error("email", _("Enter the e-mail address for the confirmation."))
    elif valid and not repeated_name:
        return redirect("register-choices", slug)
    return _render_people_page(
        request, event, draft, people, contact, repeated_name=repeated_name if valid else ""
    )


@never_cache
@require_POST
def register_another(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """Start another order of the same buyer, with the contact, company and billing details of this one.

    The entries of a draft are not overwritten.
    """
    link_access = get_order_by_link(reference, secret)
    if not link_access.is_full:
        raise NotFound(_("This page can only be opened with the buyer’s link."))
    order = link_access.order
    draft = load_draft(request.session, order.event.slug)
    if not any(value for person in draft.people for value in person.values()):
        draft.people = [{"company": order.company}]
        draft.contact = order.email
        draft.billing = {name: getattr(order, name) for name in BILLING_FIELDS}
    draft.previous_order = order.reference
    _save_draft(request, order.event, draft)
    return redirect("register", order.event.slug)


def _save_draft(request: HttpRequest, event: Event, draft: DraftContent) -> None:
    save_draft(request.session, event.slug, draft, event=event, network=get_client_network(request.META))


def _render_first_page(request: HttpRequest, event: Event, draft: DraftContent) -> HttpResponse:
    """Show the empty screen, or the page to apply if places are given on application."""
    if page := get_application_path(event):
        return redirect(page)
    if not any(draft.people):
        _prefill_people(request, event, draft)
    return _render_people_page(request, event, draft, PersonFormSet(prefix="person", initial=draft.people))


def _render_people_page(
    request: HttpRequest,
    event: Event,
    draft: DraftContent,
    people: BaseFormSet[OrderAttendeeForm],
    contact: ContactForm | None = None,
    *,
    repeated_name: str = "",
) -> HttpResponse:
    """Return the first screen; `repeated_name` is that of a person who was entered twice."""
    contact = contact or ContactForm(initial={"contact": draft.contact})
    # The confirmation needs one address: the contact's, or the first person's.
    people.forms[0].fields["email"].required = not draft.contact
    if len(people.forms) > 1:
        for number, form in enumerate(people.forms, 1):
            form.error_subject = _("Attendee %(number)s") % {"number": number}
    if "person" in request.GET:
        people.forms[-1].fields["first_name"].widget.attrs["autofocus"] = True
    context = {
        "event": event,
        "people": people,
        "contact": contact,
        "max_places": MAX_PLACES_PER_ORDER,
        # Their colleagues are registered together in the company's area.
        "contact_company": find_billing_company(request.user),
        "repeated_name": repeated_name,
        "is_further_order": bool(draft.previous_order) or _is_registered(request, event),
    }
    return render(request, "registrations/register_people.html", context)


def _open_event(request: HttpRequest, slug: str) -> Event:
    event = get_visible_event(slug, request.user)
    refuse_if_closed(event, at=timezone.now())
    return event


def _prefill_people(request: HttpRequest, event: Event, draft: DraftContent) -> None:
    """Fill an empty draft with the signed-in person; for one who is registered already, with the buyer."""
    person = request.user
    if not isinstance(person, Person):
        return
    employer = get_employer(person)
    company = {"company": employer.name if employer else ""}
    if _is_registered(request, event):
        draft.people, draft.contact = [company], draft.contact or person.email or ""
        return
    name = {"first_name": person.first_name, "last_name": person.last_name}
    draft.people = [{**name, "email": person.email or "", **company}]


def _is_registered(request: HttpRequest, event: Event) -> bool:
    """Return whether the signed-in person has an active registration at the event."""
    return isinstance(request.user, Person) and bool(list_registration_links(request.user, [event]))


def _update_people(draft: DraftContent, request: HttpRequest, count: int) -> None:
    """Put everything typed into the draft, valid or not; data of later screens stays with each person."""
    people = []
    for index in range(count):
        earlier = draft.people[index] if index < len(draft.people) else {}
        # Longer than any column: too long a text is shown again with its error, not cut silently.
        typed = {name: request.POST.get(f"person-{index}-{name}", "")[:400] for name in PERSON_FIELDS}
        people.append({**earlier, **typed})
    draft.people = people or [{}]
    draft.contact = request.POST.get("contact", "").strip()[:400]
    draft.correct_address(request.POST.get("correct_address", ""))


def _respond_to_unfinished_people(
    request: HttpRequest, slug: str, people: BaseFormSet[OrderAttendeeForm], contact: ContactForm
) -> HttpResponse | None:
    """Return the hints on mistyped addresses that `draft.js` asks for, else as `respond_to_unfinished`."""
    if request.headers.get("X-Draft") == "addresses":
        return render(request, "registrations/address_hints.html", {"people": people, "contact": contact})
    return respond_to_unfinished(request, slug)


def _find_repeated_name(request: HttpRequest, draft: DraftContent) -> str:
    """Return the name of a person who was entered twice with the same address, until that was confirmed."""
    seen = set()
    for person in draft.people:
        first_name, last_name = person.get("first_name", ""), person.get("last_name", "")
        key = f"{make_sort_name(first_name, last_name)} {normalize_email(person.get('email', ''))}"
        if person.get("email") and key in seen and key not in draft.accepted_duplicates:
            if "accept_repeated" not in request.POST:
                return f"{first_name} {last_name}".strip()
            draft.accepted_duplicates.append(key)
        seen.add(key)
    return ""


def _change_people_count(request: HttpRequest, draft: DraftContent) -> bool:
    """Add or remove a person if such a button was pressed; return whether one was."""
    if "add" in request.POST:
        draft.add_person()
        return True
    if (removed := parse_digits(request.POST.get("remove", ""))) is not None:
        draft.remove_person(removed)
        return True
    return False


@never_cache
@require_safe_or_post
def register_choices(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the second screen: a ticket and answers for each attendee, with prices and availability."""
    event = _open_event(request, slug)
    draft = load_draft(request.session, slug)
    if not draft.email:
        return redirect("register", slug)
    data = get_posted_data(request)
    if data is not None:
        _update_choices(draft, request)
    senders = request.session.session_key or "", draft.email
    voucher, code_error = _load_usable_voucher(request, event, draft)
    is_applying_code = "apply" in request.POST
    code = VoucherCodeForm(data, initial={"code": draft.code}, code_error=code_error)
    # Applying a code must not show errors in choices that are not finished: these forms stay unbound.
    offer = _load_offer_for_reader(event, voucher, request.user)
    _preselect_only_ticket(draft, offer)
    forms = _build_choice_forms(draft, offer, voucher, None if is_applying_code else data)
    answers = build_answer_forms(
        draft,
        offer.tickets_by_slug,
        data,
        request.FILES or None,
        *senders,
        network=get_client_network(request.META),
    )
    if request.method == "POST":
        _save_draft(request, event, draft)
        if response := respond_with_questions(request, answers) or respond_to_unfinished(request, slug):
            return response
        for field, sentence in [] if is_applying_code else _check_choices(draft, voucher, offer):
            code.add_error(field, sentence)
        if is_applying_code and code.is_valid():
            return redirect(f"{request.path}#code")
        valid = [form.is_valid() for form in [code, *forms, *answers] if form]  # each shows its own errors
        if not is_applying_code and all(valid):
            return redirect("register-review", slug)
    context = {"event": event, "forms": forms, "code": code, "voucher": voucher, "code_error": code_error}
    context["people"] = list(zip(draft.people, forms, answers, strict=True))
    _set_error_subjects(draft, forms, answers)
    context["forms_with_errors"] = (
        [] if is_applying_code else [form for form in [*forms, *answers] if form and form.errors]
    )
    context["full_tickets"] = forms[0].full_tickets
    new_questions = [] if is_applying_code else _focus_new_questions(request, answers)
    context["has_new_questions"] = bool(new_questions)
    context["must_answer"] = any(question.is_required for question in new_questions)
    return render(request, "registrations/register_choices.html", context)


def _set_error_subjects(
    draft: DraftContent, forms: list[TicketChoiceForm], answers: list[AnswersForm | None]
) -> None:
    """Let errors name their person if there are several."""
    if len(draft.people) < 2:
        return
    for person, *person_forms in zip(draft.people, forms, answers, strict=True):
        for form in person_forms:
            if form:
                form.error_subject = f"{person['first_name']} {person['last_name']}"


def _focus_new_questions(request: HttpRequest, answers: list[AnswersForm | None]) -> list[Question]:
    """Return the questions that the chosen tickets brought; focus the first of them."""
    new_questions: list[Question] = []
    # Questions that were not on the screen are in an unbound form (see `build_answer_forms`).
    for form in answers if request.method == "POST" else []:
        if not form or form.is_bound:
            continue
        shown = request.POST.get(f"{form.prefix}-shown", "").split()
        form_questions = [question for question in form.asked_questions if question.slug not in shown]
        if not new_questions:
            form.fields[form_questions[0].slug].widget.attrs["autofocus"] = True
        new_questions += form_questions
    return new_questions


def _load_voucher(request: HttpRequest, event: Event, draft: DraftContent) -> Voucher | None:
    """Return the voucher of the draft's code, or None. Raise TooManyRequests if another code is sent."""
    senders = request.session.session_key or "", draft.email
    try:
        return get_voucher_throttled(event, draft.code, *senders, network=get_client_network(request.META))
    except TooManyRequests as refusal:
        if request.method == "POST":
            raise
        # Without the code, so that the visitor can remove it.
        messages.error(request, str(refusal))
        draft.code = ""
        return None


def _update_choices(draft: DraftContent, request: HttpRequest) -> None:
    """Put everything chosen into the draft, valid or not."""
    for index, person in enumerate(draft.people):
        person["ticket"] = request.POST.get(f"choice-{index}-ticket", "")[:50]
        person["addons"] = [slug[:50] for slug in request.POST.getlist(f"choice-{index}-addons")[:50]]
        person["no_photo"] = f"choice-{index}-no_photo" in request.POST
    # The script that saves the draft sends codes that are half typed, and each would count as a guess.
    if "X-Draft" not in request.headers:
        draft.code = normalize_code(request.POST.get("code", "")[:60])


def _load_usable_voucher(
    request: HttpRequest, event: Event, draft: DraftContent
) -> tuple[Voucher | None, str]:
    """Return the voucher of the draft's code, or None and the reason why no attendee can use it."""
    voucher = _load_voucher(request, event, draft)
    code_error = _find_code_error(draft, voucher)
    # Its prices and hidden tickets are not for these attendees.
    return (None if code_error else voucher), code_error


def _find_code_error(draft: DraftContent, voucher: Voucher | None) -> str:
    """Return an error if none of the attendees can use the code now, whatever they choose; else ""."""
    if not draft.code:
        return ""
    sentence = check_voucher(voucher, at=timezone.now())
    if sentence or voucher is None:
        return sentence
    order_request = draft.build_order_request("fr")
    return check_voucher_recipients(voucher, order_request.places, company=order_request.company)


def _check_choices(
    draft: DraftContent, voucher: Voucher | None, offer: ChoiceOffer
) -> Iterator[tuple[str | None, str]]:
    """Yield errors about the code's tickets and the number of tickets for what was chosen."""
    order_request = draft.build_order_request("fr")
    tickets = {ticket.slug: ticket for ticket in offer.tickets}
    chosen = [place for place in order_request.places if place.ticket in tickets]
    if (
        offer.voucher_terms
        and voucher
        and chosen
        and (voucher_error := check_voucher_use(voucher, chosen, company=order_request.company))
    ):
        yield "code", voucher_error
    for sentence in check_ticket_counts(tickets[place.ticket] for place in chosen):
        yield None, sentence
    for ticket in _list_scarce_tickets(draft, offer):
        sentence = ngettext(
            "Only %(count)d place is left for “%(ticket)s”. Register one person with it; once it is full, "
            "the others can join the waiting list.",
            "Only %(count)d places are left for “%(ticket)s”. Register only that many people with it; "
            "once it is full, the others can join the waiting list.",
            ticket.remaining or 0,
        )
        yield None, sentence % {"count": ticket.remaining, "ticket": ticket.title}


def _list_scarce_tickets(draft: DraftContent, offer: ChoiceOffer) -> list[Ticket]:
    """Return the tickets chosen for more people than places are left; sold-out ones are refused as such."""
    counts = Counter(person.get("ticket") for person in draft.people)
    limited = [ticket for ticket in offer.tickets if ticket.remaining]
    return [ticket for ticket in limited if counts[ticket.slug] > (ticket.remaining or 0)]


def _load_offer_for_reader(event: Event, voucher: Voucher | None, reader: "RequestUser") -> ChoiceOffer:
    """Load what the reader can choose with this voucher."""
    offer = load_choice_offer(event, voucher)
    if not any(ticket.needs_member_verification for ticket in offer.tickets):
        return offer
    return replace(offer, member_addresses=_load_member_addresses(reader))


def _load_member_addresses(reader: "RequestUser") -> frozenset[str]:
    """Return the normalized addresses of a signed-in member; none for anybody else."""
    if isinstance(reader, Person) and is_member(reader):
        return load_own_addresses(reader)
    return frozenset()


def _find_only_ticket(offer: ChoiceOffer) -> str:
    """Return the slug of the only available ticket, which is preselected; "" if there are several.

    A members' ticket is not preselected where the others are sold out: guests would take it by mistake.
    """
    available = [ticket for ticket in offer.tickets if ticket.slug not in offer.unavailable_tickets]
    if len(available) != 1 or (available[0].is_for_members and len(offer.tickets) > 1):
        return ""
    return available[0].slug


def _preselect_only_ticket(draft: DraftContent, offer: ChoiceOffer) -> None:
    """Choose the only ticket for each attendee without one, so that its questions are on the screen."""
    only_slug = _find_only_ticket(offer)
    for person in draft.people:
        person["ticket"] = person.get("ticket") or only_slug


def _build_choice_forms(
    draft: DraftContent, offer: ChoiceOffer, voucher: Voucher | None, data: Any
) -> list[TicketChoiceForm]:
    order_request = draft.build_order_request("fr")
    has_discount = [
        voucher is not None and is_voucher_for(voucher, place, order_request.company)
        for place in order_request.places
    ]
    full_price_offer = replace(offer, voucher_terms=None)
    return [
        TicketChoiceForm(
            data,
            offer=offer if is_discounted else full_price_offer,
            email=person.get("email", ""),
            prefix=f"choice-{index}",
            initial={
                "ticket": person.get("ticket"),
                "addons": person.get("addons", []),
                "no_photo": person.get("no_photo"),
            },
        )
        for index, (person, is_discounted) in enumerate(zip(draft.people, has_discount, strict=True))
    ]
