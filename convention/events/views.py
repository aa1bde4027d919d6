"""Organizers' pages of an event: settings, venue, rooms, and people with roles."""

import datetime
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import model_to_dict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from convention import hooks
from convention.audit.record import record_action
from convention.club.permissions import can_read_directory, require_signed_in
from convention.errors import Forbidden, InvalidFields
from convention.tables.downloads import TableSheet, table_response
from convention.text.dates import format_datetime
from convention.web.accent_colours import is_readable_as_chosen
from convention.web.edit_conflicts import compare_edits, compute_fingerprints, parse_seen_fingerprints
from convention.web.routing import require_safe_or_post

from .forms import (
    AppointmentForm,
    DelegatedEventForm,
    EventForm,
    MeetingForm,
    NewEventForm,
    ReadOnlyVenueForm,
    SecretaryEventForm,
    VenueChoiceForm,
    VenueForm,
    VisitDatesForm,
)
from .guards import (
    check_event_change,
    find_room_uses,
    list_date_change_effects,
    lock_event,
    prepare_room_removal,
)
from .models import EVENT_TIME_FIELDS, Event, EventRole, Room, Venue
from .permissions import (
    can_administer,
    can_change_venue,
    can_create_events,
    can_organize,
    check_event_creation,
    get_delegation,
    get_event_to_administer,
    get_event_to_edit,
    get_event_to_organize,
    runs_for_club,
)
from .publishing.cancel_event import has_cancellation_page
from .publishing.publish import describe_passed_deadline
from .roles import appoint_delegate, appoint_person, check_role_in_scope, end_event_role
from .rooms.forms import RoomFormSet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.forms import BaseModelFormSet
    from django.http import HttpRequest, HttpResponse

    from convention.club.permissions import RequestUser

# Each of these can be wrong beside the others of its line.
LINKED_SETTINGS = ((*EVENT_TIME_FIELDS, "timezone"), ("kind", "host", "group"))
# Lists that a group's leads cannot download: voucher codes lower prices.
MONEY_LISTS = {"codes"}
# The code of the error that asks for a confirmation.
UNPUBLICATION_ERROR = "unpublication"


def load_event_lists() -> "dict[str, Callable[[Event], TableSheet]]":
    """Return the functions that make an event's lists, by name; each app registers its own."""
    return {name: make for lists in hooks.event_downloads.providers() for name, make in lists.items()}


@require_GET
def event_list_export(request: "HttpRequest", event: str, name: str, kind: str) -> "HttpResponse":
    """Download one list of the event as a file of that kind."""
    get_event = get_event_to_administer if name in MONEY_LISTS else get_event_to_organize
    event_row = get_event(event, request.user)
    # Recorded before the file is made: lists hold personal data, and who took one must be traceable.
    record_action(f"{name}.export", event_row, event=event_row, fields=[kind])
    return table_response(load_event_lists()[name](event_row), name=f"{event_row.slug}-{name}", kind=kind)


@login_required
@require_safe_or_post
def event_create(request: "HttpRequest") -> "HttpResponse":
    """Create an event as a draft."""
    check_event_creation(request.user)
    form = NewEventForm(request.POST or None)
    if request.method == "POST" and "preview" not in request.POST and form.is_valid():
        event = save_event(request, form, "event.create", changed_fields=form.changed_data)
        messages.success(request, _("The event has been created. Next steps: tickets, rooms and people."))
        return redirect("organize-settings", event.slug)
    return render(request, "organize/event_new.html", {"form": form, "section": "organize"})


