"""Administrators' pages of the club: a list of companies and people is mapped, checked and imported."""

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_GET

from convention.bad_rows import BadRows, shortened
from convention.errors import Unreadable
from convention.forms_list import ListForm, columns_of

from ..directory_columns import fields
from ..doors import administrator
from ..import_directory import import_directory, picks_for, rehearse_directory
from ..models import DirectoryImport, Market
from ..undo_directory import foresee, undo_directory
from .frame import ROWS, page, read_or_write

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@read_or_write
def import_page(request: "HttpRequest") -> "HttpResponse":
    """A list from a file: checked first, then imported; the list that was read travels with the form."""
    administrator(request.user)
    form = ListForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form, "markets": Market.objects.all()}
    if request.method == "POST" and form.is_valid():
        try:
            known = context["fields"] = fields()
            picks = form.picks(known) or picks_for(form.table.header)
            context["columns"] = columns_of(form.table, picks)
            context |= {"kept": form.checked_text, "file_name": form.file_name}
            if "check" not in request.POST:
                done = import_directory(table=form.table, picks=picks, file_name=form.file_name)
                messages.success(request, str(done))
                return redirect("club-imports")
            context["rehearsal"] = rehearse_directory(table=form.table, picks=picks)
        except BadRows as error:
            context |= {"bad_rows": error, "bad_lines": shortened(error.lines())}
        except Unreadable as error:
            form.add_error("file", str(error))
    return page(request, "import.html", **context)


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
        messages.success(request, str(undo_directory(run=run)))
        return redirect("club-imports")
    return page(request, "import_undo.html", run=run, foreseen=foresee(run) if run.may_be_undone else None)
