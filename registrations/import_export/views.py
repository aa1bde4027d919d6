"""Organizers' pages for imports: map the columns, check, import, list past imports, undo."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from convention.club.models import Person
from convention.errors import ConventionError, UnreadableFile
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize
from convention.jobs.job_queue import request_job
from convention.jobs.models import Job
from convention.tables.columns import index_columns
from convention.tables.downloads import TABLE_TYPES, table_response
from convention.tables.import_payload import MAX_IMMEDIATE_ROWS, pack_import
from convention.tables.row_errors import InvalidRows, describe_row_errors, shorten_lines
from convention.tables.upload_form import TableUploadForm, build_error_sheet, list_column_choices
from convention.web.routing import require_safe_or_post
from registrations.models import ImportRun
from registrations.questions.queries import load_questions

from .columns import FIELD_LABELS, REQUIRED_FIELDS, is_heading, list_field_choices
from .import_registrations import (
    guess_column_fields,
    import_registrations,
    load_known_mapping,
    preview_import,
)
from .rows import find_row_warnings
from .save_import import NewcomerMails, RegistrationImportResult
from .undo_import import preview_undo, undo_import

PAGE_SIZE = 50


@require_safe_or_post
def registration_import(request: HttpRequest, event: str) -> HttpResponse:
    """Upload a list, check it, then import it; the checked list is a hidden field of the form."""
    event_obj = get_event_to_organize(event, request.user)
    form = TableUploadForm(request.POST or None, request.FILES or None, is_heading=is_heading)
    context: dict[str, Any] = {
        "form": form,
        "tickets": list(event_obj.tickets.all()),
        "at_once": MAX_IMMEDIATE_ROWS,
    }
    if request.method == "POST" and form.is_valid():
        try:
            questions = load_questions(event_obj)
            fields = context["fields"] = list_field_choices(questions, event_obj.addons.all())
            picks = form.chosen_fields(fields) or guess_column_fields(event_obj, form.table, questions)
            context["columns"] = list_column_choices(form.table, picks, load_known_mapping(event_obj))
            context |= {"checked_text": form.checked_text, "file_name": form.file_name, "table": form.table}
            # Any other button imports; the list was checked before, and is checked again by the import.
            if not form.needs_check:
                return _run_import(request, event_obj, form, picks)
            columns, _ignored = index_columns(form.table.header, picks, REQUIRED_FIELDS, FIELD_LABELS)
            context["preview"] = preview_import(event=event_obj, table=form.table, chosen_fields=picks)
            context["refused_tickets"] = shorten_lines(
                describe_row_errors(context["preview"].refused_tickets)
            )
            context["warnings"] = shorten_lines(describe_row_errors(find_row_warnings(form.table, columns)))
        except InvalidRows as error:
            if (kind := request.POST.get("errors")) in TABLE_TYPES:
                sheet = build_error_sheet(form.table, error)
                return table_response(sheet, name=sheet.title, kind=kind)
            context |= {"bad_rows": error, "bad_lines": shorten_lines(error.lines())}
        except (UnreadableFile, ConventionError) as error:
            form.add_error("file", str(error))
    return _render_page(request, "registrations/organize_import.html", event_obj, **context)


def _render_page(request: HttpRequest, template: str, event: Event, **context: Any) -> HttpResponse:
    return render(request, template, {"event": event, "section": "organize", **context})


def _run_import(
    request: HttpRequest, event: Event, form: TableUploadForm, chosen_fields: list[str]
) -> HttpResponse:
    # A long import would exceed the time limit of a request: the worker runs it.
    if len(form.table.rows) > MAX_IMMEDIATE_ROWS:
        return redirect("organize-job", event.slug, _queue_import(request, event, form, chosen_fields).pk)
    result = import_registrations(
        event=event,
        table=form.table,
        chosen_fields=chosen_fields,
        file_name=form.file_name,
        newcomer_mails=_get_newcomer_mails(request),
    )
    messages.success(request, _describe_import(event, result))
    return redirect("organize-registrations", event.slug)


def _get_newcomer_mails(request: HttpRequest) -> NewcomerMails:
    is_ticked = request.POST.get("newcomer_mails") == NewcomerMails.CONFIRMATION
    return NewcomerMails.CONFIRMATION if is_ticked else NewcomerMails.NONE


def _describe_import(event: Event, result: RegistrationImportResult) -> str:
    """Return what the import did, with a link to the people it registered."""
    if not result.new_orders or result.import_run is None:
        return str(result)
    address = f"{reverse('organize-registrations', args=[event.slug])}?run={result.import_run.pk}"
    return format_html('{} <a href="{}">{}</a>', str(result), address, _("See the new registrations"))


def _queue_import(request: HttpRequest, event: Event, form: TableUploadForm, chosen_fields: list[str]) -> Job:
    people = len(form.table.rows)

    def write_title() -> str:
        sentence = ngettext("Import of %(count)d person", "Import of %(count)d people", people)
        return sentence % {"count": people}

    assert isinstance(request.user, Person)
    payload = pack_import(
        text=form.checked_text,
        picks=chosen_fields,
        name=form.file_name,
        options=[_get_newcomer_mails(request)],
    )
    return request_job(
        event=event, kind="registrations", title=write_title, requested_by=request.user, payload=payload
    )


@require_GET
def import_history(request: HttpRequest, event: str) -> HttpResponse:
    """List past imports, newest first."""
    event_obj = get_event_to_organize(event, request.user)
    rows = ImportRun.objects.filter(event=event_obj).select_related("imported_by", "undone_by")
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    return _render_page(request, "registrations/organize_imports.html", event_obj, page_obj=page)


@require_safe_or_post
def import_undo(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Preview undoing an import; a POST undoes it."""
    event_obj = get_event_to_organize(event, request.user)
    run = get_object_or_404(ImportRun.objects.select_related("event", "imported_by"), event=event_obj, pk=pk)
    if request.method == "POST":
        messages.success(request, str(undo_import(import_run=run)))
        return redirect("organize-registrations-imports", event)
    preview = preview_undo(run) if run.can_be_undone else None
    return _render_page(
        request, "registrations/organize_import_undo.html", event_obj, run=run, preview=preview
    )
