"""The desk: a search field with the cursor in it."""

import secrets
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from badges.pdf import badge_pdf
from convention.audit.record import record
from convention.downloads import inline
from convention.errors import Closed, Forbidden, InvalidFields, NotFound, SoldOut
from convention.events.doors import event_to_staff, organizes, staffed_events
from registrations.answer import answer
from registrations.answers import unanswered
from registrations.forms.answers import AnswersForm
from registrations.forms.receive import ReceiveForm
from registrations.models import Registration
from registrations.questions import questions_of
from registrations.receive import receive
from registrations.verification import vouch_for

from ..desk import SHOWN, find_guests

if TYPE_CHECKING:
    from django.http import HttpRequest

LONGEST_QUERY = 200


@login_required
@require_safe
def desks(request: "HttpRequest") -> "HttpResponse":
    """The events at whose desk one works; straight to the only one."""
    now = timezone.now()
    events = list(
        staffed_events(request.user).filter(ends_at__gte=now).select_related("venue").distinct()[:50]
    )
    if not events:
        raise Forbidden(_("This page is for those who work at the desk of an event that lies ahead."))
    if len(events) == 1:
        return redirect("desk", events[0].slug)
    return render(request, "reports/desks.html", {"events": events, "section": "desk"})


@require_safe
def desk(request: "HttpRequest", event: str) -> "HttpResponse":
    """Find people by any words; `part` answers with the results alone, for the script that types along."""
    found = event_to_staff(event, request.user)
    query = request.GET.get("q", "")[:LONGEST_QUERY]
    context = {
        "section": "desk",
        "event": found,
        "query": query,
        "found": find_guests(event=found, query=query),
        "shown": SHOWN,
        "organizes": organizes(request.user, found),
    }
    template = "reports/desk_results.html" if "part" in request.GET else "reports/desk.html"
    return render(request, template, context)


@never_cache
@require_http_methods(["GET", "POST"])
def walk_in(request: "HttpRequest", event: str) -> HttpResponse:
    """Register someone who stands here, and come back to the desk with that person found."""
    found = event_to_staff(event, request.user)
    tickets = list(found.tickets.with_prices())
    usual = [ticket for ticket in tickets if ticket.is_default] or tickets[: len(tickets) == 1]
    guess = {"ticket": usual[0].slug if usual else "", "nonce": secrets.token_urlsafe(24)}
    form = ReceiveForm(request.POST or None, tickets=tickets, initial=guess)
    if request.method == "POST" and form.is_valid():
        nonce, language = form.cleaned_data["nonce"], translation.get_language() or "fr"
        try:
            one = receive(event=found, place=form.place(), key=nonce, language=language)
        except (InvalidFields, SoldOut) as error:
            form.add_errors(error)
        else:
            messages.success(request, _("%(name)s is registered.") % {"name": one.name})
            _say_unanswered(request, one)
            return redirect(_found_at_desk(one))
    context = {"section": "desk", "event": found, "form": form, "organizes": organizes(request.user, found)}
    return render(request, "reports/walk_in.html", context)


def _say_unanswered(request: "HttpRequest", one: Registration) -> None:
    """The desk asks for no answers, lest the line grow; what must be answered is said, with by whom."""
    open_ones = unanswered(questions_of(one.event), one.ticket, one.answers)
    if not open_ones:
        return
    said = {"questions": ", ".join(question.title for question in open_ones), "name": one.name}
    if one.email:
        sentence = _("Still to be answered: %(questions)s. %(name)s does so by the link in the e-mail.")
    else:
        sentence = _("Still to be answered: %(questions)s. Ask %(name)s now.")
    address = reverse("desk-answers", args=[one.event.slug, one.reference])
    messages.warning(
        request, format_html('{} <a href="{}">{}</a>', sentence % said, address, _("Answer now"))
    )


def _found_at_desk(one: Registration) -> str:
    return f"{reverse('desk', args=[one.event.slug])}?{urlencode({'q': one.reference})}"


@never_cache
@require_http_methods(["GET", "POST"])
def answers(request: "HttpRequest", event: str, reference: str) -> HttpResponse:
    """Write down what a walk-in answers, as long as something is open; nobody else's answers are shown."""
    found = event_to_staff(event, request.user)
    rows = Registration.objects.select_related("ticket", "event", "order")
    one = get_object_or_404(rows, event=found, reference=reference)
    questions = questions_of(found)
    if one.order.source != "desk" or not unanswered(questions, one.ticket, one.answers):
        return redirect(_found_at_desk(one))
    form = AnswersForm.of(one, questions, request.POST if request.method == "POST" else None, request.FILES)
    if form.is_valid():
        try:
            answer(registration=one, given=form.given)
        except InvalidFields as error:
            form.add_errors(error.fields)
        except (Closed, SoldOut) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The answers are saved."))
            return redirect(_found_at_desk(one))
    context = {"section": "desk", "event": found, "registration": one, "answers": form}
    return render(request, "reports/answers.html", context)


@require_POST
def vouch(request: "HttpRequest", event: str, reference: str) -> "HttpResponse":
    """Confirm the order of somebody who stands here and whose buyer has not opened the mailed link."""
    found = event_to_staff(event, request.user)
    rows = Registration.objects.select_related("order")
    one = get_object_or_404(rows, event=found, reference=reference)
    vouch_for(order=one.order)
    messages.success(request, _("Order %(reference)s is confirmed.") % {"reference": one.order.reference})
    return redirect(_found_at_desk(one))


@require_safe
def badge(request: "HttpRequest", event: str, reference: str) -> "HttpResponse":
    """One badge, to print at once."""
    found = event_to_staff(event, request.user)
    registration = Registration.objects.confirmed().filter(event=found, reference=reference).first()
    if registration is None:
        raise NotFound(_("There is no valid badge for this registration."))
    record("badge.print", registration, event=found)
    return inline(badge_pdf(registration), name=f"badge-{reference}.pdf")
