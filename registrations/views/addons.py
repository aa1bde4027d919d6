"""Organizers' pages: the add-ons of an event."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from convention.errors import InvalidFields
from convention.events.doors import event_to_organize
from convention.events.models import Event

from ..addons import remove_addon, save_addon
from ..forms.addons import AddonForm
from ..models import Addon


@require_GET
def addons(request: HttpRequest, event: str) -> HttpResponse:
    """All add-ons, with how many are taken."""
    found = event_to_organize(event, request.user)
    rows = list(found.addons.prefetch_related("tickets"))
    context = {"event": found, "section": "organize", "addons": rows}
    return render(request, "registrations/organize_addons.html", context)


@require_http_methods(["GET", "POST"])
def new_addon(request: HttpRequest, event: str) -> HttpResponse:
    """Add one."""
    found = event_to_organize(event, request.user)
    return _edit(request, found, Addon(event=found, position=found.addons.count() * 10))


@require_http_methods(["GET", "POST"])
def addon(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    """Change one."""
    found = event_to_organize(event, request.user)
    return _edit(request, found, get_object_or_404(Addon, event=found, slug=slug))


def _edit(request: HttpRequest, event: Event, one: Addon) -> HttpResponse:
    title = one.title if one.pk else ""
    form = AddonForm(request.POST or None, instance=one, event=event)
    if request.method == "POST" and form.is_valid():
        tickets, changed = form.cleaned_data["tickets"], form.changed_fields
        try:
            save_addon(addon=form.row(), tickets=tickets, changed=changed)
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The add-on is saved."))
            return redirect("organize-addons", event.slug)
    context = {"event": event, "section": "organize", "form": form, "addon": one, "title": title}
    return render(request, "registrations/organize_addon.html", context)


@require_POST
def remove(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    """Remove one that nobody takes."""
    found = event_to_organize(event, request.user)
    remove_addon(addon=get_object_or_404(Addon, event=found, slug=slug))
    messages.success(request, _("The add-on is removed."))
    return redirect("organize-addons", event)
