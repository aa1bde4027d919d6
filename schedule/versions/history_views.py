"""Organizers' pages: the history of the draft, undo and redo."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from convention.events.permissions import get_event_to_organize
from convention.text.normalize import parse_digits
from schedule.drafts.current_draft import get_current_draft
from schedule.drafts.moves import NothingToUndo, UndoResult, redo_last_batch, undo_batch, undo_last_batch
from schedule.editing.views import get_author, render_organizer_page

from .history import BATCHES_PER_PAGE, list_history_batches, load_history_steps

if TYPE_CHECKING:
    from django.http import HttpRequest


@require_safe
def history_page(request: "HttpRequest", event: str) -> HttpResponse:
    """List who changed what in the draft."""
    event_obj = get_event_to_organize(event, request.user)
    draft = get_current_draft(event_obj, author=get_author(request))
    page = Paginator(list_history_batches(draft), BATCHES_PER_PAGE).get_page(request.GET.get("page"))
    steps = load_history_steps(draft, page.object_list)
    return render_organizer_page(request, "history", event_obj, page_obj=page, steps=steps)


@require_POST
def history_undo(request: "HttpRequest", event: str) -> HttpResponse:
    """Undo the posted batch, whoever made it, or without one the organizer's own last batch."""
    event_obj = get_event_to_organize(event, request.user)
    author = get_author(request)
    draft = get_current_draft(event_obj, author=author)
    text = request.POST.get("batch", "")
    try:
        if text:
            result = undo_batch(draft=draft, batch=parse_digits(text) or 0, author=author)
        else:
            result = undo_last_batch(draft=draft, author=author)
    except NothingToUndo as error:
        messages.info(request, str(error))
    else:
        report_undo(request, result, _("Undone."))
    return redirect("organize-schedule-history", event_obj.slug)


@require_POST
def history_redo(request: "HttpRequest", event: str) -> HttpResponse:
    """Redo the organizer's own change that was undone last."""
    event_obj = get_event_to_organize(event, request.user)
    author = get_author(request)
    draft = get_current_draft(event_obj, author=author)
    try:
        result = redo_last_batch(draft=draft, author=author)
    except NothingToUndo as error:
        messages.info(request, str(error))
    else:
        report_undo(request, result, _("Redone."))
    return redirect("organize-schedule-history", event_obj.slug)


def report_undo(request: "HttpRequest", result: UndoResult, sentence: str) -> None:
    """Report an undo or redo, and how many sessions it skipped because they were changed again."""
    skipped = len(result.skipped_sessions)
    if not skipped:
        messages.success(request, sentence)
        return
    messages.warning(
        request,
        ngettext(
            "%(count)s session has been changed again since then and stays as it is.",
            "%(count)s sessions have been changed again since then and stay as they are.",
            skipped,
        )
        % {"count": skipped},
    )
