"""Pages of organizers: figures of all sessions, one session with its comments, settings, mail to speakers."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from convention.club.permissions import require_signed_in
from convention.errors import ConventionError, InvalidFields, NotFound
from convention.events.permissions import get_event_to_organize
from convention.web.routing import require_safe_or_post

from .actions import (
    change_feedback_settings,
    find_summary_recipients,
    hide_comment,
    send_speaker_summaries,
    show_comment,
)
from .answers import load_feedback_settings
from .forms import FeedbackSettingsForm, HideCommentForm
from .models import SessionFeedback
from .summaries import (
    SessionSummary,
    count_event_stars,
    list_event_summaries,
    make_star_bars,
    summarize_sessions,
)


@require_safe
def feedback_overview(request: HttpRequest, event: str) -> HttpResponse:
    """Show the figures of each session with a checkpoint."""
    event_obj = get_event_to_organize(event, request.user)
    settings = load_feedback_settings(event_obj)
    summaries = list_event_summaries(settings)
    is_finished = event_obj.is_over()
    can_send = is_finished and settings.summaries_sent_at is None
    context = {
        "event": event_obj,
        "section": "organize",
        "settings": settings,
        "is_over": settings.is_over(),
        "is_finished": is_finished,
        "summaries": summaries,
        "attendee_count": sum(summary.attendee_count for summary in summaries),
        "answer_count": sum(summary.answer_count for summary in summaries),
        "bars": make_star_bars(count_event_stars(summaries)),
        "can_send": can_send,
        "recipient_count": len(find_summary_recipients(event_obj)) if can_send else 0,
    }
    return render(request, "feedback/organize.html", context)


@require_safe_or_post
def feedback_session(request: HttpRequest, event: str, number: int) -> HttpResponse:
    """Show the feedback on one session; a POST hides a comment or shows it again."""
    event_obj = get_event_to_organize(event, request.user)
    rows = event_obj.sessions.select_related("event", "room").prefetch_related("speakers")
    session = get_object_or_404(rows, number=number)
    settings = load_feedback_settings(event_obj)
    [summary] = summarize_sessions([session], {event_obj.pk: settings.min_answers})
    form = HideCommentForm()
    if request.method == "POST":
        answer = get_shown_answer(summary, request.POST.get("answer", ""))
        form = HideCommentForm(request.POST, instance=answer)
        if "show" in request.POST:
            show_comment(answer=answer)
            messages.success(request, _("The speakers see the comment again."))
            return redirect("organize-feedback-session", event_obj.slug, number)
        if form.is_valid():
            hide_comment(answer=answer, reason=form.cleaned_data["hidden_reason"])
            messages.success(request, _("The comment has been hidden from the speakers."))
            return redirect("organize-feedback-session", event_obj.slug, number)
        messages.error(request, _("Enter a reason; the other organizers will see it."))
    context = {"event": event_obj, "section": "organize", "summary": summary, "form": form}
    return render(request, "feedback/organize_session.html", context)


def get_shown_answer(summary: SessionSummary, key: str) -> SessionFeedback:
    """Return an answer with a comment that the page shows. Raise NotFound."""
    for answer in summary.comments:
        if str(answer.pk) == key:
            answer.session = summary.session
            return answer
    raise NotFound(_("This comment was not found; it may have been deleted."))


@require_safe_or_post
def feedback_settings(request: HttpRequest, event: str) -> HttpResponse:
    event_obj = get_event_to_organize(event, request.user)
    settings = load_feedback_settings(event_obj)
    form = FeedbackSettingsForm(request.POST or None, instance=settings)
    if request.method == "POST" and form.is_valid() and save_settings(form):
        messages.success(request, _("The feedback settings have been saved."))
        return redirect("organize-feedback", event_obj.slug)
    context = {"event": event_obj, "section": "organize", "form": form}
    return render(request, "feedback/organize_settings.html", context)


def save_settings(form: FeedbackSettingsForm) -> bool:
    """Save valid settings; return False if the action refused them, with the reason at the field."""
    try:
        change_feedback_settings(settings=form.instance, changed_fields=sorted(form.changed_data))
    except InvalidFields as error:
        for name, sentences in error.field_errors.items():
            form.add_error(name, sentences)
        return False
    return True


@require_POST
def summaries_send(request: HttpRequest, event: str) -> HttpResponse:
    """Mail the summaries to the speakers."""
    event_obj = get_event_to_organize(event, request.user)
    try:
        mailing = send_speaker_summaries(event=event_obj, sent_by=require_signed_in(request.user))
    except ConventionError as error:
        messages.error(request, str(error))
        return redirect("organize-feedback", event_obj.slug)
    messages.success(request, _("The e-mails are on their way."))
    return redirect("organize-speaker-mailing", event_obj.slug, mailing.pk)
