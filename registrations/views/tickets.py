"""Organizers' pages: the tickets of an event."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from convention.errors import InvalidFields
from convention.events.doors import event_to_organize
from convention.events.models import Event

from ..forms.tickets import StepForms, TicketForm, initial_steps, steps_in
from ..models import Ticket
from ..tickets import remove_ticket, save_ticket


@require_GET
def tickets(request: HttpRequest, event: str) -> HttpResponse:
    """All tickets, with what is taken."""
    found = event_to_organize(event, request.user)
    context = {"event": found, "section": "organize", "tickets": list(found.tickets.with_prices())}
    return render(request, "registrations/organize_tickets.html", context)


@require_http_methods(["GET", "POST"])
def new_ticket(request: HttpRequest, event: str) -> HttpResponse:
    """Add one."""
    found = event_to_organize(event, request.user)
    return _edit(request, found, Ticket(event=found, position=found.tickets.count() * 10))


@require_http_methods(["GET", "POST"])
def ticket(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    """Change one."""
    found = event_to_organize(event, request.user)
    return _edit(
        request, found, get_object_or_404(Ticket.objects.select_related("quota"), event=found, slug=slug)
    )


def _edit(request: HttpRequest, event: Event, one: Ticket) -> HttpResponse:
    title = one.title if one.pk else ""
    form = TicketForm(request.POST or None, instance=one, event=event)
    known = None if request.method == "POST" else initial_steps(one, event)
    told = {"zone": event.zone}
    steps = StepForms(request.POST or None, prefix="step", initial=known, form_kwargs=told)
    if request.method == "POST" and all([form.is_valid(), steps.is_valid()]):
        try:
            save_ticket(ticket=form.row(), changed=form.changed_fields, steps=steps_in(steps))
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The ticket is saved."))
            return redirect("organize-tickets", event.slug)
    context = {
        "event": event,
        "section": "organize",
        "form": form,
        "ticket": one,
        "title": title,
        "steps": steps,
    }
    return render(request, "registrations/organize_ticket.html", context)


@require_POST
def remove(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    """Remove one that nobody has."""
    found = event_to_organize(event, request.user)
    remove_ticket(ticket=get_object_or_404(Ticket, event=found, slug=slug))
    messages.success(request, _("The ticket is removed."))
    return redirect("organize-tickets", event)
