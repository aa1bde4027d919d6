"""Organizers' pages: who waits for what, what is offered, and what is done by hand."""

from collections.abc import Callable

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from convention.audit.record import record
from convention.downloads import download
from convention.errors import ConventionError
from convention.events.doors import event_to_organize
from convention.events.models import Event

from ..by_hand import hold_back, let_on, offer_now, remove, set_offer_hours
from ..forms.waiting import ByHandForm, PolicyForm
from ..models import WaitingEntry, WaitingPolicy
from ..waiting_lists import entries_of, lists_of, sheet_of

PAGE = 100
ACTS: dict[str, tuple[Callable[..., WaitingEntry], object]] = {
    "offer": (offer_now, gettext_lazy("A place is offered to %(name)s; the e-mail is on its way.")),
    "hold": (hold_back, gettext_lazy("%(name)s is held back, and keeps the position.")),
    "let": (let_on, gettext_lazy("%(name)s is in line again.")),
    "remove": (remove, gettext_lazy("%(name)s is off the list.")),
}


@require_http_methods(["GET", "POST"])
def waiting(request: HttpRequest, event: str) -> HttpResponse:
    """All lists, one of them in full; a POST sets how long an offer lasts."""
    found = event_to_organize(event, request.user)
    policy = WaitingPolicy.objects.filter(event=found).first() or WaitingPolicy(event=found)
    form = PolicyForm(request.POST or None, instance=policy)
    if request.method == "POST" and form.is_valid():
        set_offer_hours(event=found, hours=form.cleaned_data["offer_hours"])
        messages.success(request, _("Offers made from now on last that long."))
        return redirect("organize-waiting", event)
    lists = lists_of(found)
    chosen = next((one for one in lists if one.key == request.GET.get("list")), lists[0] if lists else None)
    shown = Paginator(entries_of(chosen) if chosen else [], PAGE).get_page(request.GET.get("page"))
    context = {"lists": lists, "chosen": chosen, "shown": shown, "form": form}
    return _page(request, found, **context)


def _page(request: HttpRequest, event: Event, **context: object) -> HttpResponse:
    return render(
        request, "registrations/organize_waiting.html", {"event": event, "section": "organize", **context}
    )


@require_POST
def act(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Offer, hold back, let on or remove, by hand."""
    found = event_to_organize(event, request.user)
    rows = WaitingEntry.objects.select_related("ticket", "session", "registration")
    entry = get_object_or_404(rows, event=found, pk=pk)
    form = ByHandForm(request.POST)
    if form.is_valid():
        do, said = ACTS[form.cleaned_data["act"]]
        try:
            do(entry=entry, reason=form.cleaned_data["reason"])
        except ConventionError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, str(said) % {"name": entry.name})
    else:
        messages.error(request, _("Choose what is to be done; a reason has at most 300 characters."))
    of = f"ticket-{entry.ticket_id}" if entry.ticket_id else f"session-{entry.session_id}"
    return redirect(f"{reverse('organize-waiting', args=[event])}?list={of}")


@require_GET
def export(request: HttpRequest, event: str, kind: str) -> HttpResponse:
    """All lists as a file, ended waits too."""
    found = event_to_organize(event, request.user)
    record("waiting.export", found, event=found, fields=[kind])
    return download(sheet_of(found), name=f"{found.slug}-{_('waiting-lists')}", kind=kind)
