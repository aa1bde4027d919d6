"""Pages of a host's contact: their visits, the list, decisions about visitors, the briefing."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from convention.errors import ConventionError, LinkExpired, ServiceUnavailable
from convention.web.routing import require_safe_or_post
from registrations.visits.applications.state import load_presence
from registrations.visits.applications.veto import veto_application
from registrations.visits.identity.purge import compute_purge_time
from registrations.visits.lifecycle.change import change_briefing
from registrations.visits.models import Application, HostContact, Visit
from registrations.visits.preconditions import NotEligible, has_begun
from registrations.visits.responses import (
    build_list_context,
    make_file_response,
    read_file_format,
    render_host_error,
)
from registrations.visits.visitor_list.acknowledge import acknowledge_list, open_list
from registrations.visits.visitor_list.visitors import count_unlisted_visitors

from .forms import AcknowledgementForm, BriefingForm, HostEmailForm
from .notifications import describe_unlisted_visitors
from .permissions import (
    HostSignInNeeded,
    HostVisitCalledOff,
    find_current_list,
    find_signed_in_contact,
    get_host_visit,
    get_host_visitor,
    list_approved_visitors,
    list_expected_visitors,
    list_own_contacts,
    list_proposed_visitors,
    sign_in_contact,
    sign_out_contact,
)
from .replacements import approve_visitor
from .sign_in import request_sign_in_link, use_sign_in_link

type HostView = Callable[..., HttpResponse]

DECISION_ACTIONS: dict[str, Callable[..., Application]] = {
    "approve": approve_visitor,
    "refuse": veto_application,
}


def host_page(view: HostView) -> HostView:
    """Decorate a page for hosts: never cached, with the sign-in form unless a contact is signed in.

    Errors are rendered in the host's own frame too, so that nothing links to the club's pages.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except HostSignInNeeded as error:
            context: dict[str, object] = {"form": HostEmailForm()}
            if isinstance(error, HostVisitCalledOff):
                context["error"] = str(error)
            return render(request, "host/sign_in.html", context, status=403)
        # Left to the site's middleware: it is no error of this page.
        except ServiceUnavailable:
            raise
        except ConventionError as error:
            return render_host_error(request, error, contact=find_signed_in_contact(request.session))

    # Outermost, so that the sign-in form and errors are not cached either.
    return never_cache(wrapper)


@host_page
@require_safe_or_post
def host_home(request: HttpRequest) -> HttpResponse:
    """List the contact's visits, or offer a sign-in link."""
    contact = find_signed_in_contact(request.session)
    if contact and request.method != "POST":
        return render(
            request, "host/home.html", {"contact": contact, "own_contacts": list_own_contacts(contact)}
        )
    form = HostEmailForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        request_sign_in_link(email=form.cleaned_data["email"])
        # The same answer for every address: the page does not tell who is a contact.
        return render(request, "host/sign_in.html", {"sent_to": form.cleaned_data["email"]})
    return render(request, "host/sign_in.html", {"form": form})