@require_safe_or_post
def event_settings(request: "HttpRequest", event: str) -> "HttpResponse":
    """Change the event's settings."""
    event_row = get_event_to_edit(event, request.user)
    form_class = _choose_settings_form(request.user, event_row)
    fingerprints = compute_fingerprints({name: getattr(event_row, name) for name in form_class.base_fields})
    outcome = SettingsOutcome()
    context: dict[str, Any] = {}
    if request.method == "POST":
        # A program sends values without having shown any to compare with.
        if "seen" in request.POST:
            fingerprints = parse_seen_fingerprints(request.POST["seen"])
        with transaction.atomic():
            # Locked, so that two organizers who save at once see each other's changes.
            locked = lock_event(event_row.pk)
            form = form_class(request.POST, instance=locked)
            if "preview" not in request.POST:
                outcome = _save_settings(request, form, fingerprints)
        if outcome.is_saved:
            messages.success(request, _("The event has been saved."))
            return redirect("organize-settings", event_row.slug)
        # Of the fields in conflict only: the other person's other changes must survive the next save.
        fingerprints = fingerprints | compute_fingerprints(outcome.newer_values)
        context["other_values"] = [
            (form[name], _describe_setting(form, name, value)) for name, value in outcome.newer_values.items()
        ]
        context["date_effects"] = outcome.date_effects
        context["dates_code"] = compute_dates_code(outcome.date_effects)
    else:
        form = form_class(instance=event_row)
    # The form has changed the instance; the page's frame shows what is stored.
    event_shown = Event.objects.select_related("venue").get(pk=event_row.pk) if form.is_bound else event_row
    context |= {"form": form, "seen_fingerprints": json.dumps(fingerprints)}
    context["can_delete"] = runs_for_club(request.user, event_shown)
    context["has_cancellation_page"] = context["can_delete"] and has_cancellation_page(event_shown)
    context["asks_unpublication"] = form.has_error("visibility", UNPUBLICATION_ERROR)
    return render_event_page(request, "organize/event_settings.html", event_shown, **context)


def _choose_settings_form(person: "RequestUser", event: Event) -> type[EventForm]:
    if can_create_events(person):
        return EventForm
    if not can_organize(person, event):
        return VisitDatesForm
    if not can_administer(person, event):
        return MeetingForm
    return SecretaryEventForm if can_read_directory(person) else DelegatedEventForm


@dataclass(frozen=True)
class SettingsOutcome:
    """The outcome of posting the settings.

    `newer_values` are those of fields that somebody else changed in the meantime. `date_effects` are the
    consequences of new dates that the organizer has to confirm. Nothing is saved with either.
    """

    is_saved: bool = False
    newer_values: dict[str, object] = field(default_factory=dict)
    date_effects: list[str] = field(default_factory=list)


def _save_settings(
    request: "HttpRequest", form: EventForm, seen_fingerprints: dict[str, str]
) -> SettingsOutcome:
    """Save the fields that the organizer changed, if the form is valid; else add the errors to it."""
    # Before the validation, which writes the values of the form to the instance.
    current = {name: getattr(form.instance, name) for name in form.fields}
    if not form.is_valid():
        return SettingsOutcome()
    edits = compare_edits(
        values=form.cleaned_data,
        current=current,
        seen_fingerprints=seen_fingerprints,
        linked_fields=LINKED_SETTINGS,
    )
    if edits.conflicting_values:
        sentence = _(
            "Someone else changed these settings while you were editing them. Your values are still here, "
            "with theirs beside them. Choose what to keep, then save again."
        )
        form.add_error(None, sentence)
        return SettingsOutcome(newer_values=edits.conflicting_values)
    for name in current.keys() - edits.changes.keys():
        setattr(form.instance, name, current[name])
    is_taken_offline = edits.changes.get("visibility") == Event.Visibility.DRAFT
    is_confirmed = "unpublication_confirmed" in request.POST
    if is_taken_offline and not is_confirmed and (errors := _list_unpublication_effects(form.instance)):
        form.add_error("visibility", errors)
        return SettingsOutcome()
    try:
        if effects := _list_unconfirmed_date_effects(request, form.instance):
            return SettingsOutcome(date_effects=effects)
        save_event(request, form, "event.change", changed_fields=sorted(edits.changes))
    except InvalidFields as error:
        form.add_errors(error.field_errors)
        return SettingsOutcome()
    return SettingsOutcome(is_saved=True)


def _list_unconfirmed_date_effects(request: "HttpRequest", event: Event) -> list[str]:
    """Return what the new dates do at once, [] if that was confirmed. Raise InvalidFields if not allowed."""
    # First, so that nobody is asked to confirm dates that cannot be saved.
    stored = check_event_change(event, request.user)
    effects = list_date_change_effects(stored, event)
    return [] if request.POST.get("dates_confirmed") == compute_dates_code(effects) else effects


def compute_dates_code(effects: "Sequence[str]") -> str:
    """Return a hash of the sentences shown, so that a confirmation is valid for these dates only."""
    return hashlib.sha256(repr(list(effects)).encode()).hexdigest()[:16]


