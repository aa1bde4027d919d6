"""Organizers' pages: the quotas that tickets of an event share."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from convention.errors import InvalidFields
from convention.events.doors import event_to_organize
from convention.events.models import Event

from ..forms.quotas import QuotaForm
from ..models import Quota
from ..quotas import remove_quota, save_quota


@require_GET
def quotas(request: HttpRequest, event: str) -> HttpResponse:
    """All quotas, with the tickets that share them."""
    found = event_to_organize(event, request.user)
    rows = list(found.quotas.prefetch_related("tickets"))
    context = {"event": found, "section": "organize", "quotas": rows}
    return render(request, "registrations/organize_quotas.html", context)


@require_http_methods(["GET", "POST"])
def new_quota(request: HttpRequest, event: str) -> HttpResponse:
    """Add one."""
    found = event_to_organize(event, request.user)
    return _edit(request, found, Quota(event=found))


@require_http_methods(["GET", "POST"])
def quota(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Change one."""
    found = event_to_organize(event, request.user)
    return _edit(request, found, get_object_or_404(Quota, event=found, pk=pk))


def _edit(request: HttpRequest, event: Event, one: Quota) -> HttpResponse:
    title = one.name if one.pk else ""
    form = QuotaForm(request.POST or None, instance=one, event=event)
    if request.method == "POST" and form.is_valid():
        tickets = list(form.cleaned_data["tickets"].select_related("quota"))
        try:
            save_quota(quota=form.row(), tickets=tickets, changed=form.changed_data)
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The shared quota is saved."))
            return redirect("organize-quotas", event.slug)
    context = {"event": event, "section": "organize", "form": form, "quota": one, "title": title}
    return render(request, "registrations/organize_quota.html", context)


@require_POST
def remove(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Remove one; its tickets keep places of their own."""
    found = event_to_organize(event, request.user)
    remove_quota(quota=get_object_or_404(Quota, event=found, pk=pk))
    messages.success(request, _("The shared quota is removed."))
    return redirect("organize-quotas", event)
