"""Organizers' page: merge two registrations of one person, side by side."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from badges.attendance.merge import merge_registrations_and_scans
from badges.attendance.models import Presence
from convention.errors import ConventionError
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize
from convention.templatetags.convention import colon
from convention.text.normalize import normalize_whitespace
from convention.web.routing import require_safe_or_post
from registrations.changes.merge import MERGEABLE_FIELDS, MergeRefused, calculate_paid_amount, check_mergeable
from registrations.changes.selections import InvalidSelection, RegistrationSelection
from registrations.models import Question, Registration, WaitingEntry
from registrations.organizer.selection_forms import with_selection
from registrations.questions.answers import describe_answers
from registrations.questions.queries import load_questions
from registrations.sessions.booking import list_session_bookings

FIELD_LABELS = {
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "email": gettext_lazy("E-mail"),
    "company": gettext_lazy("Company"),
    "no_photo": gettext_lazy("No photographs"),
    "answers": gettext_lazy("Answers"),
}


@dataclass(frozen=True)
class FieldChoice:
    """A field in which both registrations differ, with both texts and the proposed choice."""

    name: str
    own_text: str
    other_text: str
    prefers_other: bool

    @property
    def label(self) -> str:
        return str(FIELD_LABELS[self.name])


@require_safe_or_post
def registration_merge(request: HttpRequest, event: str, reference: str, other: str) -> HttpResponse:
    """Compare two registrations field by field; a POST merges the second into the first."""
    event_obj = get_event_to_organize(event, request.user)
    survivor, other_registration = (
        _get_registration(event_obj, reference),
        _get_registration(event_obj, other),
    )
    if request.method == "POST":
        # Read from the known names, so that a forged form cannot copy other columns.
        fields_from_other = [name for name in MERGEABLE_FIELDS if request.POST.get(name) == "other"]
        try:
            merge_registrations_and_scans(
                survivor=survivor,
                other=other_registration,
                fields_from_other=fields_from_other,
                reason=normalize_whitespace(request.POST.get("reason", ""))[:300],
            )
        except MergeRefused as error:
            messages.error(request, str(error))
            return redirect("organize-duplicates", event)
        messages.success(
            request, _("The registrations have been merged; we are e-mailing the valid badge again.")
        )
        return redirect("organize-registration", event, reference)
    context = {
        "event": event_obj, "section": "organize", "survivor": survivor, "other": other_registration,
        "choices": list(_list_choices(survivor, other_registration)),
        "sides": [_describe_side(survivor), _describe_side(other_registration)],
        "objection": _find_objection(survivor, other_registration),
        "lost_addons": list_lost_addons(survivor, other_registration),
    }  # fmt: skip
    return render(request, "attendance/merge.html", context)


@with_selection
def selection_merge(request: HttpRequest, selection: RegistrationSelection) -> HttpResponse:
    """Compare the two registrations selected in the list; keep the one that was confirmed first."""
    event = selection.event.slug
    if len(selection.ids) != 2:
        raise InvalidSelection(_("Select exactly two registrations to merge them."))
    first, second = sorted(
        selection.find_registrations(),
        key=lambda row: (row.state != Registration.State.CONFIRMED, row.created_at, row.pk),
    )
    return redirect("organize-registration-merge", event, first.reference, second.reference)


def _get_registration(event: Event, reference: str) -> Registration:
    rows = Registration.objects.select_related("ticket", "order", "event").prefetch_related("addons__addon")
    return get_object_or_404(rows, event=event, reference=reference)


def _find_objection(survivor: Registration, other: Registration) -> str:
    try:
        check_mergeable(survivor, other)
    except ConventionError as error:
        return str(error)
    return ""


def _list_choices(survivor: Registration, other: Registration) -> Iterator[FieldChoice]:
    questions = load_questions(survivor.event)
    for name in MERGEABLE_FIELDS:
        own_text, other_text = (
            _describe_field(registration, name, questions) for registration in (survivor, other)
        )
        # Compared as shown: fields that look the same need no decision.
        if own_text != other_text:
            yield FieldChoice(name, own_text, other_text, prefers_other=not own_text)


def list_lost_addons(survivor: Registration, other: Registration) -> list[str]:
    """Return the add-ons that only the merged registration has."""
    survivor_addons = {addon.addon_id for addon in survivor.active_addons}
    return [addon.addon.title for addon in other.active_addons if addon.addon_id not in survivor_addons]


def list_waiting_entries(registration: Registration) -> list[WaitingEntry]:
    return list(WaitingEntry.objects.active().filter(registration=registration).select_related("session"))


def _describe_field(registration: Registration, name: str, questions: list[Question]) -> str:
    """Return a field's value as text."""
    if name == "answers":
        return " · ".join(
            f"{question.title}{colon()} {answer}"
            for question, answer in describe_answers(questions, registration.answers)
        )
    value = getattr(registration, name)
    return (_("yes") if value else _("no")) if isinstance(value, bool) else str(value)


def _describe_side(registration: Registration) -> dict[str, object]:
    """Return the context of one side: the registration, its payments, bookings, waiting entries, arrivals."""
    presences = Presence.objects.entered().filter(registration=registration).order_by("first_entered_at")
    return {
        "registration": registration,
        "paid": calculate_paid_amount(registration),
        "sessions": [booking.session.title for booking in list_session_bookings(registration)],
        "waiting": [entry.wanted_item.title for entry in list_waiting_entries(registration)],
        "presences": list(presences.select_related("checkpoint")),
    }