def _list_unpublication_effects(event: Event) -> list[ValidationError]:
    """Return what becomes of attendees if the published event becomes a draft, as errors of its form."""
    providers = hooks.unpublication_effects.providers()
    effects = [sentence for list_effects in providers for sentence in list_effects(event)]
    return [ValidationError(sentence, code=UNPUBLICATION_ERROR) for sentence in effects]


def _describe_setting(form: EventForm, name: str, value: object) -> str:
    """Return a setting in words, for comparison."""
    if isinstance(value, datetime.datetime):
        return format_datetime(value, form.instance.zone)
    choices = getattr(form.fields[name], "choices", ()) if isinstance(value, str) else ()
    return str(dict(choices).get(value, "" if value is None else value))


@transaction.atomic
def save_event(request: "HttpRequest", form: EventForm, verb: str, *, changed_fields: list[str]) -> Event:
    """Save and record the event; report what changed with it, a passed deadline or a pale accent.

    Raise InvalidFields.
    """
    # In this transaction: guards compare with the stored row, which they lock until the event is saved.
    stored = check_event_change(form.instance, request.user) if form.instance.pk else None
    event: Event = form.save()
    record_action(verb, event, event=event, fields=changed_fields)
    for follow_change in hooks.event_change_listeners.providers() if stored else ():
        for sentence in follow_change(stored, event):
            messages.info(request, sentence)
    is_draft = event.visibility == Event.Visibility.DRAFT
    # Not on each change of an event whose registration has closed as planned.
    if (is_draft or {*EVENT_TIME_FIELDS, "visibility"} & {*changed_fields}) and (
        sentence := describe_passed_deadline(event)
    ):
        messages.warning(request, sentence)
    if "accent" in changed_fields and not is_readable_as_chosen(event.accent):
        messages.info(request, _("The accent colour is too pale for text, so pages use a darker shade."))
    return event


@require_safe_or_post
def event_venue(request: "HttpRequest", event: str) -> "HttpResponse":
    """Change the event's venue, choose or add one; a venue of other events is copied first."""
    event_row = get_event_to_edit(event, request.user)
    is_choosing = event_row.venue_id is None and "known_venue" in request.POST
    choice_form = VenueChoiceForm(request.POST if is_choosing else None, event=event_row)
    if is_choosing:
        if choice_form.is_valid():
            _set_venue(event_row, choice_form.cleaned_data["known_venue"])
            messages.success(request, _("The venue has been saved."))
            return redirect("organize-settings", event_row.slug)
        return _render_venue(request, event_row, VenueForm(), choice_form)
    form = make_venue_form(request, event_row)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            event_row.venue = form.save()
            # Only this column: another organizer may have saved the settings since this page read the event.
            event_row.save(update_fields=["venue"])
            record_action("venue.change", event_row.venue, event=event_row, fields=form.changed_data)
        messages.success(request, _("The venue has been saved."))
        return redirect("organize-settings", event_row.slug)
    return _render_venue(request, event_row, form, choice_form)


@transaction.atomic
def _set_venue(event: Event, venue: Venue) -> None:
    event.venue = venue
    # Only this column: another organizer may have saved the settings since this page read the event.
    event.save(update_fields=["venue"])
    record_action("event.change", event, event=event, fields=["venue"])


def _render_venue(
    request: "HttpRequest", event_row: Event, form: VenueForm, choice_form: VenueChoiceForm
) -> "HttpResponse":
    has_choice = event_row.venue_id is None and Venue.objects.exists()
    other_event_count = form.instance.pk and form.instance.events.exclude(pk=event_row.pk).count()
    is_read_only = isinstance(form, ReadOnlyVenueForm)
    return render_event_page(
        request,
        "organize/event_venue.html",
        event_row,
        form=form,
        choice_form=choice_form if has_choice else None,
        other_event_count=other_event_count,
        is_read_only=is_read_only,
    )


def make_venue_form(request: "HttpRequest", event: Event) -> VenueForm:
    """Return the form of a new venue, a copy of the current one, or the current one. Raise Forbidden."""
    data, venue = request.POST or None, event.venue
    if venue is None or "new" in request.GET:
        return VenueForm(data)
    if "copy" in request.GET:
        return VenueForm(data, initial=model_to_dict(venue))
    # Otherwise the address of other people's events could be changed from here.
    if can_change_venue(request.user, venue, event=event):
        return VenueForm(data, instance=venue)
    if request.method == "POST":
        raise Forbidden(
            _("Other organizers’ events take place here too. Make a copy of the venue for this event.")
        )
    return ReadOnlyVenueForm(instance=venue)


