"""Organizers' pages: a list from a file is mapped, checked and booked; past imports, and undoing one."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from convention.bad_rows import BadRows, said_by_rows, shortened
from convention.club.models import Person
from convention.columns import columns_from
from convention.downloads import KINDS, download
from convention.errors import ConventionError, Unreadable
from convention.events.doors import event_to_organize
from convention.events.models import Event
from convention.forms_list import ListForm, columns_of, sheet_of_errors
from convention.jobs.ask import ask
from convention.jobs.models import Job
from convention.packed_list import AT_ONCE, packed

from ..import_columns import NEEDED, fields_for, is_heading
from ..import_list import import_list, picks_for, rehearse_import
from ..import_rows import doubts
from ..models import ImportRun
from ..questions import questions_of
from ..undo_import import foresee, undo_import

PAGE = 50


@require_http_methods(["GET", "POST"])
def import_page(request: HttpRequest, event: str) -> HttpResponse:
    """A list from a file: checked first, then booked; the list that was read travels with the form."""
    found = event_to_organize(event, request.user)
    form = ListForm(request.POST or None, request.FILES or None, is_heading=is_heading)
    context: dict[str, Any] = {"form": form, "tickets": list(found.tickets.all()), "at_once": AT_ONCE}
    if request.method == "POST" and form.is_valid():
        try:
            fields = context["fields"] = fields_for(questions := questions_of(found))
            picks = form.picks(fields) or picks_for(found, form.table, questions)
            context["columns"] = columns_of(form.table, picks)
            context |= {"kept": form.checked_text, "file_name": form.file_name, "table": form.table}
            if not {"check", "errors"} & request.POST.keys():
                return _imported(request, found, form, picks)
            columns, _ignored = columns_from(form.table.header, picks, NEEDED)
            context["rehearsal"] = rehearse_import(event=found, table=form.table, picks=picks)
            context["doubts"] = shortened(said_by_rows(doubts(form.table, columns)))
        except BadRows as error:
            if (kind := request.POST.get("errors")) in KINDS:
                sheet = sheet_of_errors(form.table, error)
                return download(sheet, name=sheet.title, kind=kind)
            context |= {"bad_rows": error, "bad_lines": shortened(error.lines())}
        except (Unreadable, ConventionError) as error:
            form.add_error("file", str(error))
    return _page(request, "registrations/organize_import.html", found, **context)


def _page(request: HttpRequest, template: str, event: Event, **context: Any) -> HttpResponse:
    return render(request, template, {"event": event, "section": "organize", **context})


def _imported(request: HttpRequest, event: Event, form: ListForm, picks: list[str]) -> HttpResponse:
    if len(form.table.rows) > AT_ONCE:
        return redirect("organize-job", event.slug, _import_later(request, event, form, picks).pk)
    done = import_list(event=event, table=form.table, picks=picks, file_name=form.file_name)
    messages.success(request, str(done))
    return redirect("organize-registrations", event.slug)


def _import_later(request: HttpRequest, event: Event, form: ListForm, picks: list[str]) -> Job:
    people = len(form.table.rows)
    title = ngettext("Import of %(count)d person", "Import of %(count)d people", people) % {"count": people}
    assert isinstance(request.user, Person)
    given = packed(text=form.checked_text, picks=picks, name=form.file_name)
    return ask(event=event, kind="registrations", title=title, asked_by=request.user, given=given)


@require_GET
def imports(request: HttpRequest, event: str) -> HttpResponse:
    """Past imports, newest first: who brought what, and what became of it."""
    found = event_to_organize(event, request.user)
    rows = ImportRun.objects.filter(event=found).select_related("person", "undone_by")
    shown = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    return _page(request, "registrations/organize_imports.html", found, shown=shown)


@require_http_methods(["GET", "POST"])
def undo(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """What undoing an import would do; a POST does it."""
    found = event_to_organize(event, request.user)
    run = get_object_or_404(ImportRun.objects.select_related("event", "person"), event=found, pk=pk)
    if request.method == "POST":
        messages.success(request, str(undo_import(run=run)))
        return redirect("organize-registrations-imports", event)
    foreseen = foresee(run) if run.may_be_undone else None
    return _page(request, "registrations/organize_import_undo.html", found, run=run, foreseen=foreseen)
