"""Organizers' pages of an event itself: what it is, where, in which rooms, and who runs it."""

from typing import TYPE_CHECKING, Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.forms import model_to_dict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from convention.audit.record import record
from convention.club.doors import signed_in
from convention.colours import is_readable_as_chosen
from convention.downloads import download
from convention.errors import Forbidden, InvalidFields

from .appoint import appoint, appoint_under, dismiss
from .doors import delegation_of, event_to_organize, may_change_venue, may_create_events
from .forms import AppointForm, EventForm, NewEventForm, OwnEventForm, RoomForms, VenueForm, VenueToRead
from .guards import refuse_change
from .lists import event_lists
from .models import Event, EventRole

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

read_or_write = require_http_methods(["GET", "HEAD", "POST"])


@require_GET
def export_list(request: "HttpRequest", event: str, name: str, kind: str) -> "HttpResponse":
    """One list of an event, whole, as a file of that kind."""
    found = event_to_organize(event, request.user)
    record(f"{name}.export", found, event=found, fields=[kind])
    return download(event_lists()[name](found), name=f"{found.slug}-{name}", kind=kind)


@login_required
@read_or_write
def create(request: "HttpRequest") -> "HttpResponse":
    """A new event, a draft until someone publishes it."""
    if not may_create_events(request.user):
        raise Forbidden(_("Only the club’s organizers may add an event."))
    form = NewEventForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        event = save_event(request, form, "event.create")
        messages.success(request, _("The event was created. Next: its tickets, rooms and people."))
        return redirect("organize-settings", event.slug)
    return render(request, "organize/event_new.html", {"form": form, "section": "organize"})


@read_or_write
def settings(request: "HttpRequest", event: str) -> "HttpResponse":
    """Change what the event is."""
    found = event_to_organize(event, request.user)
    form_of = EventForm if may_create_events(request.user) else OwnEventForm
    form = form_of(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        try:
            save_event(request, form, "event.change")
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The event was saved."))
            return redirect("organize-settings", found.slug)
    shown = Event.objects.select_related("venue").get(pk=found.pk) if form.errors else found
    return page(request, "organize/event_settings.html", shown, form=form)


@transaction.atomic
def save_event(request: "HttpRequest", form: EventForm, verb: str) -> Event:
    """Keep it with a line in the audit trail, and say what happens to a pale accent. Raises InvalidFields."""
    if form.instance.pk:
        refuse_change(form.instance, request.user)
    event: Event = form.save()
    record(verb, event, event=event, fields=form.changed_data)
    if "accent" in form.changed_data and not is_readable_as_chosen(event.accent):
        messages.info(request, _("The accent is too pale for words on paper: pages use a darker tone of it."))
    return event


@read_or_write
def venue(request: "HttpRequest", event: str) -> "HttpResponse":
    """Change the venue of the event, or add one; one that others use too is copied first."""
    found = event_to_organize(event, request.user)
    form = venue_form(request, found)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            found.venue = form.save()
            found.save(update_fields=["venue"])
            record("venue.change", found.venue, event=found, fields=form.changed_data)
        messages.success(request, _("The venue was saved."))
        return redirect("organize-settings", found.slug)
    others = form.instance.pk and form.instance.events.exclude(pk=found.pk).count()
    is_to_read = isinstance(form, VenueToRead)
    return page(request, "organize/event_venue.html", found, form=form, others=others, is_to_read=is_to_read)


def venue_form(request: "HttpRequest", event: Event) -> VenueForm:
    """For a new venue, a copy of the present one, or that one itself. Raises Forbidden for a shared one."""
    data, present = request.POST or None, event.venue
    if present is None or "new" in request.GET:
        return VenueForm(data)
    if "copy" in request.GET:
        return VenueForm(data, initial=model_to_dict(present))
    if may_change_venue(request.user, present):
        return VenueForm(data, instance=present)
    if request.method == "POST":
        raise Forbidden(_("Events that you do not run take place here too: make a copy for this one."))
    return VenueToRead(instance=present)


@read_or_write
def rooms(request: "HttpRequest", event: str) -> "HttpResponse":
    """All rooms on one page."""
    found = event_to_organize(event, request.user)
    forms = RoomForms(request.POST or None, instance=found)
    if request.method == "POST" and forms.is_valid():
        with transaction.atomic():
            forms.save()
            record("rooms.change", found, event=found, fields=["rooms"])
        messages.success(request, _("The rooms were saved."))
        return redirect("organize-rooms", found.slug)
    return page(request, "organize/event_rooms.html", found, forms=forms)


@read_or_write
@reauthentication_required(allow_get=True)
def people(request: "HttpRequest", event: str) -> "HttpResponse":
    """Who may do what for the event, now, later and before."""
    found = event_to_organize(event, request.user)
    form = AppointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            role = _appoint(request, found, form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            said = {"name": form.cleaned_data["email"], "role": role.get_role_display()}
            messages.success(request, _("%(name)s is now %(role)s.") % said)
            return redirect("organize-people", found.slug)
    roles = found.roles.select_related("person", "delegation__company")
    today = timezone.localdate()
    rows = list(roles.order_by("role", "person__sort_name", "pk"))
    current = [role for role in rows if role.last_day is None or role.last_day >= today]
    past = [role for role in rows if role.last_day and role.last_day < today]
    context = {"form": form, "current": current, "past": past, "today": today}
    by_name = may_create_events(request.user)
    return page(request, "organize/event_people.html", found, by_name=by_name, **context)


def _appoint(request: "HttpRequest", event: Event, given: dict[str, Any]) -> EventRole:
    """Whoever runs the event under a contract alone gives roles under it alone. Raises InvalidFields."""
    contract = delegation_of(request.user, event)
    return appoint_under(delegation=contract, **given) if contract else appoint(event=event, **given)


@require_POST
def end_role(request: "HttpRequest", event: str, role_id: int) -> "HttpResponse":
    """End one role at once."""
    found = event_to_organize(event, request.user)
    role = get_object_or_404(EventRole.objects.select_related("person", "event"), pk=role_id, event=found)
    dismiss(role=role, by=signed_in(request.user))
    name = role.person if may_create_events(request.user) else role.person.email
    messages.success(request, _("The role of %(name)s has ended.") % {"name": name})
    return redirect("organize-people", found.slug)


def page(request: "HttpRequest", template: str, event: Event, **context: Any) -> "HttpResponse":
    """A page in the frame of one event."""
    return render(request, template, {"event": event, "section": "organize", **context})
