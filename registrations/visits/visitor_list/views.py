"""The secretary's pages of visitor lists: readiness, versions, and the host's contacts."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from convention.codes.encryption import DecryptionFailed
from convention.errors import ConventionError, InvalidFields
from convention.web.routing import require_safe_or_post
from registrations.visits.applications.applicants import find_undecided_ids
from registrations.visits.hosts.contacts import add_host_contact, end_host_contact
from registrations.visits.hosts.forms import HostContactForm
from registrations.visits.hosts.permissions import list_proposed_visitors
from registrations.visits.hosts.replacements import has_free_place
from registrations.visits.identity.fields import (
    describe_missing_items,
    get_field_label,
    get_identity_window,
    list_requested_fields,
)
from registrations.visits.identity.permissions import (
    get_secretary_contact,
    get_secretary_list,
    get_secretary_visit,
)
from registrations.visits.models import Application, Visit, VisitorList
from registrations.visits.preconditions import has_begun
from registrations.visits.responses import build_list_context, make_file_response, read_file_format

from .contents import read_list
from .create import EmptyVersion, create_list
from .differences import describe_differences
from .forms import ListLinkForm
from .open_steps import ListAction, describe_list_action, find_list_action
from .remind import remind_incomplete
from .send import describe_outdated_rows, has_outdated_rows, revoke_link, select_other_contacts, send_list
from .visitors import (
    count_waiting_for_identity,
    find_list_readiness,
    is_version_current,
    list_given_up_places,
    needs_new_dates_at_host,
)


@never_cache
@require_GET
def visitor_list_overview(request: HttpRequest, event: str) -> HttpResponse:
    """Show who is ready, what is missing, the versions and pending replacements; nothing is decrypted."""
    visit, _person = get_secretary_visit(event, request.user)
    readiness, now = find_list_readiness(visit), timezone.now()
    versions = list(visit.lists.select_related("created_by"))
    is_upcoming = not visit.event.is_over(at=now)
    can_create_version = visit.locked_at and is_upcoming and not visit.purged_at and not visit.cancelled_at
    waiting_count = count_waiting_for_identity(visit, readiness, at=now)
    undecided_ids = find_undecided_ids(visit) if readiness.all_applications else set()
    context = {
        "event": visit.event,
        "visit": visit,
        "section": "organize",
        "tab": "lists",
        "ready": readiness.ready,
        "missing": [
            (application, describe_missing_items(visit, codes, at=now))
            for application, codes in readiness.missing
        ],
        "undecided_ids": undecided_ids,
        "undecided_ready_count": sum(application.pk in undecided_ids for application in readiness.ready)
        if can_create_version
        else 0,
        "waiting_count": waiting_count,
        "identity_opens_at": get_identity_window(visit).opens_at,
        "incomplete_count": len(readiness.missing) - waiting_count,
        "applications": readiness.all_applications,
        "given_up_places": list_given_up_places(visit) if has_free_place(visit) else [],
        "requested_labels": [get_field_label(name) for name in list_requested_fields(visit)],
        "versions": [(row, describe_version_changes(row, versions)) for row in versions],
        "proposed_visitors": list(
            list_proposed_visitors(visit).select_related("person", "company", "replaces__registration")
        ),
        "can_create_version": can_create_version,
        "can_propose_additional": can_create_version
        and not has_begun(visit, at=now)
        and has_free_place(visit),
        "has_begun": has_begun(visit, at=now),
        "is_over": not is_upcoming,
        "can_remind": is_upcoming and not visit.cancelled_at and not visit.purged_at,
        "needs_new_dates_at_host": needs_new_dates_at_host(visit),
        **(_build_action_context(visit, versions, readiness.ready) if can_create_version else {}),
    }
    return render(request, "visits/lists.html", context)


def _build_action_context(
    visit: Visit, versions: list[VisitorList], ready: list[Application]
) -> dict[str, object]:
    """Return the next action on the list; `versions` begin with the latest."""
    latest = versions[0] if versions else None
    action = find_list_action(visit, latest, ready)
    can_send = latest is not None and (
        action is ListAction.SEND or (action is ListAction.SEND_AGAIN and is_version_current(latest, ready))
    )
    return {
        "action_sentence": describe_list_action(visit, latest, action) if versions else "",
        "version_to_send": latest if can_send else None,
        "must_create": action in (ListAction.CREATE_FIRST, ListAction.CREATE_NEXT),
    }


def describe_version_changes(visitor_list: VisitorList, versions: list[VisitorList]) -> str:
    """Return the changes since the version sent before as a phrase, "" for the first."""
    if not any(version.number < visitor_list.number and version.sent_at for version in versions):
        return ""
    return describe_differences(
        added=visitor_list.added, removed=visitor_list.removed, changed=visitor_list.changed
    )


@require_POST
def visitor_reminder(request: HttpRequest, event: str) -> HttpResponse:
    """E-mail a reminder to visitors who are not ready for the list."""
    visit, _person = get_secretary_visit(event, request.user)
    try:
        reminded_count = remind_incomplete(visit=visit)
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        sentence = ngettext(
            "%(count)d person is being reminded by e-mail.",
            "%(count)d people are being reminded by e-mail.",
            reminded_count,
        )
        none_reminded = _("Everyone concerned has already been reminded today.")
        messages.success(request, sentence % {"count": reminded_count} if reminded_count else none_reminded)
    return redirect("organize-visit-lists", event)


@require_POST
def visitor_list_create(request: HttpRequest, event: str) -> HttpResponse:
    visit, person = get_secretary_visit(event, request.user)
    # An empty version has its own button.
    if_empty = EmptyVersion.CREATE if "empty" in request.POST else EmptyVersion.REFUSE
    try:
        visitor_list = create_list(visit=visit, created_by=person, if_empty=if_empty)
    except ConventionError as error:
        messages.error(request, str(error))
        return redirect("organize-visit-lists", event)
    messages.success(
        request, _("Version %(number)d is ready. Check it, then send it.") % {"number": visitor_list.number}
    )
    return redirect("organize-visit-list", event, visitor_list.number)


@never_cache
@require_safe_or_post
def visitor_list_detail(request: HttpRequest, event: str, number: int) -> HttpResponse:
    """Show one version; a POST decrypts it, which is recorded."""
    visitor_list = get_secretary_list(event, number, request.user)
    context = {
        "event": visitor_list.visit.event,
        "visit": visitor_list.visit,
        "section": "organize",
        "tab": "lists",
        "list": visitor_list,
    }
    context["changed"] = describe_version_changes(visitor_list, list(visitor_list.visit.lists.all()))
    context["is_latest"] = not visitor_list.visit.lists.filter(number__gt=number).exists()
    if context["is_latest"] and visitor_list.has_rows:
        visit = visitor_list.visit
        context["link_form"] = ListLinkForm(visitor_list=visitor_list)
        context["outdated_sentence"] = _describe_send_problem(visitor_list)
        # They are mailed about each version once, not again with a new link.
        if not visitor_list.sent_at:
            context["other_contacts"] = list(
                select_other_contacts(visit, link_recipient=visit.security_email)
            )
        readiness = find_list_readiness(visit)
        context["place_count"] = len(readiness.all_applications)
        context["incomplete_count"] = len(readiness.missing)
    # Decrypted by POST only, so that prefetching or reloading a page leaves no reading in the trail.
    if request.method == "POST":
        content = read_list(visitor_list=visitor_list, through="secretary")
        if kind := read_file_format(request):
            return make_file_response(content, visitor_list, kind)
        context |= build_list_context(content, visitor_list)
    return render(request, "visits/list.html", context)


def _describe_send_problem(visitor_list: VisitorList) -> str:
    """Return why `send_list` would refuse this version, "" if nobody on it has to be removed."""
    try:
        # Only ids are compared: nobody reads the names, and no reading is recorded.
        return describe_outdated_rows() if has_outdated_rows(visitor_list.visit, visitor_list) else ""
    # A lost key makes the list unreadable, not its page.
    except DecryptionFailed:
        return ""


@require_POST
def visitor_list_send(request: HttpRequest, event: str, number: int) -> HttpResponse:
    """Mail the link to the host's security."""
    visitor_list = get_secretary_list(event, number, request.user)
    form = ListLinkForm(request.POST, visitor_list=visitor_list)
    if not form.is_valid():
        messages.error(request, form.get_first_error())
        return redirect("organize-visit-list", event, number)
    try:
        sent = send_list(visitor_list=visitor_list, **form.cleaned_data)
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("We are sending the link to %(address)s.") % {"address": sent.sent_to})
    return redirect("organize-visit-list", event, number)


@require_POST
def visitor_list_revoke(request: HttpRequest, event: str, number: int) -> HttpResponse:
    revoke_link(visitor_list=get_secretary_list(event, number, request.user))
    messages.success(request, _("The link no longer works."))
    return redirect("organize-visit-list", event, number)


@require_safe_or_post
def host_contact_list(request: HttpRequest, event: str) -> HttpResponse:
    """List the host's contacts; a POST adds one."""
    visit, _person = get_secretary_visit(event, request.user)
    form = HostContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _add_contact(form, visit):
        messages.success(request, _("They can sign in now, and receive an e-mail explaining how."))
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


def _add_contact(form: HostContactForm, visit: Visit) -> bool:
    try:
        add_host_contact(visit=visit, **form.cleaned_data)
    except InvalidFields as error:
        form.add_errors(error.field_errors)
        return False
    return True


@require_POST
def host_contact_end(request: HttpRequest, event: str, contact: int) -> HttpResponse:
    host_contact = get_secretary_contact(event, contact, request.user)
    end_host_contact(contact=host_contact)
    messages.success(request, _("%(name)s no longer has access to this visit.") % {"name": host_contact.name})
    return redirect("organize-visit-host", event)
