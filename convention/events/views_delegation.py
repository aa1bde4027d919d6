"""The pages of an event that an outside firm runs: contracts, people by name, what opens."""

from typing import TYPE_CHECKING

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from convention.errors import Forbidden, InvalidFields

from .delegate import delegate, end_delegation, name_person
from .doors import delegation_of, event_to_organize, may_create_events
from .forms import DelegationForm, NameForm
from .models import Delegation, Event, EventRole
from .reach import CLOSED, OPEN

if TYPE_CHECKING:
    from django.forms import Form
    from django.http import HttpRequest, HttpResponse

read_or_write = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def delegations(request: "HttpRequest", event: str) -> "HttpResponse":
    """Who runs the event for the club, until when, and what that opens."""
    found = event_to_organize(event, request.user)
    today = timezone.localdate()
    dated = EventRole.objects.dated().select_related("person").order_by("role", "person__sort_name", "pk")
    rows = list(
        found.delegations.select_related("company").prefetch_related(Prefetch("roles", queryset=dated))
    )
    context = {
        "event": found,
        "section": "organize",
        "current": [row for row in rows if row.ends_on >= today],
        "past": [row for row in rows if row.ends_on < today],
        "today": today,
        "own": delegation_of(request.user, found),
        "may_delegate": may_create_events(request.user),
        "last_day": found.ends_at.astimezone(found.zone).date(),
        "opens": OPEN,
        "stays_closed": CLOSED,
    }
    return render(request, "organize/delegation.html", context)


@read_or_write
@reauthentication_required(allow_get=True)
def new(request: "HttpRequest", event: str) -> "HttpResponse":
    """A contract with a firm, or other days for one under way."""
    found = _event_of_the_club(request, event)
    form = DelegationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            given = delegate(event=found, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(
                request, _("The contract with %(firm)s is noted. Name its people.") % {"firm": given.company}
            )
            return redirect("organize-delegation-name", found.slug)
    return _form(request, "organize/delegation_new.html", found, form)


@read_or_write
@reauthentication_required(allow_get=True)
def name(request: "HttpRequest", event: str) -> "HttpResponse":
    """Someone of the firm, by name."""
    found = _event_of_the_club(request, event)
    form = NameForm(request.POST or None, event=found)
    if request.method == "POST" and form.is_valid():
        try:
            role = name_person(**form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            said = {"name": role.person, "role": role.get_role_display()}
            messages.success(request, _("%(name)s is now %(role)s, and gets an e-mail.") % said)
            return redirect("organize-delegation", found.slug)
    return _form(request, "organize/delegation_name.html", found, form)


@require_POST
def end(request: "HttpRequest", event: str, pk: int) -> "HttpResponse":
    """End a contract at once."""
    rows = Delegation.objects.select_related("company", "event")
    contract = get_object_or_404(rows, pk=pk, event__slug=event)
    found = _event_of_the_club(request, event)
    end_delegation(delegation=contract)
    messages.success(request, _("The contract with %(firm)s has ended.") % {"firm": contract.company})
    return redirect("organize-delegation", found.slug)


def _event_of_the_club(request: "HttpRequest", slug: str) -> Event:
    """The event, for who may delegate it. Raises Forbidden for those who only run it."""
    found = event_to_organize(slug, request.user)
    if not may_create_events(request.user):
        raise Forbidden(_("Only the club’s organizers delegate an event."))
    return found


def _form(request: "HttpRequest", template: str, event: Event, form: "Form") -> "HttpResponse":
    return render(request, template, {"event": event, "section": "organize", "form": form})