@host_page
@require_safe_or_post
def host_sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button that signs in. Only a POST does: mail scanners follow links and would use them up."""
    if request.method != "POST":
        return render(request, "host/enter.html")
    try:
        contact = use_sign_in_link(token=token)
    except LinkExpired as error:
        context = {"form": HostEmailForm(), "error": str(error)}
        return render(request, "host/sign_in.html", context, status=error.status)
    # Prevents session fixation: the anonymous session may be known to somebody else.
    request.session.cycle_key()
    sign_in_contact(request.session, contact)
    return redirect("host-visit", contact.visit.event.slug)


# Not `host_page`: signing out must work in a session that has expired.
@require_POST
def host_sign_out(request: HttpRequest) -> HttpResponse:
    sign_out_contact(request.session)
    messages.success(request, _("You are signed out."))
    return redirect("host")


@host_page
@require_safe
def host_visit_detail(request: HttpRequest, event: str) -> HttpResponse:
    """Show expected and present visitors, pending replacements and the briefing; no identity is decrypted."""
    contact, visit = get_host_visit(event, request.session)
    return render(request, "host/visit.html", {"contact": contact, **_build_visit_context(visit)})


def _build_visit_context(visit: Visit) -> dict[str, object]:
    presence = load_presence(visit.event)
    rows = (
        list_expected_visitors(visit)
        .select_related("company", "registration")
        .order_by("registration__sort_name")
    )
    expected = [
        (application, *presence.get(application.registration_id or 0, (None, None))) for application in rows
    ]
    current_list, is_open = find_current_list(visit), not has_begun(visit, at=timezone.now())
    unlisted_count = count_unlisted_visitors(visit) if current_list and is_open else 0
    return {
        "event": visit.event,
        "visit": visit,
        "expected": expected,
        "arrived": sum(arrived_at is not None for _application, arrived_at, _left_at in expected),
        "proposed_visitors": list(
            list_proposed_visitors(visit).select_related("person", "company", "replaces__registration")
        ),
        "approved_visitors": list(
            list_approved_visitors(visit)
            .select_related("company", "registration")
            .order_by("registration__sort_name")
        ),
        "list": current_list,
        "available_until": compute_purge_time(visit),
        "unlisted": describe_unlisted_visitors(unlisted_count),
        "has_begun": not is_open,
        "form": AcknowledgementForm(),
    }


@host_page
@require_safe_or_post
def host_visitor_list(request: HttpRequest, event: str) -> HttpResponse:
    """Show, download or acknowledge the current list; each opening is recorded. A GET leads to the visit."""
    contact, visit = get_host_visit(event, request.session)
    # The language switch of the page that a POST shows leads here by GET.
    if request.method != "POST":
        return redirect("host-visit", event)
    visitor_list = find_current_list(visit)
    if visitor_list is None:
        raise LinkExpired(_("No list has been sent yet."))
    visitor_list.visit = visit
    # Acknowledging needs no decryption, so it is no reading in the audit trail.
    if request.POST.get("action") == "acknowledge":
        acknowledge_list(visitor_list=visitor_list, name=contact.name, contact=contact)
        messages.success(request, _("Thank you. The club can see that you have received the list."))
        return redirect("host-visit", event)
    content = open_list(visitor_list=visitor_list, contact=contact)
    if kind := read_file_format(request):
        return make_file_response(content, visitor_list, kind)
    context = {
        "contact": contact,
        "event": visit.event,
        "visit": visit,
        "list": visitor_list,
        **build_list_context(content, visitor_list),
    }
    return render(request, "host/list.html", context)


@host_page
@require_safe_or_post
def host_visitor_detail(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Show an expected or proposed visitor with the possible decisions; a POST decides."""
    contact, application = get_host_visitor(event, pk, request.session)
    if request.method == "POST":
        _record_decision(request, contact, application)
        return redirect("host-visit", event)
    context = {
        "contact": contact,
        "event": application.visit.event,
        "visit": application.visit,
        "application": application,
    }
    return render(request, "host/person.html", context)


def _record_decision(request: HttpRequest, contact: HostContact, application: Application) -> None:
    """Apply the decision. The reason why somebody is no longer eligible is not shown to the host."""
    action = DECISION_ACTIONS.get(request.POST.get("action", ""))
    if action is None:
        messages.error(request, _("Choose an action."))
        return
    try:
        action(application=application, contact=contact)
    except NotEligible:
        # The reason may be a new employer or a lost seat, which does not concern the host.
        messages.error(request, _("This person can no longer come. Ask the club to name someone else."))
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Thank you. We are informing the club and the person concerned."))


@host_page
@require_safe_or_post
def briefing_edit(request: HttpRequest, event: str) -> HttpResponse:
    contact, visit = get_host_visit(event, request.session)
    form = BriefingForm(request.POST or None, instance=visit)
    if request.method == "POST" and form.is_valid():
        change_briefing(visit=visit, contact=contact, **form.cleaned_data)
        if any(text.strip() for text in form.cleaned_data.values()):
            sentence = _("The briefing has been saved. Visitors can see it on their page.")
        else:
            sentence = _("The briefing has been removed. Visitors can no longer see it.")
        messages.success(request, sentence)
        return redirect("host-visit", event)
    context = {"contact": contact, "event": visit.event, "visit": visit, "form": form}
    return render(request, "host/briefing.html", context)
