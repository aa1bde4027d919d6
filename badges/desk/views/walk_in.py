"""Pages of walk-ins: registration, and answers to open questions."""

import re
import secrets
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from badges.desk.permissions import can_take_payments
from badges.desk.search import load_guests
from convention.errors import InvalidFields, NotOpenNow, SoldOut
from convention.events.permissions import can_organize, get_event_to_staff
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from registrations.booking.change_answers import save_answers
from registrations.booking.walk_in import DuplicateRegistration, register_walk_in
from registrations.models import Order, Registration
from registrations.questions.answer_forms import AnswersForm, respond_with_questions
from registrations.questions.answers import select_unanswered_questions
from registrations.questions.queries import load_questions
from registrations.storefront.walk_in_forms import WalkInForm, find_preselected_ticket

from .search import MAX_QUERY_LENGTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest


# A badge's short code or a reference, which staff search by, is no name.
NOT_A_NAME_PATTERN = re.compile(r"[\d@]")
# An assistant's address may belong to many registrations.
MAX_DUPLICATES_SHOWN = 5


@never_cache
@require_safe_or_post
def walk_in_create(request: "HttpRequest", event: str) -> HttpResponse:
    """Register a walk-in, then show that guest, whose badge is printed next."""
    event_obj = get_event_to_staff(event, request.user)
    tickets = list(event_obj.tickets.with_prices())
    preselected_ticket = find_preselected_ticket(tickets)
    # The nonce is a hidden field, so that a second click registers the same person only once.
    initial = {
        "ticket": preselected_ticket.slug if preselected_ticket else "",
        "language": translation.get_language(),
        "nonce": secrets.token_urlsafe(24),
        **split_searched_name(request.GET.get("name", "")),
    }
    addons = list(event_obj.addons.prefetch_related("tickets"))
    form = WalkInForm(request.POST or None, tickets=tickets, addons=addons, initial=initial)
    duplicates: Sequence[Registration] = ()
    if request.method == "POST" and form.is_valid():
        try:
            registration = register_walk_in(
                event=event_obj,
                place=form.build_place(),
                idempotency_key=form.cleaned_data["nonce"],
                language=form.cleaned_data["language"],
                accepted_duplicate=request.POST.get("accepted_duplicate", ""),
            )
        except DuplicateRegistration as error:
            duplicates = error.registrations[:MAX_DUPLICATES_SHOWN]
        except (InvalidFields, SoldOut) as error:
            # Shown in the form, so that nothing typed is lost.
            form.add_errors(error)
        else:
            messages.success(request, _("%(name)s is registered.") % {"name": registration.name})
            _add_unanswered_message(request, registration)
            return redirect("desk-guest", event_obj.slug, registration.reference)
    context = {
        "section": "desk",
        "event": event_obj,
        "form": form,
        "duplicates": load_guests(event_obj, [row.pk for row in duplicates]) if duplicates else [],
        "accepted_duplicate": duplicates[0].reference if duplicates else "",
        "takes_payments": can_take_payments(request.user, event_obj),
        "can_organize": can_organize(request.user, event_obj),
    }
    return render(request, "desk/walk_in.html", context)


def split_searched_name(query: str) -> dict[str, str]:
    """Return first and last name as far as a search that found nobody tells; staff check them in the form."""
    if NOT_A_NAME_PATTERN.search(query):
        return {}
    words = query[:MAX_QUERY_LENGTH].split()
    if query.islower():
        words = [word[0].upper() + word[1:] for word in words]
    first_name = words[0] if len(words) > 1 else ""
    return {"first_name": first_name, "last_name": " ".join(words[1:] or words)}


def _add_unanswered_message(request: "HttpRequest", registration: Registration) -> None:
    """Add a message about open questions; the form skips them, so that the queue moves on."""
    open_questions = select_unanswered_questions(
        load_questions(registration.event), registration.ticket, registration.answers
    )
    if not open_questions:
        return
    values = {
        "questions": ", ".join(question.title for question in open_questions),
        "name": registration.name,
    }
    if registration.email:
        sentence = _(
            "Unanswered questions: %(questions)s. %(name)s can answer through the link in the e-mail."
        )
    else:
        sentence = _("Unanswered questions: %(questions)s. Ask %(name)s now.")
    address = reverse("desk-answers", args=[registration.event.slug, registration.reference])
    messages.warning(
        request, format_html('{} <a href="{}">{}</a>', sentence % values, address, _("Answer now"))
    )


@never_cache
@require_safe_or_post
def walk_in_answers(request: "HttpRequest", event: str, reference: str) -> HttpResponse:
    """Enter a walk-in's answers while questions are open; answers given before are not shown."""
    event_obj = get_event_to_staff(event, request.user)
    rows = Registration.objects.select_related("ticket", "event", "order")
    registration = get_object_or_404(rows, event=event_obj, reference=reference)
    questions = load_questions(event_obj)
    # Walk-ins only: the desk may neither read nor change anyone else's answers.
    if registration.order.source != Order.Source.DESK or not select_unanswered_questions(
        questions, registration.ticket, registration.answers
    ):
        return redirect("desk-guest", event_obj.slug, registration.reference)
    form = AnswersForm.for_registration(registration, questions, get_posted_data(request), request.FILES)
    if response := respond_with_questions(request, [form]):
        return response
    if form.is_valid():
        try:
            save_answers(registration=registration, given=form.given)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        except (NotOpenNow, SoldOut) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The answers have been saved."))
            return redirect("desk-guest", event_obj.slug, registration.reference)
    context = {"section": "desk", "event": event_obj, "registration": registration, "answers": form}
    return render(request, "desk/answers.html", context)
