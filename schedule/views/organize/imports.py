"""Organizers bring in a schedule file: choose, read what it would do, import."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from convention.errors import ConventionError
from convention.events.doors import event_to_organize
from schedule.forms import UploadForm
from schedule.uploads import find_upload, import_upload, keep_upload

from .frame import page, posted, read_or_write

if TYPE_CHECKING:
    from django.http import HttpRequest


@read_or_write
def choose_file(request: "HttpRequest", event: str) -> HttpResponse:
    """Choose a file; it is only tried."""
    found = event_to_organize(event, request.user)
    form = UploadForm(posted(request), request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = keep_upload(event=found, name=file.name, data=file.read())
        except ConventionError as error:
            form.add_error("file", str(error))
        else:
            return redirect("organize-import-preview", found.slug, upload.token)
    return page(request, "import", found, form=form)


@read_or_write
def preview(request: "HttpRequest", event: str, token: str) -> HttpResponse:
    """What the file would do; the button does it."""
    found = event_to_organize(event, request.user)
    if request.method == "POST":
        report = import_upload(event=found, token=token)
        messages.success(request, report.summary)
        return redirect("organize-schedule", found.slug)
    return page(request, "preview", found, upload=find_upload(found, token))
