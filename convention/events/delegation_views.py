"""Pages of an event that an outside firm runs: contracts, delegates and their areas."""

from typing import TYPE_CHECKING, Final

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from convention.errors import Forbidden, InvalidFields
from convention.web.routing import require_safe_or_post

from .delegations import add_delegate, delegate_event, end_delegation
from .forms import DelegateForm, DelegationForm
from .models import Delegation, Event, EventRole
from .permissions import can_create_events, get_delegation, get_event_to_administer

if TYPE_CHECKING:
    from django.forms import Form
    from django.http import HttpRequest, HttpResponse

# Areas that an outside organizer may use; shown to both sides, and checked by the tests of permissions.
ALLOWED_AREAS: Final = (
    gettext_lazy("registrations of this event: tickets, orders, lists, imports, e-mails to attendees"),
    gettext_lazy("its programme, rooms and printing"),
    gettext_lazy("badges, checkpoints, scanner phones, attendance and the desk"),
)
FORBIDDEN_AREAS: Final = (
    gettext_lazy("other events"),
    gettext_lazy("identity details for hosts, and visitor lists"),
    gettext_lazy("votes, ballots and consultations"),
    gettext_lazy("the club’s directory: companies, memberships, people"),
    gettext_lazy("the club’s money: invoices, bank, books"),
    gettext_lazy("privacy requests"),
    gettext_lazy("the roles of the club’s own people, and the choice of who works for the firm"),
)


@require_safe
def delegation_list(request: "HttpRequest", event: str) -> "HttpResponse":
    """Show the firms that run the event, until when, and the areas that they may use."""
    event_row = get_event_to_administer(event, request.user)
    today = timezone.localdate()
    # Filtered by the roles' own days only: the page also lists roles under contracts that are not open today.
    current_roles = (
        EventRole.objects.within_dates().select_related("person").order_by("role", "person__sort_name", "pk")
    )
    rows = list(
        event_row.delegations.select_related("company").prefetch_related(
            Prefetch("roles", queryset=current_roles)
        )
    )
    context = {
        "event": event_row,
        "section": "organize",
        "current": [row for row in rows if row.ends_on >= today],
        "past": [row for row in rows if row.ends_on < today],
        "today": today,
        "own_contract": get_delegation(request.user, event_row),
        "can_delegate": can_create_events(request.user),
        "last_day": event_row.ends_at.astimezone(event_row.zone).date(),
        "allowed_areas": ALLOWED_AREAS,
        "forbidden_areas": FORBIDDEN_AREAS,
    }
    return render(request, "organize/delegation.html", context)


@require_safe_or_post
@reauthentication_required(allow_get=True)
def delegation_create(request: "HttpRequest", event: str) -> "HttpResponse":
    """Add a contract with a firm, or change the days of a current one."""
    event_row = _get_event_to_delegate(request, event)
    form = DelegationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            contract = delegate_event(event=event_row, **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(
                request,
                _("The contract with %(firm)s has been saved. Now add its people.")
                % {"firm": contract.company},
            )
            return redirect("organize-delegate-add", event_row.slug)
    return _render_form(request, "organize/delegation_new.html", event_row, form)


@require_safe_or_post
@reauthentication_required(allow_get=True)
def delegate_add(request: "HttpRequest", event: str) -> "HttpResponse":
    """Give a person of the firm a role under the contract."""
    event_row = _get_event_to_delegate(request, event)
    form = DelegateForm(request.POST or None, event=event_row, actor=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            role = add_delegate(**form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            values = {"name": role.person, "role": role.get_role_display()}
            messages.success(
                request, _("%(name)s now has the role: %(role)s. They will receive an e-mail.") % values
            )
            return redirect("organize-delegation", event_row.slug)
    return _render_form(request, "organize/delegate_form.html", event_row, form)


@require_POST
def delegation_end(request: "HttpRequest", event: str, pk: int) -> "HttpResponse":
    rows = Delegation.objects.select_related("company", "event")
    contract = get_object_or_404(rows, pk=pk, event__slug=event)
    event_row = _get_event_to_delegate(request, event)
    end_delegation(delegation=contract)
    messages.success(request, _("The contract with %(firm)s has ended.") % {"firm": contract.company})
    return redirect("organize-delegation", event_row.slug)


def _get_event_to_delegate(request: "HttpRequest", slug: str) -> Event:
    """Return the event. Raise Forbidden for organizers of this event alone."""
    event = get_event_to_administer(slug, request.user)
    # An outside organizer may run the event, but not extend the contract or appoint other organizers.
    if not can_create_events(request.user):
        raise Forbidden(_("Only the club’s organizers can delegate an event."))
    return event


def _render_form(request: "HttpRequest", template: str, event: Event, form: "Form") -> "HttpResponse":
    return render(request, template, {"event": event, "section": "organize", "form": form})
