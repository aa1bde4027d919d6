"""Organizers' pages: upload a schedule file, preview it, import it."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from convention.errors import ConventionError
from convention.events.permissions import get_event_to_organize
from convention.web.forms import get_posted_data, report_refusals
from convention.web.routing import require_safe_or_post
from schedule.editing.forms import ScheduleUploadForm
from schedule.editing.views import get_author, render_organizer_page

from .uploads import get_active_upload, import_upload, save_upload

if TYPE_CHECKING:
    from django.http import HttpRequest


@require_safe_or_post
def import_upload_page(request: "HttpRequest", event: str) -> HttpResponse:
    """Upload a file; nothing is imported yet."""
    event_obj = get_event_to_organize(event, request.user)
    form = ScheduleUploadForm(get_posted_data(request), request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = save_upload(event=event_obj, file_name=file.name, data=file.read())
        except ConventionError as error:
            form.add_error("file", str(error))
        else:
            return redirect("organize-import-preview", event_obj.slug, upload.token)
    return render_organizer_page(
        request, "import", event_obj, form=form, has_sessions=event_obj.sessions.exists()
    )


@require_safe_or_post
def import_preview_page(request: "HttpRequest", event: str, token: str) -> HttpResponse:
    """Show what the file would change; a POST imports it. Redirect to the upload form once it expired."""
    event_obj = get_event_to_organize(event, request.user)
    with report_refusals(request):
        if request.method != "POST":
            upload = get_active_upload(event_obj, token)
            return render_organizer_page(request, "preview", event_obj, upload=upload)
        report = import_upload(event=event_obj, token=token, author=get_author(request))
        messages.success(request, report.summary)
        if report.has_slot_changes:
            messages.info(
                request,
                _(
                    "Times and rooms are in the draft: publish them when you are ready, or undo "
                    "the import in the draft’s history."
                ),
            )
        return redirect("organize-schedule", event_obj.slug)
    return redirect("organize-import", event_obj.slug)
