"""Organizers' page: two registrations of one person, side by side, and the one that stays."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from convention.errors import ConventionError
from convention.events.doors import event_to_organize
from convention.events.models import Event
from convention.text import tidy
from registrations.absorb import FIELDS, CannotMerge, refuse_other_than_two
from registrations.answers import told
from registrations.merged import paid_for
from registrations.models import Question, Registration, WaitingEntry
from registrations.questions import questions_of
from registrations.seats import seats_of

from ..merge import merge
from ..models import Presence

LABELS = {
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "email": gettext_lazy("E-mail"),
    "company": gettext_lazy("Company"),
    "no_photo": gettext_lazy("No photographs"),
    "answers": gettext_lazy("Answers"),
}


@dataclass(frozen=True)
class Choice:
    """A field that both say, differently: the words of each, and whether the other's is proposed."""

    name: str
    kept: str
    other: str
    is_others: bool

    @property
    def label(self) -> str:
        """The field in words."""
        return str(LABELS[self.name])


@require_http_methods(["GET", "POST"])
def merge_two(request: HttpRequest, event: str, reference: str, other: str) -> HttpResponse:
    """What stays and what goes, field by field; a POST merges the second into the first."""
    found = event_to_organize(event, request.user)
    kept, gone = _one(found, reference), _one(found, other)
    if request.method == "POST":
        taken = [name for name in FIELDS if request.POST.get(name) == "other"]
        try:
            merge(kept=kept, other=gone, taken=taken, reason=tidy(request.POST.get("reason", ""))[:300])
        except CannotMerge as error:
            messages.error(request, str(error))
            return redirect("organize-duplicates", event)
        messages.success(request, _("Both are one registration now; the badge that holds is mailed again."))
        return redirect("organize-registration", event, reference)
    context = {
        "event": found, "section": "organize", "kept": kept, "other": gone,
        "choices": list(_choices(kept, gone)), "sides": [_facts(kept), _facts(gone)],
        "objection": _objection(kept, gone), "lost": lost_addons(kept, gone),
    }  # fmt: skip
    return render(request, "attendance/merge.html", context)


def _one(event: Event, reference: str) -> Registration:
    rows = Registration.objects.select_related("ticket", "order", "event").prefetch_related("addons__addon")
    return get_object_or_404(rows, event=event, reference=reference)


def _objection(kept: Registration, other: Registration) -> str:
    try:
        refuse_other_than_two(kept, other)
    except ConventionError as error:
        return str(error)
    return ""


def _choices(kept: Registration, other: Registration) -> Iterator[Choice]:
    questions = questions_of(kept.event)
    for name in FIELDS:
        ours, theirs = (_words(one, name, questions) for one in (kept, other))
        if ours != theirs:
            yield Choice(name, ours, theirs, is_others=not ours)


def lost_addons(kept: Registration, other: Registration) -> list[str]:
    """What the one that goes takes besides, and the one that stays does not."""
    own = {one.addon_id for one in kept.besides}
    return [one.addon.title for one in other.besides if one.addon_id not in own]


def waits_of(one: Registration) -> list[WaitingEntry]:
    """Where it stands in waiting lists of sessions."""
    return list(WaitingEntry.objects.standing().filter(registration=one).select_related("session"))


def _words(one: Registration, name: str, questions: list[Question]) -> str:
    """What one of them says there, for people."""
    if name == "answers":
        return " · ".join(f"{question.title}: {said}" for question, said in told(questions, one.answers))
    value = getattr(one, name)
    return (_("yes") if value else _("no")) if isinstance(value, bool) else str(value)


def _facts(one: Registration) -> dict[str, object]:
    """What stays with each whatever is chosen: ticket, money, seats and arrivals."""
    presences = Presence.objects.filter(registration=one, entries__gt=0).order_by("first_in")
    return {
        "registration": one,
        "paid": paid_for(one),
        "seats": [seat.session.title for seat in seats_of(one)],
        "waits": [entry.thing.title for entry in waits_of(one)],
        "presences": list(presences.select_related("checkpoint")),
    }
