"""The secretary's pages: who is ready, versions of the list, who at the host's may see it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from convention.errors import ConventionError, InvalidFields

from ..contents import read_list
from ..differences import in_words
from ..forms.hosts import HostContactForm
from ..host_contacts import add_host_contact, end_host_contact
from ..host_doors import awaiting_of
from ..identity_doors import contact_to_keep, list_to_keep, visit_to_keep
from ..identity_fields import REASONS, asked_by
from ..list_words import word_of
from ..make_list import make_list
from ..models import Visit, VisitorList
from ..send_list import revoke_link, send_list
from ..visitors import given_up, is_outdated, visitors_of
from .frame import asks_file, file_answer, shown


@never_cache
@require_GET
def lists(request: HttpRequest, event: str) -> HttpResponse:
    """Who is ready and who is not, the versions, and what waits for the host; no identity is opened."""
    visit, _person = visit_to_keep(event, request.user)
    found = visitors_of(visit)
    versions = list(visit.lists.select_related("made_by"))
    is_ahead = visit.event.ends_at > timezone.now()
    can_make = visit.locked_at and is_ahead and not visit.purged_at and not visit.cancelled_at
    context = {
        "event": visit.event,
        "visit": visit,
        "section": "organize",
        "tab": "lists",
        "ready": found.ready,
        "missing": [(one, [str(REASONS[code]) for code in codes]) for one, codes in found.missing],
        "coming": found.everybody,
        "given_up": given_up(visit),
        "asked": [word_of(name) for name in asked_by(visit)],
        "versions": [(row, changes_in(row, versions)) for row in versions],
        "awaiting": list(awaiting_of(visit).select_related("person", "company", "replaces__registration")),
        "can_make": can_make,
        "is_outdated": can_make and is_outdated(visit, found.ready),
    }
    return render(request, "visits/lists.html", context)


def changes_in(row: VisitorList, versions: list[VisitorList]) -> str:
    """The difference to the version sent before it in words; empty for the first that was sent."""
    before = [one for one in versions if one.number < row.number and one.sent_at]
    return in_words(added=row.added, removed=row.removed, changed=row.changed) if before else ""


@require_POST
def make(request: HttpRequest, event: str) -> HttpResponse:
    """Make the next version."""
    visit, person = visit_to_keep(event, request.user)
    try:
        made = make_list(visit=visit, made_by=person)
    except ConventionError as error:
        messages.error(request, str(error))
        return redirect("organize-visit-lists", event)
    messages.success(
        request, _("Version %(number)d is made: look at it, then send it.") % {"number": made.number}
    )
    return redirect("organize-visit-list", event, made.number)


@never_cache
@require_http_methods(["GET", "POST"])
def version(request: HttpRequest, event: str, number: int) -> HttpResponse:
    """One version: what is known of it without opening; a POST opens it, which is recorded."""
    row = list_to_keep(event, number, request.user)
    context = {
        "event": row.visit.event,
        "visit": row.visit,
        "section": "organize",
        "tab": "lists",
        "list": row,
    }
    context["changed"] = changes_in(row, list(row.visit.lists.all()))
    context["is_latest"] = not row.visit.lists.filter(number__gt=number).exists()
    if request.method == "POST":
        content = read_list(visitor_list=row, through="secretary")
        if kind := asks_file(request):
            return file_answer(content, row, kind)
        context |= shown(content)
    return render(request, "visits/list.html", context)


@require_POST
def send(request: HttpRequest, event: str, number: int) -> HttpResponse:
    """Mail the link to the host's security."""
    row = list_to_keep(event, number, request.user)
    language = "en" if request.POST.get("language") == "en" else "fr"
    try:
        sent = send_list(visitor_list=row, language=language)
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The link goes to %(address)s.") % {"address": sent.sent_to})
    return redirect("organize-visit-list", event, number)


@require_POST
def revoke(request: HttpRequest, event: str, number: int) -> HttpResponse:
    """End the link."""
    revoke_link(visitor_list=list_to_keep(event, number, request.user))
    messages.success(request, _("The link opens nothing any more."))
    return redirect("organize-visit-list", event, number)


@require_http_methods(["GET", "POST"])
def contacts(request: HttpRequest, event: str) -> HttpResponse:
    """Who at the host's may sign in; a POST adds somebody."""
    visit, _person = visit_to_keep(event, request.user)
    form = HostContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _add(form, visit):
        messages.success(request, _("They can sign in now; an e-mail tells them where."))
        return redirect("organize-visit-host", event)
    context = {
        "event": visit.event,
        "visit": visit,
        "section": "organize",
        "tab": "lists",
        "form": form,
        "contacts": list(visit.host_contacts.all()),
    }
    return render(request, "visits/contacts.html", context)


def _add(form: HostContactForm, visit: Visit) -> bool:
    try:
        add_host_contact(visit=visit, **form.cleaned_data)
    except InvalidFields as error:
        form.add_errors(error.fields)
        return False
    return True


@require_POST
def end_contact(request: HttpRequest, event: str, contact: int) -> HttpResponse:
    """End a contact."""
    found = contact_to_keep(event, contact, request.user)
    end_host_contact(contact=found)
    messages.success(request, _("%(name)s sees nothing of this visit any more.") % {"name": found.name})
    return redirect("organize-visit-host", event)
