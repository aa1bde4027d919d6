"""Organizers' pages: list, write, send, schedule, cancel and copy mailings."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from badges.mailings.bounces.bounced_addresses import (
    list_bounced_people,
    list_bounced_registrations,
    list_bounced_waiting_entries,
)
from badges.mailings.composing.audience import build_audience
from badges.mailings.composing.date_change import (
    assign_mailing,
    build_date_change_draft,
    dismiss_date_change,
    list_date_changes,
)
from badges.mailings.composing.drafts import (
    DraftChangedMeanwhile,
    MailingDraft,
    NotADraft,
    build_waiting_list_draft,
    copy_mailing,
    create_mailing,
    delete_draft,
    update_mailing,
)
from badges.mailings.composing.invitations import build_invitation_draft
from badges.mailings.composing.placeholders import PLACEHOLDERS
from badges.mailings.composing.preview import list_preview_names
from badges.mailings.composing.segments import Segment, describe_segment, select_only
from badges.mailings.forms import MailingForm, MailingScheduleForm, PreviewForm
from badges.mailings.models import Mailing
from badges.mailings.permissions import (
    get_event_to_mail,
    get_mailing_to_organize,
    list_permitted_audiences,
    list_readable_invitations,
)
from badges.mailings.sending.launch import (
    MailingNotActive,
    MailingNotReady,
    cancel_mailing,
    launch_mailing,
    resume_mailing,
    schedule_mailing,
)
from badges.mailings.sending.log import count_recipients, find_earlier_invitation
from badges.mailings.sending.reminders import get_reminder_plan
from convention.club.models import Person
from convention.errors import InvalidFields
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize
from convention.tasks.worker import is_worker_late
from convention.web.routing import require_safe_or_post
from registrations.changes.selections import RegistrationSelection
from registrations.organizer.selection_forms import with_selection

ROWS_PER_PAGE = 50


@require_GET
def mailing_list(request: HttpRequest, event: str) -> HttpResponse:
    event_obj = get_event_to_mail(event, request.user)
    page = Paginator(Mailing.objects.filter(event=event_obj), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    for mailing in page:
        # Titles contain the event's name: without this each row would load it.
        mailing.event = event_obj
    counts = count_recipients(list(page))
    invitations = list_readable_invitations(request.user, event_obj)
    context = {
        "event": event_obj,
        "section": "organize",
        "page_obj": page,
        "rows": [
            (mailing, counts[mailing.pk], not mailing.is_invitation or mailing in invitations)
            for mailing in page
        ],
        "plan": get_reminder_plan(event_obj),
        "bounced": list_bounced_registrations(event_obj).count()
        + len(list_bounced_waiting_entries(event_obj))
        + len(list_bounced_people(invitations)),
    }
    return render(request, "mailings/mailings.html", context)


@require_safe_or_post
def mailing_create(request: HttpRequest, event: str) -> HttpResponse:
    """Write a new mailing; a link prepares one about new dates, an invitation, or one to the waiting list."""
    event_obj = get_event_to_mail(event, request.user)
    date_change = build_date_change_draft(request.GET)
    prepared = date_change or build_waiting_list_draft(request.GET) or _build_announcement(request, event_obj)
    form = MailingForm(request.POST or None, event=event_obj, prepared=prepared, reader=request.user)
    if request.method == "POST" and form.is_valid():
        assert isinstance(request.user, Person)
        try:
            mailing = create_mailing(event=event_obj, draft=form.get_draft(), author=request.user)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            if date_change:
                assign_mailing(mailing=mailing)
            messages.success(request, _("The draft has been saved."))
            return redirect("organize-mailing", event, mailing.pk)
    date_changes = list_date_changes([event_obj]) if date_change else []
    return _render_form(request, event_obj, form, date_changes=date_changes)


def _build_announcement(request: HttpRequest, event: Event) -> MailingDraft | None:
    """Return an invitation to the first audience that the reader may invite, if the link asks for one."""
    audiences = list_permitted_audiences(request.user, event) if "announce" in request.GET else []
    return build_invitation_draft(audiences[0], event) if audiences else None


@require_POST
def date_change_dismiss(request: HttpRequest, event: str) -> HttpResponse:
    """Stop reminding of new dates, which the attendees know by other means."""
    dismiss_date_change(event=get_event_to_organize(event, request.user))
    messages.success(request, _("We will no longer remind you about the new dates."))
    return redirect("organize-event", event)


@with_selection
def mailing_to_selection(request: HttpRequest, selection: RegistrationSelection) -> HttpResponse:
    """Write a mailing to the registrations selected in the list."""
    back_path = reverse("organize-registrations", args=[selection.event.slug])
    back_query = f"?{selection.list_query}" if selection.list_query else ""
    return write_to_selection(
        request, selection, back_path=f"{back_path}{back_query}", back_label=_("Registrations")
    )


def write_to_selection(
    request: HttpRequest, selection: RegistrationSelection, *, back_path: str, back_label: str
) -> HttpResponse:
    """Show the form of a mailing to these registrations; its draft exists once it has a text."""
    event, prepared = selection.event, MailingDraft(segment=select_only(selection.ids))
    # The list sends the selection alone.
    form = MailingForm(request.POST if "purpose" in request.POST else None, event=event, prepared=prepared)
    if form.is_valid() and not any(form.get_texts().values()):
        form.add_error("subject_fr", _("Enter a subject and a text, in at least one language."))
    if form.is_valid():
        assert isinstance(request.user, Person)
        try:
            mailing = create_mailing(event=event, draft=form.get_draft(), author=request.user)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(request, _("The draft has been saved. Nothing is sent until you confirm."))
            return redirect("organize-mailing", event.slug, mailing.pk)
    return _render_form(request, event, form, selection=selection, back_path=back_path, back_label=back_label)


@require_safe_or_post
def mailing_edit(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Change a draft; if another organizer changed it meanwhile, show their values beside the form."""
    mailing = get_mailing_to_organize(event, pk, request.user)
    # A POST must show what was typed together with the reason why it is not saved.
    if request.method != "POST" and not mailing.is_draft:
        return redirect("organize-mailing", event, pk)
    form = MailingForm(request.POST or None, event=mailing.event, mailing=mailing, reader=request.user)
    # The hash of what this page showed, sent back by the form, detects changes by others meanwhile.
    seen, other_values = request.POST.get("seen", mailing.content_hash), list[tuple[str, str]]()
    if request.method == "POST" and form.is_valid():
        try:
            update_mailing(mailing=mailing, draft=form.get_draft(), seen_hash=seen)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        except NotADraft as error:
            form.add_error(None, str(error))
        except DraftChangedMeanwhile as error:
            form.add_error(None, str(error))
            # Both versions are shown now, so saving again is a decision and overwrites the other one.
            seen, other_values = error.current.content_hash, _list_differences(form, error.current)
        else:
            messages.success(request, _("The draft has been saved."))
            return redirect("organize-mailing", event, pk)
    return _render_form(request, mailing.event, form, mailing=mailing, seen=seen, other_values=other_values)


