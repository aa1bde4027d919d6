"""Pages of a host's contact: one's own visits, signed in by a mailed link, apart from the club's accounts."""

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from convention.errors import ConventionError, Expired, Unavailable

from ..acknowledge import acknowledge, open_list
from ..brief import change_briefing
from ..forms.hosts import AcknowledgeForm, BriefingForm, HostEmailForm
from ..host_doors import (
    HostSignInNeeded,
    awaiting_of,
    contact_in,
    expected_of,
    forget,
    list_of_host,
    person_of_host,
    remember,
    visit_of_host,
    visits_of,
)
from ..host_sign_in import ask_for_link, use_link
from ..models import Application, HostContact, Visit
from ..refusals import NotEligible
from ..replace import approve_replacement
from ..standing import presence_of
from ..veto import veto
from .frame import asks_file, file_answer, refused, shown

type View = Callable[..., HttpResponse]

WORDS: dict[str, Callable[..., Application]] = {"approve": approve_replacement, "refuse": veto}


def for_hosts(view: View) -> View:
    """Pages for hosts, kept by no cache: who is not signed in finds the form that asks for a link.

    Nothing on them, errors too, leads into the club's own pages.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except HostSignInNeeded:
            return render(request, "host/sign_in.html", {"form": HostEmailForm()}, status=403)
        except Unavailable:
            raise
        except ConventionError as error:
            return refused(request, error, contact=contact_in(request.session))

    return never_cache(guarded)


@for_hosts
@require_http_methods(["GET", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """One's own visits; for whoever is not signed in, the form that asks for a link."""
    contact = contact_in(request.session)
    if contact and request.method == "GET":
        return render(request, "host/home.html", {"contact": contact, "visits": visits_of(contact)})
    form = HostEmailForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        ask_for_link(email=form.cleaned_data["email"])
        return render(request, "host/sign_in.html", {"sent_to": form.cleaned_data["email"]})
    return render(request, "host/sign_in.html", {"form": form})


@for_hosts
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """A button that signs in: programs that follow links of mails use up none."""
    if request.method == "GET":
        return render(request, "host/enter.html")
    try:
        contact = use_link(token=token)
    except Expired as error:
        context = {"form": HostEmailForm(), "error": str(error)}
        return render(request, "host/sign_in.html", context, status=error.status)
    request.session.cycle_key()
    remember(request.session, contact)
    return redirect("host-visit", contact.visit.event.slug)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Sign out of the host's pages."""
    forget(request.session)
    messages.success(request, _("You are signed out."))
    return redirect("host")


@for_hosts
@require_http_methods(["GET"])
def visit(request: HttpRequest, event: str) -> HttpResponse:
    """One visit: who is expected and who is there, what waits for a word, safety; identities stay sealed."""
    contact, found = visit_of_host(event, request.session)
    return render(request, "host/visit.html", {"contact": contact, **_of(found)})


def _of(found: Visit) -> dict[str, object]:
    presence = presence_of(found.event)
    rows = expected_of(found).select_related("company", "registration").order_by("registration__sort_name")
    expected = [(one, *presence.get(one.registration_id or 0, (None, None))) for one in rows]
    return {
        "event": found.event,
        "visit": found,
        "expected": expected,
        "arrived": sum(first is not None for _one, first, _last in expected),
        "awaiting": list(awaiting_of(found).select_related("person", "company", "replaces__registration")),
        "list": list_of_host(found),
        "has_begun": found.event.starts_at <= timezone.now(),
        "form": AcknowledgeForm(),
    }


@for_hosts
@require_POST
def host_list(request: HttpRequest, event: str) -> HttpResponse:
    """The list that counts, opened (each opening is recorded), as a file, or acknowledged."""
    contact, found = visit_of_host(event, request.session)
    row = list_of_host(found)
    if row is None:
        raise Expired(_("No list was sent yet."))
    row.visit = found
    if request.POST.get("act") == "acknowledge":
        acknowledge(visitor_list=row, name=contact.name, by=contact)
        messages.success(request, _("Thank you: the club sees that you have the list."))
        return redirect("host-visit", event)
    content = open_list(visitor_list=row, by=contact)
    if kind := asks_file(request):
        return file_answer(content, row, kind)
    context = {"contact": contact, "event": found.event, "visit": found, "list": row, **shown(content)}
    return render(request, "host/list.html", context)


@for_hosts
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Somebody expected, or a replacement: approve, or do not receive; a page first says what follows."""
    contact, application = person_of_host(event, pk, request.session)
    if request.method == "POST":
        _say(request, contact, application)
        return redirect("host-visit", event)
    context = {
        "contact": contact,
        "event": application.visit.event,
        "visit": application.visit,
        "application": application,
    }
    return render(request, "host/person.html", context)


def _say(request: HttpRequest, contact: HostContact, application: Application) -> None:
    """Take the host's word. Why somebody may not come any more is between them and the club."""
    act = WORDS.get(request.POST.get("act", ""))
    if act is None:
        messages.error(request, _("Choose what is to be done."))
        return
    try:
        act(application=application, by=contact)
    except NotEligible:
        messages.error(request, _("This person cannot come any more: ask the club to name somebody else."))
    except ConventionError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Thank you: the club and the person concerned are told."))


@for_hosts
@require_http_methods(["GET", "POST"])
def briefing(request: HttpRequest, event: str) -> HttpResponse:
    """What visitors must know of safety, in the host's own words."""
    contact, found = visit_of_host(event, request.session)
    form = BriefingForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        change_briefing(visit=found, by=contact, **form.cleaned_data)
        messages.success(request, _("The briefing is saved: visitors see it on their page."))
        return redirect("host-visit", event)
    context = {"contact": contact, "event": found.event, "visit": found, "form": form}
    return render(request, "host/briefing.html", context)
