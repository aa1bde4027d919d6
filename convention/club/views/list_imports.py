"""Administrators' pages of the club: a list of companies and people is mapped, checked and imported."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from convention import hooks
from convention.bad_rows import BadRows, shortened
from convention.downloads import KINDS, download
from convention.errors import Unreadable
from convention.forms_list import ListForm, columns_of, sheet_of_errors
from convention.packed_list import AT_ONCE, packed

from ..directory_columns import fields, is_heading
from ..doors import administrator, signed_in
from ..import_directory import import_directory, picks_for, rehearse_directory
from ..import_later import IMPORT, UNDO
from ..models import DirectoryImport, Market
from ..undo_directory import foresee, undo_directory
from .frame import ROWS, page, read_or_write

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@read_or_write
def import_page(request: "HttpRequest") -> "HttpResponse":
    """A list from a file: checked first, then imported; the list that was read travels with the form."""
    administrator(request.user)
    form = ListForm(request.POST or None, request.FILES or None, is_heading=is_heading)
    context: dict[str, Any] = {"form": form, "markets": Market.objects.all(), "at_once": AT_ONCE}
    if request.method == "POST" and form.is_valid():
        try:
            known = context["fields"] = fields()
            picks = form.picks(known) or picks_for(form.table.header)
            context["columns"] = columns_of(form.table, picks)
            context |= {"kept": form.checked_text, "file_name": form.file_name, "table": form.table}
            if not {"check", "errors"} & request.POST.keys():
                return _imported(request, form, picks)
            context["rehearsal"] = rehearse_directory(table=form.table, picks=picks)
        except BadRows as error:
            if (kind := request.POST.get("errors")) in KINDS:
                sheet = sheet_of_errors(form.table, error)
                return download(sheet, name=sheet.title, kind=kind)
            context |= {"bad_rows": error, "bad_lines": shortened(error.lines())}
        except Unreadable as error:
            form.add_error("file", str(error))
    return page(request, "import.html", **context)


def _imported(request: "HttpRequest", form: ListForm, picks: list[str]) -> "HttpResponse":
    rows = len(form.table.rows)
    if rows > AT_ONCE:
        title = ngettext("Import of %(rows)d row", "Import of %(rows)d rows", rows) % {"rows": rows}
        given = packed(text=form.checked_text, picks=picks, name=form.file_name)
        return _later(request, kind=IMPORT, title=title, given=given)
    done = import_directory(table=form.table, picks=picks, file_name=form.file_name)
    messages.success(request, str(done))
    return redirect("club-imports")


def _later(request: "HttpRequest", **work: str) -> "HttpResponse":
    """Ask for a job of the club, and show how far it is."""
    ask = hooks.start_job.provider()
    return redirect("club-long-job", ask(event=None, asked_by=signed_in(request.user), **work).pk)


@require_GET
def past(request: "HttpRequest") -> "HttpResponse":
    """Past imports, newest first: who brought what, and what became of it."""
    administrator(request.user)
    rows = DirectoryImport.objects.select_related("person")
    return page(request, "imports.html", shown=Paginator(rows, ROWS).get_page(request.GET.get("page")))


@read_or_write
def undo(request: "HttpRequest", pk: int) -> "HttpResponse":
    """What undoing an import would do; a POST does it."""
    administrator(request.user)
    run = get_object_or_404(DirectoryImport.objects.select_related("person"), pk=pk)
    if request.method == "POST":
        if run.weight > AT_ONCE:
            title = _("Undoing of the import %(run)s") % {"run": run}
            return _later(request, kind=UNDO, title=title, argument=str(run.pk))
        messages.success(request, str(undo_directory(run=run)))
        return redirect("club-imports")
    return page(request, "import_undo.html", run=run, foreseen=foresee(run) if run.may_be_undone else None)