@require_safe_or_post
def event_rooms(request: "HttpRequest", event: str) -> "HttpResponse":
    """Edit all rooms on one page."""
    event_row = get_event_to_organize(event, request.user)
    formset = RoomFormSet(request.POST or None, instance=event_row)
    removed_rooms: list[Room] = []
    room_uses: list[str] = []
    if request.method == "POST" and formset.is_valid():
        removed_rooms = find_removed_rooms(formset)
        room_uses = find_room_uses(removed_rooms)
        seen_code = request.POST.get("removal_confirmed", "")
        if not room_uses or seen_code == compute_removal_code(removed_rooms, room_uses):
            with transaction.atomic():
                prepare_room_removal(event_row, removed_rooms, require_signed_in(request.user))
                formset.save()
                record_action("rooms.change", event_row, event=event_row, fields=["rooms"])
            messages.success(request, _("The rooms have been saved."))
            return redirect("organize-rooms", event_row.slug)
    return render_event_page(
        request,
        "organize/event_rooms.html",
        event_row,
        forms=formset,
        room_uses=room_uses,
        removal_code=compute_removal_code(removed_rooms, room_uses),
    )


def find_removed_rooms(formset: "BaseModelFormSet[Any, Any]") -> "list[Room]":
    """Return the saved rooms that the form deletes; empty rows have none."""
    rooms = [form.instance for form in formset.deleted_forms]
    return [room for room in rooms if room.pk]


def compute_removal_code(rooms: "Sequence[Room]", room_uses: "Sequence[str]") -> str:
    """Return a hash of the rooms and sentences shown, so that a confirmation is valid for these only."""
    text = repr((sorted(room.pk for room in rooms), list(room_uses)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@require_safe_or_post
@reauthentication_required(allow_get=True)
def event_people(request: "HttpRequest", event: str) -> "HttpResponse":
    """Show who has which role of the event, and give roles."""
    event_row = get_event_to_administer(event, request.user)
    form = AppointmentForm(request.POST or None, actor=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            role = _appoint_in_scope(request, event_row, form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            values = {"name": form.cleaned_data["email"], "role": role.get_role_display()}
            messages.success(request, _("%(name)s now has the role: %(role)s.") % values)
            return redirect("organize-people", event_row.slug)
    roles = event_row.roles.select_related("person", "delegation__company")
    today = timezone.localdate()
    rows = list(roles.order_by("role", "person__sort_name", "pk"))
    current = [role for role in rows if role.last_day is None or role.last_day >= today]
    past = [role for role in rows if role.last_day and role.last_day < today]
    context = {"form": form, "current": current, "past": past, "today": today}
    # An outside firm could look up names in the club's directory by appointing addresses.
    shows_names = can_create_events(request.user)
    return render_event_page(
        request, "organize/event_people.html", event_row, shows_names=shows_names, **context
    )


def _appoint_in_scope(request: "HttpRequest", event: Event, values: dict[str, Any]) -> EventRole:
    """Give the role, under the contract if the user runs the event only under one. Raise InvalidFields."""
    contract = get_delegation(request.user, event)
    return (
        appoint_delegate(delegation=contract, **values) if contract else appoint_person(event=event, **values)
    )


@require_safe_or_post
def event_role_end(request: "HttpRequest", event: str, role_id: int) -> "HttpResponse":
    """Ask before a role ends; a POST ends it."""
    event_row = get_event_to_administer(event, request.user)
    role = get_object_or_404(EventRole.objects.select_related("person", "event"), pk=role_id, event=event_row)
    # An outside firm gave an address and must not learn whose it is.
    name = role.person if can_create_events(request.user) else role.person.email
    if request.method != "POST":
        check_role_in_scope(role=role, actor=require_signed_in(request.user))
        return render_event_page(
            request, "organize/event_role_end.html", event_row, role=role, name=name or role.person
        )
    end_event_role(role=role, actor=require_signed_in(request.user))
    messages.success(request, _("%(name)s’s role has ended.") % {"name": name})
    return redirect("organize-people", event_row.slug)


def render_event_page(request: "HttpRequest", template: str, event: Event, **context: Any) -> "HttpResponse":
    return render(request, template, {"event": event, "section": "organize", **context})