def _list_differences(form: MailingForm, current: Mailing) -> list[tuple[str, str]]:
    """Return label and current value of each field that differs from what was typed."""
    typed = form.get_draft()
    rows = [
        (str(form[name].label), getattr(current, name))
        for name, text in typed.texts.items()
        if getattr(current, name) != text
    ]
    if current.purpose != typed.purpose:
        rows.insert(0, (str(form["purpose"].label), current.get_purpose_display()))
    if Segment.from_json(current.segment) != typed.segment:
        words = describe_segment(Segment.from_json(current.segment), current.event)
        rows.append((_("Recipients"), " · ".join(words) or _("everyone")))
    return rows


def _render_form(request: HttpRequest, event: Event, form: MailingForm, **context: Any) -> HttpResponse:
    context |= {"event": event, "section": "organize", "form": form, "placeholders": PLACEHOLDERS.items()}
    # What the form begins with: whom else it could reach depends on a choice that is still to be made.
    segment = Segment.from_json(form.initial)
    if segment.audience:
        context["earlier_invitation"] = find_earlier_invitation(event, segment)
    return render(request, "mailings/form.html", context)


# The back button must not show the send button of a mailing that was sent since.
@never_cache
@require_safe
def mailing_detail(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    mailing = get_mailing_to_organize(event, pk, request.user)
    return _render_mailing(request, mailing, MailingScheduleForm(event=mailing.event))


def _render_mailing(request: HttpRequest, mailing: Mailing, form: MailingScheduleForm) -> HttpResponse:
    context: dict[str, Any] = {
        "event": mailing.event,
        "section": "organize",
        "mailing": mailing,
        "segment": describe_segment(Segment.from_json(mailing.segment), mailing.event),
        "counts": count_recipients([mailing])[mailing.pk],
        "form": form,
        "is_late": mailing.state == Mailing.State.SENDING and is_worker_late(at=timezone.now()),
    }
    if mailing.state in {Mailing.State.DRAFT, Mailing.State.SCHEDULED}:
        audience = build_audience(mailing)
        context["audience"] = audience
        if mailing.is_draft and mailing.is_invitation:
            segment = Segment.from_json(mailing.segment)
            context["earlier_invitation"] = find_earlier_invitation(mailing.event, segment)
        context["preview_form"] = PreviewForm(names=list_preview_names(audience), languages=mailing.languages)
    return render(request, "mailings/mailing.html", context)


@require_POST
def mailing_send(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    mailing = get_mailing_to_organize(event, pk, request.user)
    try:
        launch_mailing(mailing=mailing, seen_hash=request.POST.get("seen", ""))
    except MailingNotReady as error:
        messages.error(request, str(error))
    except NotADraft:
        _add_already_sent_message(request)
    return redirect("organize-mailing", event, pk)


def _add_already_sent_message(request: HttpRequest) -> None:
    """Add a message for a second click or a second organizer: nobody gets the mailing twice."""
    messages.info(
        request, _("This mailing has already been sent or scheduled; nobody will receive it twice.")
    )


@require_POST
def mailing_schedule(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    mailing = get_mailing_to_organize(event, pk, request.user)
    form = MailingScheduleForm(request.POST, event=mailing.event)
    if not form.is_valid():
        return _render_mailing(request, mailing, form)
    try:
        schedule_mailing(mailing=mailing, at=form.cleaned_data["at"], seen_hash=request.POST.get("seen", ""))
    except MailingNotReady as error:
        form.add_error("at", str(error))
        return _render_mailing(request, mailing, form)
    except NotADraft:
        _add_already_sent_message(request)
    return redirect("organize-mailing", event, pk)


@require_POST
def mailing_cancel(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    try:
        mailing = cancel_mailing(mailing=get_mailing_to_organize(event, pk, request.user))
    except MailingNotActive as error:
        messages.info(request, str(error))
    else:
        sentence = (
            _("The mailing is a draft again.")
            if mailing.is_draft
            else _("Mailing cancelled: no more e-mails will be sent.")
        )
        messages.success(request, sentence)
    return redirect("organize-mailing", event, pk)


@require_POST
def mailing_resume(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    try:
        resume_mailing(mailing=get_mailing_to_organize(event, pk, request.user))
    except MailingNotActive as error:
        messages.info(request, str(error))
    return redirect("organize-mailing", event, pk)


@require_POST
def mailing_copy(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    mailing = get_mailing_to_organize(event, pk, request.user)
    assert isinstance(request.user, Person)
    draft = copy_mailing(mailing=mailing, author=request.user)
    messages.success(request, _("New draft with the same content; it has not been sent to anyone."))
    return redirect("organize-mailing-edit", event, draft.pk)


@require_POST
def mailing_remove(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    delete_draft(mailing=get_mailing_to_organize(event, pk, request.user))
    messages.success(request, _("The draft has been removed."))
    return redirect("organize-mail", event)
