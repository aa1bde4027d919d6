"""Organizers’ pages: the mailings of an event, one of them, and what is done with it."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from convention.club.models import Person
from convention.errors import InvalidFields
from convention.events.doors import event_to_organize
from convention.events.models import Event
from convention.worker import worker_is_late

from ..audience import audience_of
from ..bounce import bounced_registrations
from ..doors import mailing_to_organize
from ..forms import MailingForm, SampleForm, ScheduleForm
from ..launch import NotReady, NotUnderWay, cancel, launch, resume, schedule
from ..log import counts_of
from ..models import Mailing
from ..placeholders import PLACEHOLDERS
from ..remind import plan_of
from ..sample import names_of
from ..segments import Segment, in_words
from ..write import ChangedMeanwhile, NotADraft, begin, copy, discard, rewrite

ON_A_PAGE = 50


@require_GET
def mailings(request: HttpRequest, event: str) -> HttpResponse:
    """All of an event, the latest first."""
    found = event_to_organize(event, request.user)
    shown = Paginator(Mailing.objects.filter(event=found), ON_A_PAGE).get_page(request.GET.get("page"))
    for mailing in shown:
        mailing.event = found
    counts = counts_of(list(shown))
    context = {
        "event": found,
        "section": "organize",
        "shown": shown,
        "rows": [(mailing, counts[mailing.pk]) for mailing in shown],
        "plan": plan_of(found),
        "bounced": bounced_registrations(found).count(),
    }
    return render(request, "mailings/mailings.html", context)


@require_http_methods(["GET", "POST"])
def new_mailing(request: HttpRequest, event: str) -> HttpResponse:
    """Write one."""
    found = event_to_organize(event, request.user)
    form = MailingForm(request.POST or None, event=found)
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, Person)
        try:
            mailing = begin(event=found, draft=form.draft(), by=request.user)
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The draft is saved."))
            return redirect("organize-mailing", event, mailing.pk)
    return _form(request, found, form)


@require_http_methods(["GET", "POST"])
def edit_mailing(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Change a draft; what another organizer changed meanwhile is told, and nothing is lost."""
    mailing = mailing_to_organize(event, pk, request.user)
    if request.method == "GET" and not mailing.is_draft:
        return redirect("organize-mailing", event, pk)
    form = MailingForm(request.POST or None, event=mailing.event, mailing=mailing)
    seen, theirs = request.POST.get("seen", mailing.edition), list[tuple[str, str]]()
    if request.method == "POST" and form.is_valid():
        try:
            rewrite(mailing=mailing, draft=form.draft(), seen=seen)
        except InvalidFields as error:
            form.add_errors(error.fields)
        except NotADraft as error:
            form.add_error(None, str(error))
        except ChangedMeanwhile as error:
            form.add_error(None, str(error))
            seen, theirs = error.current.edition, _beside(form, error.current)
        else:
            messages.success(request, _("The draft is saved."))
            return redirect("organize-mailing", event, pk)
    return _form(request, mailing.event, form, mailing=mailing, seen=seen, theirs=theirs)


def _beside(form: MailingForm, current: Mailing) -> list[tuple[str, str]]:
    """What the draft says by now otherwise than what was typed: a label and the words."""
    typed = form.draft()
    rows = [
        (str(form[name].label), getattr(current, name))
        for name, text in typed.texts.items()
        if getattr(current, name) != text
    ]
    if current.purpose != typed.purpose:
        rows.insert(0, (str(form["purpose"].label), current.get_purpose_display()))
    if Segment.of(current.segment) != typed.segment:
        words = in_words(Segment.of(current.segment), current.event)
        rows.append((_("Who gets it"), " · ".join(words) or _("everybody")))
    return rows


def _form(request: HttpRequest, event: Event, form: MailingForm, **context: Any) -> HttpResponse:
    known = PLACEHOLDERS.items()
    context |= {"event": event, "section": "organize", "form": form, "placeholders": known}
    return render(request, "mailings/form.html", context)


@never_cache
@require_safe
def mailing(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """One: what it says and to whom, how far it is, what can be done."""
    one = mailing_to_organize(event, pk, request.user)
    return _show(request, one, ScheduleForm(event=one.event))


def _show(request: HttpRequest, one: Mailing, form: ScheduleForm) -> HttpResponse:
    context: dict[str, Any] = {
        "event": one.event,
        "section": "organize",
        "mailing": one,
        "segment": in_words(Segment.of(one.segment), one.event),
        "counts": counts_of([one])[one.pk],
        "form": form,
        "is_late": one.state == Mailing.State.SENDING and worker_is_late(at=timezone.now()),
    }
    if one.state in {Mailing.State.DRAFT, Mailing.State.SCHEDULED}:
        audience = audience_of(one)
        context["audience"] = audience
        context["sample"] = SampleForm(names=names_of(audience), languages=one.languages)
    return render(request, "mailings/mailing.html", context)


@require_POST
def send_now(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Send a draft."""
    one = mailing_to_organize(event, pk, request.user)
    try:
        launch(mailing=one, seen=request.POST.get("seen", ""))
    except NotReady as error:
        messages.error(request, str(error))
    except NotADraft:
        _say_once(request)
    return redirect("organize-mailing", event, pk)


def _say_once(request: HttpRequest) -> None:
    """Two clicks, or two organizers: the second learns that nobody gets it twice."""
    messages.info(request, _("It was sent or planned already: nobody gets it twice."))


@require_POST
def send_later(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Send a draft at a time."""
    one = mailing_to_organize(event, pk, request.user)
    form = ScheduleForm(request.POST, event=one.event)
    if not form.is_valid():
        return _show(request, one, form)
    try:
        schedule(mailing=one, at=form.cleaned_data["at"], seen=request.POST.get("seen", ""))
    except NotReady as error:
        form.add_error("at", str(error))
        return _show(request, one, form)
    except NotADraft:
        _say_once(request)
    return redirect("organize-mailing", event, pk)


@require_POST
def cancel_mailing(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Send no more of it."""
    try:
        one = cancel(mailing=mailing_to_organize(event, pk, request.user))
    except NotUnderWay as error:
        messages.info(request, str(error))
    else:
        said = _("It is a draft again.") if one.is_draft else _("No more of it is sent.")
        messages.success(request, said)
    return redirect("organize-mailing", event, pk)


@require_POST
def resume_mailing(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Go on after a fault."""
    try:
        resume(mailing=mailing_to_organize(event, pk, request.user))
    except NotUnderWay as error:
        messages.info(request, str(error))
    return redirect("organize-mailing", event, pk)


@require_POST
def copy_mailing(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Write the same once more."""
    one = mailing_to_organize(event, pk, request.user)
    assert isinstance(request.user, Person)
    draft = copy(mailing=one, by=request.user)
    messages.success(request, _("This is a new draft that says the same; nobody got it yet."))
    return redirect("organize-mailing-edit", event, draft.pk)


@require_POST
def remove_mailing(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Remove a draft."""
    discard(mailing=mailing_to_organize(event, pk, request.user))
    messages.success(request, _("The draft is removed."))
    return redirect("organize-mail", event)
