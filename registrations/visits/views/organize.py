"""Pages of who runs a visit: its facts and its life."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from convention.errors import ConventionError, InvalidFields
from convention.events.models import Event

from ..applicants import applicants_of, counts_of
from ..call_off import call_off
from ..change_visit import change_visit
from ..deadline import closes_at, locks_at
from ..doors import event_to_make_visit, may_read_identities, visit_to_run
from ..eligibility import ticket_of
from ..forms.facts import ReasonForm, VisitForm
from ..life import agree, close, missing_for_members, publish, reopen
from ..lock import lock, unlock
from ..make_visit import make_visit, new_ticket
from ..models import Visit

STEPS: dict[str, tuple[Callable[..., Visit], object]] = {
    "agree": (agree, gettext_lazy("The host’s agreement is noted.")),
    "publish": (publish, gettext_lazy("The visit is open to members.")),
    "close": (close, gettext_lazy("No more applications are taken.")),
    "reopen": (reopen, gettext_lazy("Members may apply again.")),
    "lock": (lock, gettext_lazy("The list is locked. Who has no place is told so by e-mail.")),
    "unlock": (unlock, gettext_lazy("The list is open again.")),
}


@require_http_methods(["GET", "POST"])
def facts(request: HttpRequest, event: str) -> HttpResponse:
    """What is agreed with the host, and the next step; a POST keeps the facts."""
    found = event_to_make_visit(event, request.user)
    visit = Visit.objects.filter(event=found).first()
    if visit is None:
        return page(request, "visits/organize_begin.html", found)
    visit.event = found
    ticket = ticket_of(visit) or new_ticket(found)
    form = VisitForm(request.POST or None, instance=visit, ticket=ticket)
    if not may_read_identities(request.user, visit):
        form.keep_list()
    if request.method == "POST" and form.is_valid() and _kept(form):
        messages.success(request, _("The facts are saved."))
        return redirect("organize-visit", event)
    shown = Visit.objects.get(pk=visit.pk)
    shown.event = found
    return page(request, "visits/organize_facts.html", found, form=form, **_life_of(shown, ReasonForm()))


def _kept(form: VisitForm) -> bool:
    """Keep what was filled in; else the form says what is wrong with it."""
    try:
        change_visit(visit=form.instance, ticket=form.places(), changed=form.changed_data)
    except InvalidFields as error:
        form.add_errors(error.fields)
        return False
    return True


def _life_of(visit: Visit, reason: ReasonForm) -> dict[str, Any]:
    """How far the visit is, what can be done, and how many asked."""
    now, applicants = timezone.now(), applicants_of(visit)
    return {
        "visit": visit,
        "states": Visit.State,
        "closes_at": closes_at(visit),
        "locks_at": locks_at(visit),
        "missing": missing_for_members(visit) if visit.state == Visit.State.AGREED else [],
        "can_unlock": visit.locked_at and not visit.sent_at and _deadline(visit) > now,
        "can_call_off": not visit.cancelled_at and visit.event.ends_at > now,
        "counts": counts_of(applicants),
        "with_place": sum(one.state.has_place for one in applicants),
        "to_decide": sum(one.is_to_decide for one in applicants),
        "ticket": ticket_of(visit),
        "reason_form": reason,
    }


def _deadline(visit: Visit) -> Any:
    """The day of the lock, whether or not it was locked by hand before."""
    unlocked = Visit(event=visit.event, list_days=visit.list_days)
    return locks_at(unlocked)


@require_POST
def begin(request: HttpRequest, event: str) -> HttpResponse:
    """Make a visit of the event."""
    found = event_to_make_visit(event, request.user)
    try:
        make_visit(event=found)
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request, _("The visit has begun, a draft. Next: its facts and the host’s agreement.")
        )
    return redirect("organize-visit", event)


@require_POST
def step(request: HttpRequest, event: str) -> HttpResponse:
    """One step of the visit's life."""
    visit = visit_to_run(event, request.user)
    do, said = STEPS.get(request.POST.get("step", ""), (None, ""))
    if do is None:
        messages.error(request, _("Choose what is to be done."))
        return redirect("organize-visit", event)
    try:
        do(visit=visit)
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, str(said))
    return redirect("organize-visit", event)


@require_http_methods(["GET", "POST"])
def end(request: HttpRequest, event: str) -> HttpResponse:
    """Call the visit off: what follows, then the reason."""
    visit = visit_to_run(event, request.user)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            call_off(visit=visit, reason=form.cleaned_data["reason"])
        except ConventionError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The visit is called off, and everybody is told so by e-mail."))
            return redirect("organize-visit", event)
    return page(request, "visits/organize_call_off.html", visit.event, form=form, **_life_of(visit, form))


def page(request: HttpRequest, template: str, event: Event, **context: Any) -> HttpResponse:
    """A page in the frame of the event."""
    return render(request, template, {"event": event, "section": "organize", **context})
